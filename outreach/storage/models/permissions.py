"""Whom a patient permits to hear of their care: one more ledger that only grows."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.states import ChannelKind
from outreach.storage.models.base import Base
from outreach.storage.types import clinic_instant, only_patient_channels, patient_channel, word


class PermissionSource(StrEnum):
    """Who told us. What staff recorded stands until staff record otherwise."""

    STAFF = "staff"
    RECORD = "record"
    """The scheduling system."""


class Permission(Base):
    """One line: somebody else's address may be used with the patient's permission, or must not be.

    The newest line of an address counts, except that no line of the scheduling system follows one
    of staff.
    """

    __tablename__ = "permission"
    __table_args__ = (only_patient_channels(),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    """The order of the ledger. The database counts it: a clock may step back, this does not."""
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    channel: Mapped[ChannelKind] = mapped_column(patient_channel())
    address_index: Mapped[str] = mapped_column(String(32))
    granted: Mapped[bool]
    source: Mapped[PermissionSource] = mapped_column(word(PermissionSource))
    actor: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime] = mapped_column(clinic_instant())
