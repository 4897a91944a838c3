"""Everything that arrived from scheduling systems, kept as it came."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from outreach.storage.models.base import Base
from outreach.storage.types import Sealed, clinic_instant, word


class InboxStatus(StrEnum):
    """What became of an arrival."""

    RECEIVED = "received"
    APPLIED = "applied"
    SPLIT = "split"
    """It held several items; each is a row of its own."""
    IGNORED = "ignored"
    STALE = "stale"
    """Older than what is known already: stored, not applied."""
    QUARANTINED = "quarantined"
    """Not understood; nobody was texted; replayed after a fix."""


class InboxEvent(Base):
    """One arrival. Unique by source, event id and digest: a repeat has no effect."""

    __tablename__ = "inbox_event"
    __table_args__ = (
        UniqueConstraint("source", "event_id", "digest"),
        Index(None, "parent_id"),
        Index(
            "ix_inbox_event_received",
            "received_at",
            postgresql_where=text("status = 'received'"),
            sqlite_where=text("status = 'received'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(120))
    event_id: Mapped[str] = mapped_column(String(200), default="")
    """The sender's own id where the envelope names one; empty for a bare payload."""
    digest: Mapped[str] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(String(120))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("inbox_event.id"))
    raw: Mapped[str] = mapped_column(Sealed("inbox_event.raw"))
    """The bytes as latin-1 text: HL7 says its charset inside itself."""
    quiet: Mapped[bool] = mapped_column(default=False)
    status: Mapped[InboxStatus] = mapped_column(word(InboxStatus))
    trigger: Mapped[str] = mapped_column(String(60), default="")
    code: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(String(400), default="")
    """Why it was ignored, stale or quarantined; no PHI."""
    warnings: Mapped[list[str]] = mapped_column(default=list)
    received_at: Mapped[datetime] = mapped_column(clinic_instant())
    settled_at: Mapped[datetime | None] = mapped_column(clinic_instant())
