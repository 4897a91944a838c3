"""Conversations that a person of the clinic has taken over, and what was written in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.states import ChannelKind
from outreach.storage.models.base import Base
from outreach.storage.types import Sealed, clinic_instant, only_patient_channels, patient_channel

_HOLDS = text("ended_at IS NULL")


class Takeover(Base):
    """One patient's thread at one address is a person's, not the software's, for a while.

    While it holds, every question at that address is suspended. Nothing is copied into the
    questions: they are open again the moment it ends, unless their time is over.
    """

    __tablename__ = "takeover"
    __table_args__ = (
        only_patient_channels(),
        Index(
            "uq_takeover_holds",
            "patient_id",
            "address_index",
            unique=True,
            postgresql_where=_HOLDS,
            sqlite_where=_HOLDS,
        ),
        Index(None, "address_index", "began_at"),
        Index("ix_takeover_ends", "ends_at", postgresql_where=_HOLDS, sqlite_where=_HOLDS),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    address_index: Mapped[str] = mapped_column(String(32))
    channel: Mapped[ChannelKind] = mapped_column(patient_channel())
    followup_id: Mapped[UUID] = mapped_column(ForeignKey("followup.id"))
    """The item that this conversation is, assigned to whoever has it."""
    nurse: Mapped[str] = mapped_column(String(80))
    """Who wrote last, and so has the conversation."""
    answered: Mapped[bool]
    """The last word is ours: nothing that the patient wrote waits for a person."""
    began_at: Mapped[datetime] = mapped_column(clinic_instant())
    ends_at: Mapped[datetime] = mapped_column(clinic_instant())
    """When it times out, unless either side writes again."""
    ended_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    ended_by: Mapped[str | None] = mapped_column(String(80))
    """Who released it; ``outreach`` where it timed out."""


class StaffWord(Base):
    """What a person wrote to a patient, as they wrote it; the message around it is composed."""

    __tablename__ = "staff_word"
    __table_args__ = (Index(None, "takeover_id", "at"),)

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"), primary_key=True)
    takeover_id: Mapped[UUID] = mapped_column(ForeignKey("takeover.id"))
    who: Mapped[str] = mapped_column(String(80))
    words: Mapped[str] = mapped_column(Sealed("staff_word.words"))
    at: Mapped[datetime] = mapped_column(clinic_instant())
