"""Messages out, tries at the provider, and what the provider reported of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.states import (
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    Purpose,
    SkipReason,
    Urgency,
)
from outreach.storage.models.base import Base
from outreach.storage.types import Sealed, clinic_instant, machine_instant, word


class Message(Base):
    """The content in one direction (out) on one channel [FHIR Communication].

    ``reason_key`` says why it exists; with the channel it is unique, which is what keeps a patient
    from being texted twice for one reason, whatever crashes or repeats.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("reason_key", "channel"),
        Index(
            "ix_message_queue",
            "urgency",
            "channel",
            "retry_at",
            postgresql_where=text("status = 'queued'"),
            sqlite_where=text("status = 'queued'"),
        ),
        Index(
            "ix_message_lease",
            "lease_until",
            postgresql_where=text("status = 'claimed'"),
            sqlite_where=text("status = 'claimed'"),
        ),
        Index(
            "ix_message_held",
            "held_by",
            "retry_at",
            postgresql_where=text("status = 'queued' AND held_by IS NOT NULL"),
            sqlite_where=text("status = 'queued' AND held_by IS NOT NULL"),
        ),
        Index(
            "ix_message_unheard",
            "ask_at",
            postgresql_where=text("status IN ('accepted', 'sent') AND ask_at IS NOT NULL"),
            sqlite_where=text("status IN ('accepted', 'sent') AND ask_at IS NOT NULL"),
        ),
        Index(None, "address_index", "created_at"),
        Index(None, "patient_id", "created_at"),
        Index(None, "touchpoint_id"),
        Index(None, "followup_id"),
        Index(None, "reply_id"),
        Index(None, "provider_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reason_key: Mapped[str] = mapped_column(String(160))
    channel: Mapped[ChannelKind] = mapped_column(word(ChannelKind))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    touchpoint_id: Mapped[UUID | None] = mapped_column(ForeignKey("touchpoint.id"))
    followup_id: Mapped[UUID | None] = mapped_column(ForeignKey("followup.id"))
    reply_id: Mapped[UUID | None] = mapped_column(ForeignKey("reply.id"))
    conversation_id: Mapped[UUID | None]
    """The question of a survey that it asks: open once the provider has this text."""
    address: Mapped[str] = mapped_column(Sealed("message.address"))
    address_index: Mapped[str] = mapped_column(String(32))
    to_whom: Mapped[str | None] = mapped_column(String(160))
    """Whose address it is and why it was used: no name and no address."""
    purpose: Mapped[Purpose] = mapped_column(word(Purpose))
    urgency: Mapped[Urgency] = mapped_column(word(Urgency))
    template: Mapped[str] = mapped_column(String(60))
    template_version: Mapped[str | None] = mapped_column(String(16))
    language: Mapped[str | None] = mapped_column(String(16))
    visits: Mapped[list[str]] = mapped_column(default=list)
    """The visits it names, as ``id@version``; set when it is composed."""
    subject: Mapped[str | None] = mapped_column(Sealed("message.subject"))
    body: Mapped[str | None] = mapped_column(Sealed("message.body"))
    """Composed at the last moment, from facts as they are then; None before."""
    segments: Mapped[int | None]
    status: Mapped[MessageStatus] = mapped_column(word(MessageStatus))
    reason: Mapped[SkipReason | None] = mapped_column(word(SkipReason))
    error_code: Mapped[int | None]
    sender: Mapped[str | None] = mapped_column(String(40))
    """From where it went: the number or the Messaging Service that was chosen."""
    held_by: Mapped[str | None] = mapped_column(String(80))
    """The breaker that it waits for, or that it tries as a probe."""
    provider_id: Mapped[str | None] = mapped_column(String(80))
    not_before: Mapped[datetime] = mapped_column(clinic_instant())
    useful_until: Mapped[datetime] = mapped_column(clinic_instant())
    attempts: Mapped[int] = mapped_column(default=0)
    claim_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(machine_instant())
    retry_at: Mapped[datetime] = mapped_column(machine_instant())
    created_at: Mapped[datetime] = mapped_column(clinic_instant())
    accepted_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    ask_at: Mapped[datetime | None] = mapped_column(machine_instant())
    """When its provider is asked how it ended, if no report has told by then; None is never."""


class Attempt(Base):
    """One try at the provider. Written before the request leaves; so a crash leaves a trace."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("message_id", "number"),
        Index(
            "ix_attempt_unsettled",
            "next_check_at",
            postgresql_where=text("outcome = 'unknown'"),
            sqlite_where=text("outcome = 'unknown'"),
        ),
        Index("uq_attempt_provider_id", "provider_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    number: Mapped[int]
    outcome: Mapped[AttemptOutcome] = mapped_column(word(AttemptOutcome))
    provider_id: Mapped[str | None] = mapped_column(String(80))
    """One provider id settles one attempt: unique."""
    error_code: Mapped[int | None]
    http_status: Mapped[int | None]
    detail: Mapped[str] = mapped_column(String(80), default="")
    checks: Mapped[int] = mapped_column(default=0)
    """Successful look-ups that found nothing."""
    next_check_at: Mapped[datetime | None] = mapped_column(machine_instant())
    started_at: Mapped[datetime] = mapped_column(machine_instant())
    deadline: Mapped[datetime] = mapped_column(machine_instant())
    """When an answer can no longer come."""
    finished_at: Mapped[datetime | None] = mapped_column(machine_instant())


class Receipt(Base):
    """One status report from the provider; kept even when it comes before our own record."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("provider_id", "status"),
        Index(
            "ix_receipt_unapplied",
            "received_at",
            postgresql_where=text("applied_at IS NULL"),
            sqlite_where=text("applied_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(80))
    message_id: Mapped[UUID | None]
    """Our id, carried by the callback address; not a foreign key: a stranger may send anything."""
    status: Mapped[str] = mapped_column(String(40))
    error_code: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(clinic_instant())
    applied_at: Mapped[datetime | None] = mapped_column(machine_instant())
