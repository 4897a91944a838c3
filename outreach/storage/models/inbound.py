"""What comes in beside words: pictures, phone calls; and opt-outs the carrier is yet to hear of."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.consent import ConsentAction
from outreach.storage.models.base import Base
from outreach.storage.types import Sealed, SealedBytes, clinic_instant, machine_instant, word


class MediaStatus(StrEnum):
    """Where a picture is."""

    WAITING = "waiting"
    """Still at the carrier: it is fetched, and tried again."""
    STORED = "stored"
    REFUSED = "refused"
    """Not one that is shown: another kind of file, or too large."""
    FAILED = "failed"
    """It could not be fetched in time; the carrier may still have it."""


class Media(Base):
    """One file that came with a reply."""

    __tablename__ = "media"
    __table_args__ = (
        UniqueConstraint("reply_id", "number"),
        Index(
            "ix_media_waiting",
            "retry_at",
            postgresql_where=text("status = 'waiting'"),
            sqlite_where=text("status = 'waiting'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reply_id: Mapped[UUID] = mapped_column(ForeignKey("reply.id"))
    number: Mapped[int]
    """Its place among the files of the reply, from 0."""
    source: Mapped[str | None] = mapped_column(Sealed("media.source"))
    """Where the carrier keeps it; None for what came with the request itself."""
    status: Mapped[MediaStatus] = mapped_column(word(MediaStatus))
    kind: Mapped[str | None] = mapped_column(String(40))
    """What it is by its first bytes, as a content type; None for what is not shown."""
    size: Mapped[int] = mapped_column(default=0)
    """Bytes."""
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime] = mapped_column(machine_instant())
    stored_at: Mapped[datetime | None] = mapped_column(clinic_instant())


class MediaContent(Base):
    """The bytes of a picture, in a table of their own: no list of replies ever reads them."""

    __tablename__ = "media_content"

    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(SealedBytes("media_content.content"))


class VoiceCall(Base):
    """A phone call to the number that texts come from, and how it went on."""

    __tablename__ = "voice_call"
    __table_args__ = (
        UniqueConstraint("provider_id"),
        Index(None, "address_index", "received_at"),
        Index(None, "patient_id"),
        Index(
            "ix_voice_call_check",
            "check_at",
            postgresql_where=text("check_at IS NOT NULL"),
            sqlite_where=text("check_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(Sealed("voice_call.address"))
    address_index: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    """The one patient at this number; None where it is nobody's or several share it."""
    forwarded_to: Mapped[str] = mapped_column(String(40))
    """The clinic's own phone."""
    outcome: Mapped[str | None] = mapped_column(String(20))
    """The carrier's word for how the forwarded call ended; None while that is not known."""
    received_at: Mapped[datetime] = mapped_column(clinic_instant())
    ended_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    check_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When a call of whose end nobody told counts as not answered."""


class CarrierWord(Base):
    """An opt-out or opt-in that the carrier does not know of yet."""

    __tablename__ = "carrier_word"
    __table_args__ = (
        Index(
            "ix_carrier_word_untold",
            "retry_at",
            postgresql_where=text("retry_at IS NOT NULL"),
            sqlite_where=text("retry_at IS NOT NULL"),
        ),
        Index(None, "address_index", "said_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Sealed("carrier_word.address"))
    address_index: Mapped[str] = mapped_column(String(32))
    action: Mapped[ConsentAction] = mapped_column(word(ConsentAction))
    said_at: Mapped[datetime] = mapped_column(clinic_instant())
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(machine_instant())
    """When it is told (again); None once it is settled, or a newer word took its place."""
    error_code: Mapped[int | None]
    """0 where the carrier took it."""
