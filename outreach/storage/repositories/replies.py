"""Inbound messages and the open questions that give them meaning."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.storage.models import Conversation, ConversationStatus, Reply


class Replies:
    """Queries about replies and conversations."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def reply(self, reply_id: UUID) -> Reply | None:
        """One reply."""
        return self._session.get(Reply, reply_id)

    def by_ids(self, ids: Collection[UUID]) -> dict[UUID, Reply]:
        """Replies by id."""
        rows = self._session.scalars(select(Reply).where(Reply.id.in_(ids)))
        return {row.id: row for row in rows}

    def known(self, provider_id: str) -> bool:
        """Whether the provider delivered this reply before."""
        query = select(Reply.id).where(Reply.provider_id == provider_id)
        return self._session.scalar(query) is not None

    def take_untriaged(self) -> Reply | None:
        """The oldest reply that triage has not read, locked for this unit."""
        query = (
            select(Reply)
            .where(Reply.triaged_at.is_(None))
            .order_by(Reply.received_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return self._session.scalar(query)

    def of_patient(self, patient_id: UUID) -> list[Reply]:
        """A patient's replies by time."""
        query = select(Reply).where(Reply.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(Reply.received_at, Reply.id)))

    def everything(self) -> list[Reply]:
        """All replies by time, for checks on small installations."""
        return list(self._session.scalars(select(Reply).order_by(Reply.received_at, Reply.id)))

    def open_question(self, address_index: str, now: datetime) -> Conversation | None:
        """The question asked last at this address that is still open (clinic time)."""
        query = (
            select(Conversation)
            .where(
                Conversation.address_index == address_index,
                Conversation.status == ConversationStatus.OPEN,
                Conversation.opened_at <= now,
                Conversation.closes_at > now,
            )
            .order_by(Conversation.opened_at.desc(), Conversation.id.desc())
            .limit(1)
        )
        return self._session.scalar(query)

    def open_questions(self, address_index: str, now: datetime) -> list[Conversation]:
        """All open questions at an address, the newest first."""
        query = select(Conversation).where(
            Conversation.address_index == address_index,
            Conversation.status == ConversationStatus.OPEN,
            Conversation.closes_at > now,
        )
        return list(self._session.scalars(query.order_by(Conversation.opened_at.desc())))

    def question_of(self, touchpoint_id: UUID) -> Conversation | None:
        """The question a touchpoint asked."""
        query = select(Conversation).where(Conversation.touchpoint_id == touchpoint_id)
        return self._session.scalar(query)

    def close_overdue(self, now: datetime) -> int:
        """Ends the questions nobody answered in time (clinic time)."""
        closed = self._session.execute(
            update(Conversation)
            .where(Conversation.status == ConversationStatus.OPEN, Conversation.closes_at <= now)
            .values(status=ConversationStatus.EXPIRED)
            .returning(Conversation.id)
        )
        return len(closed.all())

    def move_to(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the survivor has the prior record's thread."""
        for table in (Reply, Conversation):
            self._session.execute(
                update(table).where(table.patient_id == prior).values(patient_id=survivor)
            )
