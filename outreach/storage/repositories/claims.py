"""The queue of messages: what waits, what a worker has claimed, and what the provider accepted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, exists, literal, select, union_all, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from outreach.domain.breaker import BreakerState
from outreach.domain.states import (
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    TouchpointStatus,
    Urgency,
)
from outreach.storage.among import among
from outreach.storage.models import Attempt, Base, BreakerRow, Message, Touchpoint

_TRIPPED = "tripped"
_QUEUED = literal(MessageStatus.QUEUED, Message.status.type, literal_execute=True)
"""In the statement itself: so both databases see that the partial index of the queue is meant."""


def _ready(
    lanes: Collection[Urgency], channel: ChannelKind, clinic_now: datetime, machine_now: datetime
) -> tuple[ColumnElement[bool], ...]:
    return (
        Message.status == _QUEUED,
        Message.urgency.in_(lanes),
        Message.channel == channel,
        Message.retry_at <= machine_now,
        Message.not_before <= clinic_now,
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a worker asks before it claims."""

    kinds: set[ChannelKind]
    """The ways by which something may leave now."""
    tripped: bool
    """Whether any breaker is not closed."""


class Claims:
    """Queries about what leaves."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def waiting(
        self, lanes: Collection[Urgency], clinic_now: datetime, machine_now: datetime
    ) -> Waiting:
        """The ways by which something may leave now, asked of the index of the queue, and whether
        any sender or account is stopped: in one statement, because each drain asks it."""
        asked = [
            select(literal(kind.value)).where(
                exists().where(*_ready(lanes, kind, clinic_now, machine_now))
            )
            for kind in ChannelKind
        ]
        stopped = exists().where(BreakerRow.state != BreakerState.CLOSED)
        asked.append(select(literal(_TRIPPED)).where(stopped))
        found = set(self._session.scalars(union_all(*asked)))
        return Waiting({kind for kind in ChannelKind if kind in found}, _TRIPPED in found)

    def claim(
        self,
        lanes: Collection[Urgency],
        channel: ChannelKind,
        *,
        claim_id: UUID,
        clinic_now: datetime,
        machine_now: datetime,
        lease_until: datetime,
        limit: int,
    ) -> list[Message]:
        """Takes up to ``limit`` queued messages of a channel for one worker, in one statement.

        Two workers never get the same row: PostgreSQL skips locked rows, SQLite writes one by one.
        """
        chosen = (
            select(Message.id)
            .where(*_ready(lanes, channel, clinic_now, machine_now))
            .order_by(Message.urgency.desc(), Message.retry_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            # PostgreSQL may run a plain subquery of an UPDATE again and again, and each run skips
            # what the last one locked: it would claim more than the limit. A materialized one not.
            .cte("chosen")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        claimed = self._session.scalars(
            update(Message)
            .where(Message.id.in_(select(chosen.c.id)))
            .values(
                status=MessageStatus.CLAIMED,
                claim_id=claim_id,
                lease_until=lease_until,
                attempts=Message.attempts + 1,
            )
            .returning(Message)
        )
        return sorted(claimed, key=lambda row: row.id)

    def abandoned(self, machine_now: datetime, limit: int) -> list[Message]:
        """Claimed messages whose lease has run out: their worker died."""
        query = (
            select(Message)
            .where(Message.status == MessageStatus.CLAIMED, Message.lease_until <= machine_now)
            .order_by(Message.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def still_held(self, claim_id: UUID, ids: Collection[UUID]) -> set[UUID]:
        """Those of a worker's messages that stand as it claimed them, locked for this unit."""
        query = (
            select(Message.id)
            .where(
                among(Message.id, ids),
                Message.claim_id == claim_id,
                Message.status == MessageStatus.CLAIMED,
                Message.provider_id.is_(None),
            )
            .order_by(Message.id)
            .with_for_update()
        )
        return set(self._session.scalars(query))

    def accepted(
        self, messages: Sequence[Mapping[str, Any]], attempts: Sequence[Mapping[str, Any]]
    ) -> None:
        """The provider has these: rows by ``id``, with what it told of them.

        Raises:
            sqlalchemy.exc.IntegrityError: it is known under the same name as another attempt.
        """
        self._set(Message, [{"status": MessageStatus.ACCEPTED, **row} for row in messages])
        self._set(Attempt, [{"outcome": AttemptOutcome.ACCEPTED, **row} for row in attempts])

    def touchpoints_sent(self, ids: Collection[UUID], clinic_now: datetime) -> None:
        """Planned contacts whose message has left."""
        self._session.execute(
            update(Touchpoint)
            .where(among(Touchpoint.id, ids), Touchpoint.status == TouchpointStatus.QUEUED)
            .values(status=TouchpointStatus.SENT, decided_at=clinic_now)
            .execution_options(synchronize_session=False)
        )

    def _set(self, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Straight to the table, all rows by one statement: the session has none of them."""
        plain: Table = table.__table__  # type: ignore[assignment]
        changed = [name for name in rows[0] if name != "id"]
        statement = (
            update(plain)
            .where(plain.c.id == bindparam("of_id"))
            .values({name: bindparam(f"to_{name}") for name in changed})
        )
        self._session.connection().execute(
            statement,
            [{"of_id": row["id"], **{f"to_{name}": row[name] for name in changed}} for row in rows],
        )
