"""Occasions and closed days: what touchpoints are planned from beside visits and doses."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.occasions import OccasionKind, OccasionStatus
from outreach.storage.models.base import Base
from outreach.storage.types import Sealed, clinic_instant, word


class Occasion(Base):
    """Something that is neither a visit nor a dose. ``version`` rises when its time changes."""

    __tablename__ = "occasion"
    __table_args__ = (UniqueConstraint("patient_id", "kind", "reference"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    kind: Mapped[OccasionKind] = mapped_column(word(OccasionKind))
    reference: Mapped[str] = mapped_column(String(32))
    """Tells two of one kind apart: a blind index of the sender's own name for it, or an id."""
    at: Mapped[datetime] = mapped_column(clinic_instant())
    version: Mapped[int] = mapped_column(default=0)
    """0: known, and nothing is planned from it yet."""
    status: Mapped[OccasionStatus] = mapped_column(word(OccasionStatus))
    site_code: Mapped[str | None] = mapped_column(ForeignKey("site.code"))
    last_event_at: Mapped[datetime] = mapped_column(clinic_instant())
    created_at: Mapped[datetime] = mapped_column(clinic_instant())


class Closure(Base):
    """A site is closed on a day, by the calendar there. Recorded once, never taken back."""

    __tablename__ = "closure"
    __table_args__ = (UniqueConstraint("site_code", "day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    site_code: Mapped[str] = mapped_column(ForeignKey("site.code"))
    day: Mapped[date]
    recorded_by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(Sealed("closure.reason"))
    """For staff alone: no text says it."""
    recorded_at: Mapped[datetime] = mapped_column(clinic_instant())
