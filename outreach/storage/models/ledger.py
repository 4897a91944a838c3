"""The ledger: every planned contact, and how it ended. Nothing in it is ever deleted."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.journeys import Anchor, Only, Silence, WhenLate
from outreach.domain.states import ChannelKind, Purpose, SkipReason, TouchpointStatus
from outreach.domain.triage.result import Prompt
from outreach.storage.models.base import Base
from outreach.storage.types import (
    Sealed,
    clinic_instant,
    only_patient_channels,
    patient_channel,
    word,
)


class JourneyVersion(Base):
    """A journey file as it was when a process first ran with it."""

    __tablename__ = "journey_version"
    __table_args__ = (UniqueConstraint("name", "digest"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(16))
    body: Mapped[str]
    loaded_at: Mapped[datetime] = mapped_column(clinic_instant())
    applied_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When somebody brought what was planned before into line with it."""
    applied_by: Mapped[str | None] = mapped_column(String(80))


class Touchpoint(Base):
    """This step, for this patient, about this visit, dose or campaign."""

    __tablename__ = "touchpoint"
    __table_args__ = (
        only_patient_channels(),
        UniqueConstraint(
            "journey",
            "step",
            "anchor_kind",
            "anchor_id",
            "anchor_version",
            "patient_id",
            name="uq_touchpoint_reason",
        ),
        Index(
            "ix_touchpoint_due",
            "due_at",
            postgresql_where=text("status = 'planned'"),
            sqlite_where=text("status = 'planned'"),
        ),
        Index(None, "anchor_id"),
        Index(None, "campaign_id"),
        Index(None, "patient_id", "due_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    journey: Mapped[str] = mapped_column(String(60))
    journey_digest: Mapped[str] = mapped_column(String(16), default="")
    step: Mapped[str] = mapped_column(String(40))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    anchor_kind: Mapped[Anchor] = mapped_column(word(Anchor))
    anchor_id: Mapped[UUID]
    anchor_version: Mapped[int]
    anchor_at: Mapped[datetime] = mapped_column(clinic_instant())
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    dose_id: Mapped[UUID | None] = mapped_column(ForeignKey("dose.id"))
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaign.id"))
    site_code: Mapped[str | None] = mapped_column(ForeignKey("site.code"))
    template: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[Purpose] = mapped_column(word(Purpose))
    channels: Mapped[list[str]]
    """In the order they are tried."""
    also_email: Mapped[bool] = mapped_column(default=False)
    """An email goes beside the text, as a message of its own under the same reason."""
    only: Mapped[Only] = mapped_column(word(Only), default=Only.ALWAYS)
    """The condition that is judged when it is due."""
    of: Mapped[str | None] = mapped_column(String(40))
    """The step of the same anchor whose answer or delivery that condition speaks of."""
    when_late: Mapped[WhenLate] = mapped_column(word(WhenLate), default=WhenLate.SEND)
    silence: Mapped[Silence] = mapped_column(word(Silence), default=Silence.NOTHING)
    """What no answer to its question means."""
    asks: Mapped[Prompt | None] = mapped_column(word(Prompt))
    question_hours: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(clinic_instant())
    useful_until: Mapped[datetime] = mapped_column(clinic_instant())
    status: Mapped[TouchpointStatus] = mapped_column(word(TouchpointStatus))
    reason: Mapped[SkipReason | None] = mapped_column(word(SkipReason))
    note: Mapped[str] = mapped_column(String(200), default="")
    """Why, in words a nurse understands; no PHI."""
    channel: Mapped[ChannelKind | None] = mapped_column(patient_channel())
    decided_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    created_at: Mapped[datetime] = mapped_column(clinic_instant())


class CampaignStatus(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    """Its audience is frozen; nothing goes before somebody starts it."""
    LAUNCHED = "launched"
    CANCELLED = "cancelled"


class Campaign(Base):
    """A staff-triggered send; its audience is frozen at launch, or when it was prepared."""

    __tablename__ = "campaign"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(80), unique=True)
    """Makes a launch idempotent: the same token never launches twice."""
    name: Mapped[str] = mapped_column(String(120))
    template: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[Purpose] = mapped_column(word(Purpose))
    fields: Mapped[str] = mapped_column(Sealed("campaign.fields"))
    """JSON of the words staff filled in."""
    status: Mapped[CampaignStatus] = mapped_column(word(CampaignStatus))
    audience: Mapped[list[str] | None]
    """Of one that was prepared before it was launched: the ids of the patients it is for."""
    calls_instead: Mapped[bool] = mapped_column(default=False)
    """Whoever its text does not reach is called: a recall must not be missed by anybody."""
    lot: Mapped[str | None] = mapped_column(Sealed("campaign.lot"))
    """The lot that it recalls, as staff wrote it."""
    launched_by: Mapped[str] = mapped_column(String(80))
    launched_at: Mapped[datetime] = mapped_column(clinic_instant())
    """When it was launched; of a draft, when it was prepared."""
