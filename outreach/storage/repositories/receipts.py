"""Provider reports: stored at once, applied in batches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import literal, select, update
from sqlalchemy.orm import Session

from outreach.domain.states import ChannelKind, MessageStatus
from outreach.storage.among import among
from outreach.storage.insert import insert_all_new
from outreach.storage.models import Attempt, Message, Receipt

UNHEARD = Message.status.in_(
    [
        literal(status, Message.status.type, literal_execute=True)
        for status in (MessageStatus.ACCEPTED, MessageStatus.SENT)
    ]
)
"""A message that its provider has, and of whose end nothing was told.

The words stand in the statement itself: SQLite takes a partial index over a list for no other.
"""


@dataclass(frozen=True, slots=True)
class Unheard:
    """One of these, as far as asking about it needs."""

    message_id: UUID
    channel: ChannelKind
    provider_id: str | None
    status: MessageStatus
    accepted_at: datetime | None
    """Machine time; None where no attempt has its provider's name."""


class Receipts:
    """Queries about receipts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def store(self, receipts: Sequence[Receipt]) -> set[UUID]:
        """Keeps reports; the ids of those that were not there already.

        In one order for everybody: two that store the same reports must not wait for each other.
        """
        ordered = sorted(receipts, key=lambda row: (row.provider_id, row.status))
        return {key for (key,) in insert_all_new(self._session, ordered)}

    def take_unapplied(self, limit: int) -> list[Receipt]:
        """Reports that have not been applied, oldest first, locked for this unit."""
        query = (
            select(Receipt)
            .where(Receipt.applied_at.is_(None))
            .order_by(Receipt.received_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def look_again(self, provider_ids: Sequence[str]) -> None:
        """Reports that came before we knew whose they were are applied once more."""
        if not provider_ids:
            return
        self._session.execute(
            update(Receipt)
            .where(among(Receipt.provider_id, provider_ids), Receipt.message_id.is_(None))
            .values(applied_at=None)
            .execution_options(synchronize_session=False)
        )

    def take_unheard(self, machine_now: datetime, limit: int) -> list[Unheard]:
        """Messages whose provider is to be asked now, locked for this unit."""
        query = (
            select(
                Message.id,
                Message.channel,
                Message.provider_id,
                Message.status,
                Attempt.finished_at,
            )
            .outerjoin(Attempt, Attempt.provider_id == Message.provider_id)
            .where(UNHEARD, Message.ask_at <= machine_now)
            .order_by(Message.ask_at)
            .limit(limit)
            .with_for_update(of=Message, skip_locked=True)
        )
        return [Unheard(*row) for row in self._session.execute(query)]

    def ask_next(self, when: Mapping[UUID, datetime | None]) -> None:
        """When (machine time) the providers of messages are asked next; None is never."""
        if when:
            rows = [{"id": key, "ask_at": at} for key, at in when.items()]
            self._session.execute(update(Message), rows)

    def stop_asking(self, provider_ids: Collection[str]) -> None:
        """Providers are not asked about these any more, unless they are sent anew.

        Locked in the order in which everybody locks messages.
        """
        mine = select(Message.id).where(among(Message.provider_id, provider_ids))
        ids = list(self._session.scalars(mine.order_by(Message.id).with_for_update()))
        self.ask_next(dict.fromkeys(ids))

    def of_provider_id(self, provider_id: str) -> list[Receipt]:
        """What was reported of one message, in order of arrival."""
        query = select(Receipt).where(Receipt.provider_id == provider_id)
        return list(self._session.scalars(query.order_by(Receipt.received_at, Receipt.id)))
