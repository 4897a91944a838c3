"""Messages in, the questions that give them meaning, and the work they make for staff."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.followups import Ending
from outreach.domain.roster import Duty
from outreach.domain.states import ChannelKind, FollowUpStatus, Priority
from outreach.domain.triage.result import Action, Label, Prompt
from outreach.storage.models.base import Base
from outreach.storage.types import (
    Sealed,
    clinic_instant,
    only_patient_channels,
    patient_channel,
    word,
)


class ConversationStatus(StrEnum):
    """Whether a question still waits for its answer."""

    WAITING = "waiting"
    """A further question of a survey whose text has not left yet."""
    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    STOPPED = "stopped"
    """It was not asked after all: something urgent came before it."""


class Conversation(Base):
    """An open question to a patient, which gives the next reply its meaning."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("touchpoint_id", "question"),
        Index(None, "address_index", "opened_at"),
        Index(None, "patient_id"),
        Index(
            "ix_conversation_open",
            "closes_at",
            postgresql_where=text("status IN ('open', 'waiting')"),
            sqlite_where=text("status IN ('open', 'waiting')"),
        ),
        Index(
            "ix_conversation_unread",
            "staff_at",
            postgresql_where=text("staff_at IS NOT NULL"),
            sqlite_where=text("staff_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    touchpoint_id: Mapped[UUID] = mapped_column(ForeignKey("touchpoint.id"))
    address_index: Mapped[str] = mapped_column(String(32))
    prompt: Mapped[Prompt] = mapped_column(word(Prompt))
    status: Mapped[ConversationStatus] = mapped_column(word(ConversationStatus))
    question: Mapped[str] = mapped_column(String(40), default="")
    """Which question of its survey it is; empty for what the touchpoint itself asked."""
    answer: Mapped[str | None] = mapped_column(String(40))
    opened_at: Mapped[datetime] = mapped_column(clinic_instant())
    closes_at: Mapped[datetime] = mapped_column(clinic_instant())
    again_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When it was asked once more, because an answer could not be read."""
    staff_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When staff get what could not be read, unless it is answered before."""


class ResponseStatus(StrEnum):
    """Where the answers to a check-in stand."""

    OPEN = "open"
    COMPLETE = "complete"
    STOPPED = "stopped"
    """Something urgent came, or staff took over: nothing more is asked."""
    EXPIRED = "expired"
    """A question was not answered in time. What was answered is kept."""


class SurveyResponse(Base):
    """The answers to one check-in [FHIR QuestionnaireResponse], partial ones too."""

    __tablename__ = "survey_response"
    __table_args__ = (
        UniqueConstraint("touchpoint_id"),
        Index(None, "patient_id", "started_at"),
        Index(
            "ix_survey_response_open",
            "started_at",
            postgresql_where=text("status = 'open'"),
            sqlite_where=text("status = 'open'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    touchpoint_id: Mapped[UUID] = mapped_column(ForeignKey("touchpoint.id"))
    survey: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(16))
    """The version of the survey's file when it began."""
    status: Mapped[ResponseStatus] = mapped_column(word(ResponseStatus))
    answers: Mapped[str] = mapped_column(Sealed("survey_response.answers"))
    """JSON: a list of answers in the order in which they came, and the composite grade."""
    started_at: Mapped[datetime] = mapped_column(clinic_instant())
    ended_at: Mapped[datetime | None] = mapped_column(clinic_instant())


class Reply(Base):
    """An inbound message, stored before it is acknowledged, and what triage made of it."""

    __tablename__ = "reply"
    __table_args__ = (
        only_patient_channels(),
        Index(None, "address_index", "received_at"),
        Index(None, "patient_id", "received_at"),
        Index(
            "ix_reply_untriaged",
            "received_at",
            postgresql_where=text("triaged_at IS NULL"),
            sqlite_where=text("triaged_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(80), unique=True)
    channel: Mapped[ChannelKind] = mapped_column(patient_channel())
    address: Mapped[str] = mapped_column(Sealed("reply.address"))
    address_index: Mapped[str] = mapped_column(String(32))
    recipient: Mapped[str] = mapped_column(String(40))
    """The clinic's own number that was written to."""
    body: Mapped[str] = mapped_column(Sealed("reply.body"))
    media: Mapped[int] = mapped_column(default=0)
    keyword: Mapped[str | None] = mapped_column(String(10))
    """The carrier's own exact keyword (stop, start, help), if it was one."""
    carrier_acted: Mapped[bool] = mapped_column(default=False)
    """The carrier says that it acted on the keyword, and has answered it."""
    automatic: Mapped[bool] = mapped_column(default=False)
    """A machine wrote it: an out-of-office note, a greeting, a report of non-delivery."""
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    label: Mapped[Label | None] = mapped_column(word(Label))
    action: Mapped[Action | None] = mapped_column(word(Action))
    explanation: Mapped[dict[str, Any] | None]
    """Concepts, rules and spans; offsets only, never the patient's words."""
    consent_seen: Mapped[int] = mapped_column(default=0)
    """The last line that the consent ledger had for this address when this came."""
    received_at: Mapped[datetime] = mapped_column(clinic_instant())
    triaged_at: Mapped[datetime | None] = mapped_column(clinic_instant())


class FollowUp(Base):
    """Work for staff with a priority and a due time [FHIR Task]."""

    __tablename__ = "followup"
    __table_args__ = (
        Index(
            "ix_followup_escalation",
            "escalate_at",
            postgresql_where=text("escalate_at IS NOT NULL"),
            sqlite_where=text("escalate_at IS NOT NULL"),
        ),
        Index(None, "status", "due_at"),
        Index(None, "patient_id"),
        Index(
            "ix_followup_urgent",
            "patient_id",
            postgresql_where=text("priority = 'urgent' AND status <> 'closed'"),
            sqlite_where=text("priority = 'urgent' AND status <> 'closed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    """Short code a nurse reads in a page and answers with; no PHI."""
    reason_key: Mapped[str] = mapped_column(String(160), unique=True)
    """Why it exists, so that a repeated task makes no second item."""
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    reply_id: Mapped[UUID | None] = mapped_column(ForeignKey("reply.id"))
    appointment_id: Mapped[UUID | None]
    """The visit it is about, where it decides on one."""
    kind: Mapped[str] = mapped_column(String(40))
    """``red_flag``, ``hold_review``, ``question``, ``call_patient``, ``unknown_sender``..."""
    action: Mapped[Action] = mapped_column(word(Action))
    priority: Mapped[Priority] = mapped_column(word(Priority))
    summary: Mapped[str] = mapped_column(Sealed("followup.summary"))
    """One sentence for staff."""
    status: Mapped[FollowUpStatus] = mapped_column(word(FollowUpStatus))
    due_at: Mapped[datetime] = mapped_column(clinic_instant())
    level: Mapped[int] = mapped_column(default=0)
    """How many rounds of paging it has been through."""
    escalate_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When it is paged (again) or wakes; None for what is never paged, and for what is closed."""
    duty: Mapped[Duty | None] = mapped_column(word(Duty))
    """The rung that was paged last; None before the first round, and when everybody was."""
    lap_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When the ladder was last begun from below."""
    created_at: Mapped[datetime] = mapped_column(clinic_instant())
    acknowledged_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    reach_by: Mapped[datetime | None] = mapped_column(clinic_instant())
    """Until when whoever took it must have reached the patient; None while nobody has it."""
    reached_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    snoozed_until: Mapped[datetime | None] = mapped_column(clinic_instant())
    closed_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    assignee: Mapped[str | None] = mapped_column(String(80))
    ending: Mapped[Ending | None] = mapped_column(word(Ending))
    outcome: Mapped[str | None] = mapped_column(Sealed("followup.outcome"))


class FollowUpNote(Base):
    """What happened to an item of staff work: append-only."""

    __tablename__ = "followup_note"
    __table_args__ = (Index(None, "followup_id", "at"), Index(None, "reply_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    followup_id: Mapped[UUID] = mapped_column(ForeignKey("followup.id"))
    reply_id: Mapped[UUID | None] = mapped_column(ForeignKey("reply.id"))
    """The reply that made or reopened it: an episode may have several."""
    what: Mapped[str] = mapped_column(String(40))
    """``created``, ``paged``, ``acknowledged``, ``assigned``, ``handed over``, ``reached``,
    ``not reached``, ``noted``, ``snoozed``, ``woken``, ``closed``, ``red flag``, ``reopened``."""
    who: Mapped[str] = mapped_column(String(80))
    note: Mapped[str | None] = mapped_column(Sealed("followup_note.note"))
    at: Mapped[datetime] = mapped_column(clinic_instant())
