"""Which patients have to do with which lot: what a recall must find within minutes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.lots import LotSource
from outreach.storage.models.base import Base
from outreach.storage.types import Sealed, clinic_instant, word


class LotUse(Base):
    """One patient, one lot, one occasion: an infusion, a home dose or a delivery. Append-only, but
    for a delivery of which the lot is learnt later."""

    __tablename__ = "lot_use"
    __table_args__ = (
        UniqueConstraint("origin", "lot_index"),
        Index(None, "lot_index"),
        Index(None, "patient_id"),
        Index(None, "appointment_id"),
        Index(None, "dose_id"),
        Index(None, "source", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    source: Mapped[LotSource] = mapped_column(word(LotSource))
    origin: Mapped[str] = mapped_column(String(80))
    """What it was heard of, so that a repeat adds nothing: ``visit:..``, ``dose:..``,
    ``shipment:..``."""
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    dose_id: Mapped[UUID | None] = mapped_column(ForeignKey("dose.id"))
    lot: Mapped[str | None] = mapped_column(Sealed("lot_use.lot"))
    """As written; None for a delivery that named none."""
    lot_index: Mapped[str] = mapped_column(String(32))
    """Blind index of the lot in the form in which lots are compared; empty without one."""
    at: Mapped[datetime] = mapped_column(clinic_instant())
    """When it was given or sent, or was due."""
    created_at: Mapped[datetime] = mapped_column(clinic_instant())
