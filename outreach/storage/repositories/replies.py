"""Inbound messages and the open questions that give them meaning."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, literal, select, tuple_, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from outreach.domain.journeys import Anchor
from outreach.domain.triage.result import Prompt
from outreach.storage.among import among
from outreach.storage.models import (
    Appointment,
    Conversation,
    ConversationStatus,
    Reply,
    SurveyResponse,
    Touchpoint,
    VoiceCall,
)

AHEAD = Conversation.status.in_(
    [
        literal(status, Conversation.status.type, literal_execute=True)
        for status in (ConversationStatus.OPEN, ConversationStatus.WAITING)
    ]
)
"""A question that can still be answered, now or once its text has left.

The words stand in the statement itself: SQLite takes a partial index over a list for no other.
"""


class Replies:
    """Queries about replies and conversations."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def reply(self, reply_id: UUID) -> Reply | None:
        """One reply."""
        return self._session.get(Reply, reply_id)

    def by_ids(self, ids: Collection[UUID]) -> dict[UUID, Reply]:
        """Replies by id."""
        rows = self._session.scalars(select(Reply).where(among(Reply.id, ids)))
        return {row.id: row for row in rows}

    def take_untriaged(self, limit: int, besides: Collection[UUID] = ()) -> list[UUID]:
        """The oldest replies that triage has not read, ``besides`` some, locked for this unit.

        Of one sender none before those that came earlier: two workers never read two texts of one
        person at a time, so that what they mean together is judged by one of them. By its id alone:
        a reply that cannot be opened must not hide those behind it.
        """
        earlier = aliased(Reply)
        ahead = (
            select(earlier.id)
            .where(
                earlier.triaged_at.is_(None),
                earlier.address_index == Reply.address_index,
                tuple_(earlier.received_at, earlier.id) < tuple_(Reply.received_at, Reply.id),
            )
            .correlate(Reply)
        )
        if besides:
            ahead = ahead.where(earlier.id.not_in(besides))
        query = (
            select(Reply.id)
            .where(Reply.triaged_at.is_(None), ~ahead.exists())
            .order_by(Reply.received_at, Reply.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if besides:
            query = query.where(Reply.id.not_in(besides))
        return list(self._session.scalars(query))

    def sender_of(self, reply_id: UUID) -> str | None:
        """The blind index of the address a reply came from; None when there is no such reply."""
        return self._session.scalar(select(Reply.address_index).where(Reply.id == reply_id))

    def end_unread(self, reply_id: UUID, patient_id: UUID | None, now: datetime) -> None:
        """Triage has done with a reply that it could not read (clinic time)."""
        self._session.execute(
            update(Reply)
            .where(Reply.id == reply_id)
            .values(triaged_at=now, patient_id=patient_id)
            .execution_options(synchronize_session=False)
        )

    def of_patient(self, patient_id: UUID) -> list[Reply]:
        """A patient's replies by time."""
        query = select(Reply).where(Reply.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(Reply.received_at, Reply.id)))

    def of_nobody(self, address_indexes: Collection[str]) -> list[Reply]:
        """Replies from these addresses of which it is not known who wrote them, by time."""
        query = select(Reply).where(
            among(Reply.address_index, address_indexes), Reply.patient_id.is_(None)
        )
        return list(self._session.scalars(query.order_by(Reply.received_at, Reply.id)))

    def lately_from(self, address_index: str, since: datetime, until: datetime) -> list[UUID]:
        """What came from an address from one instant to another, both included, by time.

        By their ids alone: one that cannot be opened must not hide the others.
        """
        query = select(Reply.id).where(
            Reply.address_index == address_index, Reply.received_at.between(since, until)
        )
        return list(self._session.scalars(query.order_by(Reply.received_at, Reply.id)))

    def everything(self) -> list[Reply]:
        """All replies by time, for checks on small installations."""
        return list(self._session.scalars(select(Reply).order_by(Reply.received_at, Reply.id)))

    def questions_at(
        self, address_index: str, now: datetime, doses_since: datetime
    ) -> list[Conversation]:
        """What an address was asked and may still answer, newest first.

        Open questions, those before a visit whose time is not over, answered or not, and those
        about home doses since an instant.
        """
        ahead = Conversation.closes_at > now
        query = select(Conversation).where(
            Conversation.address_index == address_index,
            (ahead & (Conversation.status == ConversationStatus.OPEN))
            | (
                ahead
                & (Conversation.prompt == Prompt.SCREEN)
                & (Conversation.status != ConversationStatus.EXPIRED)
            )
            | ((Conversation.prompt == Prompt.DOSE) & (Conversation.opened_at > doses_since)),
        )
        return list(self._session.scalars(query.order_by(Conversation.opened_at.desc())))

    def graded_answers(self, patient_id: UUID, since: datetime) -> list[tuple[UUID, datetime, str]]:
        """What a patient answered after infusions that ended since an instant (clinic time).

        Each is the infusion, its end, and the answer as it is stored. Whoever stores answers of
        another form adds them here: trends read check-ins by this query alone.
        """
        query = (
            select(Appointment.id, Appointment.actual_end, Conversation.answer)
            .join(Touchpoint, Touchpoint.id == Conversation.touchpoint_id)
            .join(Appointment, Appointment.id == Touchpoint.appointment_id)
            .where(
                Conversation.patient_id == patient_id,
                Conversation.prompt == Prompt.SEVERITY_0_3,
                Conversation.status == ConversationStatus.ANSWERED,
                Conversation.answer.is_not(None),
                Appointment.actual_end >= since,
                Touchpoint.anchor_kind == Anchor.INFUSION_END,
            )
            .order_by(Appointment.actual_end, Conversation.opened_at)
        )
        return [
            (visit, end, answer)
            for visit, end, answer in self._session.execute(query)
            if end is not None and answer is not None
        ]

    def asked(self, address_index: str, patient_id: UUID, prompt: Prompt) -> list[Conversation]:
        """The questions of one kind that a patient was asked at an address, newest first."""
        query = select(Conversation).where(
            Conversation.address_index == address_index,
            Conversation.patient_id == patient_id,
            Conversation.prompt == prompt,
        )
        return list(self._session.scalars(query.order_by(Conversation.opened_at.desc())))

    def question_of(self, touchpoint_id: UUID) -> Conversation | None:
        """The question a touchpoint asked."""
        query = select(Conversation).where(
            Conversation.touchpoint_id == touchpoint_id, Conversation.question == ""
        )
        return self._session.scalar(query)

    def asked_by(self, touchpoint_ids: Iterable[UUID]) -> set[UUID]:
        """Those of some touchpoints whose question is written down."""
        wanted = list(touchpoint_ids)
        if not wanted:
            return set()
        query = select(Conversation.touchpoint_id).where(among(Conversation.touchpoint_id, wanted))
        return set(self._session.scalars(query))

    def questions(self, ids: Collection[UUID]) -> dict[UUID, Conversation]:
        """Questions by id."""
        rows = self._session.scalars(select(Conversation).where(among(Conversation.id, ids)))
        return {row.id: row for row in rows}

    def asked_about(self, visit_id: UUID, version: int) -> list[Conversation]:
        """What was asked about a visit, at the time and place of a version, before it."""
        query = (
            select(Conversation)
            .join(Touchpoint, Conversation.touchpoint_id == Touchpoint.id)
            .where(
                Touchpoint.anchor_id == visit_id,
                Touchpoint.anchor_kind == Anchor.VISIT_START,
                Touchpoint.anchor_version == version,
            )
        )
        return list(self._session.scalars(query))

    def unanswered(self, touchpoint_ids: Collection[UUID]) -> set[UUID]:
        """Those whose step ``of`` was asked about the same anchor, without a word since then.

        Whatever was written counts as a word: staff or triage have dealt with it.
        """
        asked = aliased(Touchpoint)
        query = (
            select(Touchpoint.id)
            .join(
                asked,
                (asked.anchor_id == Touchpoint.anchor_id)
                & (asked.anchor_kind == Touchpoint.anchor_kind)
                & (asked.journey == Touchpoint.journey)
                & (asked.step == Touchpoint.of),
            )
            .join(Conversation, Conversation.touchpoint_id == asked.id)
            .where(
                among(Touchpoint.id, touchpoint_ids), Conversation.question == "", ~_heard_since()
            )
        )
        return set(self._session.scalars(query))

    def close_overdue(self, now: datetime) -> list[UUID]:
        """Ends the questions nobody answered in time (clinic time); their touchpoints' ids."""
        closed = self._session.scalars(
            update(Conversation)
            .where(AHEAD, Conversation.closes_at <= now)
            .values(status=ConversationStatus.EXPIRED)
            .returning(Conversation.touchpoint_id)
        )
        return list(closed)

    def unread(self, now: datetime) -> list[Conversation]:
        """Questions whose answer could not be read, and nothing readable has come by ``now``."""
        query = select(Conversation).where(Conversation.staff_at <= now).with_for_update()
        return list(self._session.scalars(query.order_by(Conversation.staff_at)))

    def last_answer_to(self, question: Conversation) -> UUID | None:
        """The newest reply that was read under a question."""
        query = select(Reply.id).where(
            Reply.address_index == question.address_index, Reply.conversation_id == question.id
        )
        newest = query.order_by(Reply.received_at.desc(), Reply.id.desc()).limit(1)
        return self._session.scalar(newest)

    def next_close(self) -> datetime | None:
        """When the next question ends unanswered, or staff get what could not be read (clinic)."""
        ends = select(func.min(Conversation.closes_at)).where(AHEAD)
        unread = select(func.min(Conversation.staff_at)).where(Conversation.staff_at.is_not(None))
        moments = [self._session.scalar(query) for query in (ends, unread)]
        return min((moment for moment in moments if moment is not None), default=None)

    def silent(self, touchpoint_ids: Collection[UUID]) -> set[UUID]:
        """Those of touchpoints that asked something whose patients have not written since."""
        query = select(Conversation.touchpoint_id).where(
            among(Conversation.touchpoint_id, touchpoint_ids),
            Conversation.question == "",
            ~_heard_since(),
        )
        return set(self._session.scalars(query))

    def move_to(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the survivor has the prior record's thread."""
        for table in (Reply, Conversation, SurveyResponse, VoiceCall):
            self._session.execute(
                update(table).where(table.patient_id == prior).values(patient_id=survivor)
            )


def _heard_since() -> ColumnElement[bool]:
    """Whether anybody wrote from the address of a question after it was asked."""
    return exists().where(
        Reply.address_index == Conversation.address_index,
        Reply.received_at >= Conversation.opened_at,
    )
