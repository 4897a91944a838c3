"""Touchpoints: claimed when due, ended with a reason, never deleted."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from outreach.domain.journeys import Anchor
from outreach.domain.states import (
    ChannelKind,
    MessageStatus,
    Purpose,
    SkipReason,
    TouchpointStatus,
)
from outreach.storage.among import among
from outreach.storage.memory import flush, memory_of
from outreach.storage.models import JourneyVersion, Message, Touchpoint

_OPEN = (TouchpointStatus.PLANNED, TouchpointStatus.QUEUED)
_DECIDING = 0x647565
"""Any number that nothing else in this database locks."""
_CAME_TO_NOTHING = (MessageStatus.SKIPPED, MessageStatus.FAILED, MessageStatus.UNDELIVERED)


class Ledger:
    """Queries about planned contacts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def decide_alone(self) -> None:
        """Others who decide on what is due wait until this unit ends.

        Two workers that decided at once would not see each other's texts about one day of one
        patient. PostgreSQL only: a write unit of SQLite is alone anyway.
        """
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(select(func.pg_advisory_xact_lock(_DECIDING)))

    def take_due(self, now: datetime, limit: int) -> list[Touchpoint]:
        """Planned touchpoints whose time has come (clinic time), locked for this unit."""
        query = (
            select(Touchpoint)
            .where(Touchpoint.status == TouchpointStatus.PLANNED, Touchpoint.due_at <= now)
            .order_by(Touchpoint.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def touchpoints(self, ids: Collection[UUID]) -> dict[UUID, Touchpoint]:
        """Touchpoints by id."""
        rows = self._session.scalars(select(Touchpoint).where(among(Touchpoint.id, ids)))
        return {row.id: row for row in rows}

    def of_anchor(self, anchor_id: UUID) -> list[Touchpoint]:
        """All that was ever planned for an anchor."""
        memory = memory_of(self._session)
        made_here = None if memory is None else memory.group(Touchpoint, anchor_id)
        if made_here is not None:
            return sorted(made_here, key=lambda row: row.due_at)
        query = select(Touchpoint).where(Touchpoint.anchor_id == anchor_id)
        return list(self._session.scalars(query.order_by(Touchpoint.due_at)))

    def of_anchors(
        self, kind: Anchor, ids: Collection[UUID], *, lock: bool = False
    ) -> dict[UUID, list[Touchpoint]]:
        """All that was ever planned from this moment of several anchors, by anchor."""
        query = select(Touchpoint).where(
            among(Touchpoint.anchor_id, ids), Touchpoint.anchor_kind == kind
        )
        if lock:
            query = query.with_for_update()
        found: dict[UUID, list[Touchpoint]] = defaultdict(list)
        for row in self._session.scalars(query.order_by(Touchpoint.due_at, Touchpoint.id)):
            found[row.anchor_id].append(row)
        return found

    def overdue(self, anchor_ids: Collection[UUID], now: datetime) -> list[Touchpoint]:
        """What waits of visits to come although its time has come (clinic time)."""
        query = select(Touchpoint).where(
            among(Touchpoint.anchor_id, anchor_ids),
            Touchpoint.anchor_kind == Anchor.VISIT_START,
            Touchpoint.status == TouchpointStatus.PLANNED,
            Touchpoint.due_at <= now,
        )
        return list(self._session.scalars(query))

    def journey_names(self) -> set[str]:
        """The names of all journeys that files ever had."""
        return set(self._session.scalars(select(JourneyVersion.name).distinct()))

    def journeys_applied(self, digests: Mapping[str, str], by: str, now: datetime) -> None:
        """Notes who brought what was planned into line with these versions, and when."""
        for name, digest in digests.items():
            self._session.execute(
                update(JourneyVersion)
                .where(JourneyVersion.name == name, JourneyVersion.digest == digest)
                .values(applied_at=now, applied_by=by)
            )

    def of_patient(self, patient_id: UUID) -> list[Touchpoint]:
        """A patient's whole ledger by time."""
        query = select(Touchpoint).where(Touchpoint.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(Touchpoint.due_at, Touchpoint.id)))

    def everything(self) -> list[Touchpoint]:
        """The whole ledger by time, for simulations and small installations."""
        return list(
            self._session.scalars(select(Touchpoint).order_by(Touchpoint.due_at, Touchpoint.id))
        )

    def care_due(
        self, patient_ids: Collection[UUID], until: datetime
    ) -> dict[UUID, list[datetime]]:
        """When care texts are due to patients up to an instant (clinic time) and have not gone."""
        query = select(Touchpoint.patient_id, Touchpoint.due_at, Touchpoint.channels).where(
            among(Touchpoint.patient_id, patient_ids),
            Touchpoint.due_at <= until,
            Touchpoint.status.in_(_OPEN),
            Touchpoint.purpose == Purpose.CARE,
        )
        found: dict[UUID, list[datetime]] = defaultdict(list)
        for patient_id, due_at, channels in self._session.execute(query):
            if ChannelKind.SMS.value in channels:
                found[patient_id].append(due_at)
        return found

    def next_due(self) -> datetime | None:
        """When the earliest planned touchpoint is due (clinic time)."""
        query = select(Touchpoint.due_at).where(Touchpoint.status == TouchpointStatus.PLANNED)
        return self._session.scalar(query.order_by(Touchpoint.due_at).limit(1))

    def end_anchor(
        self,
        anchor_id: UUID,
        status: TouchpointStatus,
        reason: SkipReason,
        now: datetime,
        *,
        kind: Anchor | None = None,
        older_than: int | None = None,
        note: str = "",
    ) -> int:
        """Ends what has not left yet for an anchor: planned, or queued and not yet claimed.

        Args:
            kind: only what is counted from this moment of the anchor; None ends all but the word
                of a closed day, which is of more use than ever when the visit is called off.
            older_than: only anchor versions below this one (a move); None ends every version.
            note: why, for staff; none leaves what stands there.
        """
        memory = memory_of(self._session)
        made_here = None if memory is None else memory.group(Touchpoint, anchor_id)
        if made_here is not None:  # nobody has seen it yet, and no message speaks of it
            rows = [row for row in made_here if _is_meant(row, kind, older_than)]
            for row in rows:
                row.status, row.reason, row.decided_at = status, reason, now
                row.note = note or row.note
            return len(rows)
        matter = Touchpoint.anchor_id == anchor_id
        if kind is not None:
            matter &= Touchpoint.anchor_kind == kind
        else:
            matter &= Touchpoint.anchor_kind != Anchor.CLOSURE
        if older_than is not None:
            matter &= Touchpoint.anchor_version < older_than
        return self._end(matter, status, reason, now, note)

    def end_patient(
        self, patient_id: UUID, status: TouchpointStatus, reason: SkipReason, now: datetime
    ) -> int:
        """Ends all that has not left yet for a patient."""
        return self._end(Touchpoint.patient_id == patient_id, status, reason, now)

    def _end(
        self,
        matter: ColumnElement[bool],
        status: TouchpointStatus,
        reason: SkipReason,
        now: datetime,
        note: str = "",
    ) -> int:
        matter &= Touchpoint.status.in_(_OPEN)
        mine = select(Touchpoint.id).where(matter)
        flush(self._session)
        self._session.execute(
            update(Message)
            .where(Message.touchpoint_id.in_(mine), Message.status == MessageStatus.QUEUED)
            .values(status=MessageStatus.SKIPPED, reason=reason)
            .execution_options(synchronize_session="fetch")
        )
        leaving = select(Message.touchpoint_id).where(
            Message.touchpoint_id.in_(mine), Message.status.not_in(_CAME_TO_NOTHING)
        )
        ended = self._session.execute(
            update(Touchpoint)
            .where(matter, Touchpoint.id.not_in(leaving))
            .values(
                status=status, reason=reason, decided_at=now, **({"note": note} if note else {})
            )
            .returning(Touchpoint.id)
            .execution_options(synchronize_session="fetch")
        )
        return len(ended.all())

    def move_to(self, prior: UUID, survivor: UUID, now: datetime) -> None:
        """After a merge the survivor has the prior record's ledger.

        Where both were meant for the same thing (one campaign), the prior's own ends as a
        duplicate and stays where it is; the survivor's does when the prior's has left already.
        """
        ended = TouchpointStatus.SKIPPED, SkipReason.DUPLICATE, now
        mine, theirs = Touchpoint.patient_id == survivor, Touchpoint.patient_id == prior
        self._end(theirs & _has_twin(survivor), *ended)
        self._end(mine & _has_twin(prior, TouchpointStatus.QUEUED, TouchpointStatus.SENT), *ended)
        self._session.execute(
            update(Touchpoint).where(theirs, ~_has_twin(survivor)).values(patient_id=survivor)
        )


def _is_meant(row: Touchpoint, kind: Anchor | None, older_than: int | None) -> bool:
    """What ``end_anchor`` means, said of a row that is at hand."""
    right_kind = row.anchor_kind is not Anchor.CLOSURE if kind is None else row.anchor_kind is kind
    old = older_than is None or row.anchor_version < older_than
    return right_kind and old and row.status in _OPEN


def _has_twin(patient_id: UUID, *statuses: TouchpointStatus) -> ColumnElement[bool]:
    """Whether this patient has the same step of the same anchor, in one of these statuses."""
    twin = aliased(Touchpoint)
    same = [
        getattr(twin, name) == getattr(Touchpoint, name)
        for name in ("journey", "step", "anchor_kind", "anchor_id", "anchor_version")
    ]
    if statuses:
        same.append(twin.status.in_(statuses))
    return exists().where(twin.patient_id == patient_id, *same)
