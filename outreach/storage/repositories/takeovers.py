"""Conversations that a person has, and which patients staff have in hand."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select, union_all, update
from sqlalchemy.orm import Session

from outreach.domain.states import FollowUpStatus, Priority
from outreach.storage.among import among
from outreach.storage.locks import hold
from outreach.storage.models import (
    Conversation,
    ConversationStatus,
    FollowUp,
    Reply,
    StaffWord,
    Takeover,
)

_URGENT, _SOMEBODY, _TAKEN = "urgent", "somebody", "taken"


@dataclass(frozen=True, slots=True)
class InHand:
    """Whom staff have in hand: automation waits for them."""

    urgent: frozenset[UUID] = frozenset()
    """Patients with an urgent item that is not closed."""
    urgent_at: frozenset[str] = frozenset()
    """Addresses with such an item of which it is not known who of those there wrote."""
    taken_over: frozenset[UUID] = frozenset()
    """Patients with whom a person writes."""


class Takeovers:
    """Queries about conversations in a person's hands."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def alone(self, patient_id: UUID) -> None:
        """Whoever else writes to this patient waits until this unit ends: one begins the thread.

        PostgreSQL only: a write unit of SQLite is alone anyway.
        """
        hold(self._session, [int.from_bytes(patient_id.bytes[-8:], signed=True)])

    def holding(self, patient_id: UUID, address_index: str) -> Takeover | None:
        """The takeover of a patient at an address that has not ended, locked for this unit."""
        query = select(Takeover).where(
            Takeover.patient_id == patient_id,
            Takeover.address_index == address_index,
            Takeover.ended_at.is_(None),
        )
        return self._session.scalar(query.with_for_update())

    def covering(self, address_index: str, at: datetime) -> list[Takeover]:
        """Those that held an address at an instant (clinic time), locked for this unit.

        The instant of a reply counts, not that of its reading: after an outage it is still the
        nurse's whom it answered.
        """
        until = func.coalesce(Takeover.ended_at, Takeover.ends_at)
        query = select(Takeover).where(
            Takeover.address_index == address_index, Takeover.began_at <= at, until > at
        )
        return list(self._session.scalars(query.order_by(Takeover.id).with_for_update()))

    def of_patient(self, patient_id: UUID) -> list[Takeover]:
        """All of a patient's, oldest first."""
        query = select(Takeover).where(Takeover.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(Takeover.began_at, Takeover.id)))

    def suspended(self, address_index: str, now: datetime) -> list[Conversation]:
        """The questions at an address that are open but for a takeover, the newest first."""
        query = select(Conversation).where(
            Conversation.address_index == address_index,
            Conversation.status == ConversationStatus.OPEN,
            Conversation.closes_at > now,
        )
        return list(self._session.scalars(query.order_by(Conversation.opened_at.desc())))

    def end_with(self, followup_id: UUID, now: datetime, who: str) -> None:
        """Whoever closes an item ends the conversation that it is (clinic time)."""
        self._session.execute(
            update(Takeover)
            .where(Takeover.followup_id == followup_id, Takeover.ended_at.is_(None))
            .values(ended_at=now, ended_by=who)
            .execution_options(synchronize_session=False)
        )

    def take_ended(self, now: datetime, limit: int) -> list[Takeover]:
        """Those in which neither side wrote for too long (clinic time), locked for this unit."""
        query = (
            select(Takeover)
            .where(Takeover.ended_at.is_(None), Takeover.ends_at <= now)
            .order_by(Takeover.ends_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def next_end(self) -> datetime | None:
        """When the next one times out (clinic time)."""
        return self._session.scalar(
            select(func.min(Takeover.ends_at)).where(Takeover.ended_at.is_(None))
        )

    def words_of(self, message_ids: Collection[UUID]) -> dict[UUID, StaffWord]:
        """What people wrote, by message."""
        query = select(StaffWord).where(among(StaffWord.message_id, message_ids))
        return {row.message_id: row for row in self._session.scalars(query)}

    def wrote_since(self, address_index: str, since: datetime) -> bool:
        """Whether anybody wrote to us from an address since an instant (clinic time)."""
        query = select(Reply.id).where(
            Reply.address_index == address_index, Reply.received_at >= since
        )
        return self._session.scalar(query.limit(1)) is not None

    def in_hand(
        self, patient_ids: Collection[UUID], address_indexes: Collection[str], now: datetime
    ) -> InHand:
        """Which of these patients, and of these addresses, staff have in hand now (clinic time).

        One statement, because it is asked for every batch that is due or leaves.
        """
        urgent = (FollowUp.priority == Priority.URGENT) & (FollowUp.status != FollowUpStatus.CLOSED)
        own = select(
            literal(_URGENT).label("why"), FollowUp.patient_id.label("patient")
        ).add_columns(literal("").label("address"))
        somebody = (
            select(literal(_SOMEBODY), FollowUp.patient_id, Reply.address_index)
            .join(Reply, Reply.id == FollowUp.reply_id)
            .where(
                urgent, FollowUp.patient_id.is_(None), among(Reply.address_index, address_indexes)
            )
        )
        taken = select(literal(_TAKEN), Takeover.patient_id, literal("")).where(
            among(Takeover.patient_id, patient_ids),
            Takeover.ended_at.is_(None),
            Takeover.ends_at > now,
        )
        rows = self._session.execute(
            union_all(own.where(urgent, among(FollowUp.patient_id, patient_ids)), somebody, taken)
        ).all()
        return InHand(
            urgent=frozenset(patient for why, patient, _ in rows if why == _URGENT),
            urgent_at=frozenset(address for why, _, address in rows if why == _SOMEBODY),
            taken_over=frozenset(patient for why, patient, _ in rows if why == _TAKEN),
        )

    def move_to(self, prior: UUID, survivor: UUID, now: datetime) -> None:
        """After a merge the survivor has the prior record's conversations.

        Where both records had one at the same address, the prior's ends: there is one thread.
        """
        kept = select(Takeover.address_index).where(
            Takeover.patient_id == survivor, Takeover.ended_at.is_(None)
        )
        self._session.execute(
            update(Takeover)
            .where(
                Takeover.patient_id == prior,
                Takeover.ended_at.is_(None),
                Takeover.address_index.in_(kept.scalar_subquery()),
            )
            .values(ended_at=now, ended_by="outreach")
            .execution_options(synchronize_session=False)
        )
        self._session.execute(
            update(Takeover)
            .where(Takeover.patient_id == prior)
            .values(patient_id=survivor)
            .execution_options(synchronize_session=False)
        )
