"""Arrivals: stored before they are acknowledged, settled one by one."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from outreach.storage.among import among
from outreach.storage.models import InboxEvent, InboxStatus

_ONE_AT_A_TIME = 0x6F757472  # any number that nothing else in this database locks

_WAITING = InboxEvent.status == InboxStatus.RECEIVED
_IN_ORDER = (InboxEvent.received_at, InboxEvent.id)


class Inbox:
    """Queries about arrivals."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def event(self, event_id: UUID) -> InboxEvent | None:
        """One arrival."""
        return self._session.get(InboxEvent, event_id)

    def known(self, source: str, event_id: str, digests: Iterable[str]) -> dict[str, UUID]:
        """Digest -> arrival, for those of these bytes that came before."""
        query = select(InboxEvent.digest, InboxEvent.id).where(
            InboxEvent.source == source,
            InboxEvent.event_id == event_id,
            among(InboxEvent.digest, set(digests)),
        )
        return {row.digest: row.id for row in self._session.execute(query)}

    def take(self, limit: int) -> list[InboxEvent]:
        """The oldest arrivals that are not settled, locked for this unit; without their bytes.

        One unit at a time in the whole installation: two events about one visit keep their order,
        and no two workers meet a new patient at once.
        """
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
        query = select(InboxEvent).where(_WAITING).order_by(*_IN_ORDER).limit(limit)
        without_bytes = query.options(defer(InboxEvent.raw))
        return list(self._session.scalars(without_bytes.with_for_update(skip_locked=True)))

    def oldest(self, limit: int, size: int) -> list[InboxEvent]:
        """What ``take`` would give, with their bytes and without holding them.

        As many as have ``size`` bytes together, or the oldest alone.
        """
        query = select(InboxEvent.id, func.length(InboxEvent.raw)).where(_WAITING)
        ids: list[UUID] = []
        for row_id, length in self._session.execute(query.order_by(*_IN_ORDER).limit(limit)):
            size -= length
            if ids and size < 0:
                break
            ids.append(row_id)
        rows = select(InboxEvent).where(among(InboxEvent.id, ids)).order_by(*_IN_ORDER)
        return list(self._session.scalars(rows)) if ids else []

    def twins_before(self, row: InboxEvent) -> int:
        """How many earlier items of the same arrival have the very bytes of this one."""
        siblings = self.children_of(row.parent_id) if row.parent_id is not None else []
        earlier = siblings[: [item.id for item in siblings].index(row.id)] if siblings else []
        return sum(item.digest == row.digest for item in earlier)

    def with_status(self, status: InboxStatus, limit: int = 500) -> list[InboxEvent]:
        """Arrivals in one status, newest first."""
        query = select(InboxEvent).where(InboxEvent.status == status)
        return list(self._session.scalars(query.order_by(InboxEvent.id.desc()).limit(limit)))

    def children_of(self, parent_id: UUID) -> list[InboxEvent]:
        """The items of an arrival that held several, in its order."""
        query = select(InboxEvent).where(InboxEvent.parent_id == parent_id)
        rows = self._session.scalars(query)
        return sorted(rows, key=lambda row: int(row.event_id.rpartition(":")[2]))
