"""The tick's one question: which stages have work?"""

from datetime import datetime
from functools import cache

from sqlalchemy import CompoundSelect, bindparam, exists, func, literal, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from outreach.domain.states import (
    AttemptOutcome,
    MessageStatus,
    TouchpointStatus,
    Urgency,
)
from outreach.storage.models import (
    Appointment,
    Attempt,
    BreakerRow,
    CarrierWord,
    Conversation,
    CoverageWatch,
    FollowUp,
    InboxEvent,
    InboxStatus,
    Media,
    MediaStatus,
    Message,
    Patient,
    Receipt,
    Reply,
    Takeover,
    Touchpoint,
    VoiceCall,
)
from outreach.storage.repositories.receipts import UNHEARD
from outreach.storage.repositories.replies import AHEAD


class Work:
    """Asks every queue at once, each by its partial index."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def oldest(self, clinic_now: datetime) -> dict[str, datetime]:
        """Since when (clinic time) the oldest work of triage and of follow-up waits, where any is.

        These two stand between a patient in need and a person: none of it may wait a minute.
        """
        questions = {
            "triage": select(func.min(Reply.received_at)).where(Reply.triaged_at.is_(None)),
            "followup": select(func.min(FollowUp.escalate_at)).where(
                FollowUp.escalate_at <= clinic_now
            ),
        }
        found = {stage: self._session.scalar(query) for stage, query in questions.items()}
        return {stage: since for stage, since in found.items() if since is not None}

    def waiting(self, clinic_now: datetime, machine_now: datetime) -> list[str]:
        """The stages that have something to do at these instants, by name."""
        at = {"clinic_now": clinic_now, "machine_now": machine_now}
        return list(self._session.scalars(_which_have_work(), at))


@cache
def _which_have_work() -> CompoundSelect[str]:
    """Built once: it is asked every second, and building it costs more than running it."""
    clinic_now = bindparam("clinic_now", type_=Touchpoint.due_at.type)
    machine_now = bindparam("machine_now", type_=Message.retry_at.type)
    ready = (
        (Message.status == MessageStatus.QUEUED)
        & (Message.retry_at <= machine_now)
        & (Message.not_before <= clinic_now)
    )
    questions: dict[str, ColumnElement[bool]] = {
        "ingest": exists().where(InboxEvent.status == InboxStatus.RECEIVED),
        "triage": exists().where(Reply.triaged_at.is_(None)),
        "followup": exists().where(FollowUp.escalate_at <= clinic_now),
        "send_urgent": exists().where(ready, Message.urgency == Urgency.URGENT),
        "due": exists().where(
            Touchpoint.status == TouchpointStatus.PLANNED, Touchpoint.due_at <= clinic_now
        ),
        "send": exists().where(ready, Message.urgency == Urgency.NORMAL),
        "send_bulk": exists().where(ready, Message.urgency == Urgency.BULK),
        "receipt": exists().where(Receipt.applied_at.is_(None)),
        "settle": exists().where(
            Attempt.outcome == AttemptOutcome.UNKNOWN, Attempt.next_check_at <= machine_now
        ),
        "unheard": exists().where(UNHEARD, Message.ask_at <= machine_now),
        "upkeep": exists().where(
            Message.status == MessageStatus.CLAIMED, Message.lease_until <= machine_now
        )
        | exists().where(
            AHEAD,
            Conversation.closes_at <= clinic_now,
        )
        | exists().where(Conversation.staff_at <= clinic_now)
        | exists().where(Appointment.confirm_by <= clinic_now)
        | exists().where(Patient.look_at <= clinic_now)
        | exists().where(Takeover.ended_at.is_(None), Takeover.ends_at <= clinic_now)
        | exists().where(VoiceCall.check_at <= clinic_now)
        | exists().where(BreakerRow.look_at <= machine_now),
        "coverage": exists().where(CoverageWatch.look_at <= clinic_now),
        "completion": exists().where(Appointment.report_by <= clinic_now),
        "media": exists().where(Media.status == MediaStatus.WAITING, Media.retry_at <= machine_now),
        "carrier_consent": exists().where(CarrierWord.retry_at <= machine_now),
    }
    asked = [select(literal(name).label("stage")).where(q) for name, q in questions.items()]
    return union_all(*asked)
