"""Outbound messages: claimed in batches, recorded in batches, settled one by one."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from outreach.domain.journeys import Anchor
from outreach.domain.states import (
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    Purpose,
    SkipReason,
)
from outreach.storage.among import among
from outreach.storage.models import Attempt, Message, Touchpoint

_WENT_OUT = (
    MessageStatus.CLAIMED,
    MessageStatus.UNKNOWN,
    MessageStatus.ACCEPTED,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
)
_CAME_TO_NOTHING = (MessageStatus.SKIPPED, MessageStatus.FAILED, MessageStatus.UNDELIVERED)
_LONGEST_WAIT = timedelta(days=14)
"""No message that is still of use waits longer than this between its making and its going."""


def _times(
    rows: Iterable[Row[Any, datetime | None, datetime]], since: datetime
) -> dict[Any, list[datetime]]:
    """Whose -> when, from rows of whose, when it was accepted and when it was made."""
    found: dict[Any, list[datetime]] = defaultdict(list)
    for whose, accepted_at, created_at in rows:
        if (went := accepted_at or created_at) > since:
            found[whose].append(went)
    return found


def mark(visit_id: UUID, version: int) -> str:
    """How a message notes that it names a visit, at the time and place of a version."""
    return f"{visit_id}@{version}"


@dataclass(frozen=True, slots=True)
class Told:
    """One text about a visit: by which step, which visits it names, and how far it came."""

    touchpoint_id: UUID
    step: str
    visit_id: UUID | None
    version: int
    named: frozenset[str]
    status: MessageStatus
    made_at: datetime
    """Clinic time."""

    def names(self, visit_id: UUID, version: int) -> bool:
        """Whether a visit is spoken of in it, at this version's time and place."""
        own = (visit_id, version) == (self.visit_id, self.version)
        return own or mark(visit_id, version) in self.named

    def speaks_of(self, visit_id: UUID) -> bool:
        """Whether a visit is spoken of in it, at whatever time and place."""
        return visit_id == self.visit_id or any(
            name.startswith(f"{visit_id}@") for name in self.named
        )


class Messages:
    """Queries about messages and attempts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def messages(self, ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, Message]:
        """Messages by id, as the database has them now."""
        query = select(Message).where(among(Message.id, ids)).order_by(Message.id)
        if lock:
            query = query.with_for_update()
        rows = self._session.scalars(query.execution_options(populate_existing=True))
        return {row.id: row for row in rows}

    def of_touchpoints(self, ids: Collection[UUID]) -> dict[UUID, list[Message]]:
        """The messages of touchpoints."""
        found: dict[UUID, list[Message]] = defaultdict(list)
        query = select(Message).where(among(Message.touchpoint_id, ids)).order_by(Message.id)
        for row in self._session.scalars(query):
            if row.touchpoint_id is not None:
                found[row.touchpoint_id].append(row)
        return found

    def told_of_visits(
        self, patient_ids: Collection[UUID], since: datetime
    ) -> Iterator[tuple[UUID, Told]]:
        """What was texted about visits to come since an instant (clinic time), by patient."""
        query = (
            select(
                Touchpoint.patient_id,
                Touchpoint.id,
                Touchpoint.step,
                Touchpoint.appointment_id,
                Touchpoint.anchor_version,
                Message.visits,
                Message.status,
                Message.created_at,
            )
            .join(Touchpoint, Message.touchpoint_id == Touchpoint.id)
            .where(
                among(Touchpoint.patient_id, patient_ids),
                Touchpoint.anchor_kind == Anchor.VISIT_START,
                Message.created_at > since,
            )
            .order_by(Message.id)
        )
        for (
            patient_id,
            row_id,
            step,
            visit_id,
            version,
            named,
            status,
            made_at,
        ) in self._session.execute(query):
            names = frozenset(named)
            yield patient_id, Told(row_id, step, visit_id, version, names, status, made_at)

    def of_patient(self, patient_id: UUID) -> list[Message]:
        """A patient's messages by time."""
        query = select(Message).where(Message.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(Message.created_at, Message.id)))

    def everything(self) -> list[Message]:
        """All messages by time, for checks on small installations."""
        return list(self._session.scalars(select(Message).order_by(Message.created_at, Message.id)))

    def id_of_reason(self, reason_key: str) -> UUID | None:
        """The message that was made for a reason, on whatever channel."""
        return self._session.scalar(select(Message.id).where(Message.reason_key == reason_key))

    def any_with(self, statuses: Collection[MessageStatus]) -> bool:
        """Whether any message stands in one of these statuses."""
        query = select(Message.id).where(Message.status.in_(statuses)).limit(1)
        return self._session.scalar(query) is not None

    def stop_pages(self, followup_id: UUID) -> None:
        """Ends the pages about an item that still wait in the queue."""
        self._session.execute(
            update(Message)
            .where(Message.followup_id == followup_id, Message.status == MessageStatus.QUEUED)
            .values(status=MessageStatus.SKIPPED, reason=SkipReason.STOPPED)
            .execution_options(synchronize_session="fetch")
        )

    def by_provider_ids(self, provider_ids: Collection[str]) -> dict[str, UUID]:
        """Provider id -> message id."""
        query = select(Message.provider_id, Message.id).where(
            among(Message.provider_id, provider_ids)
        )
        return {sid: key for sid, key in self._session.execute(query) if sid is not None}

    def attempts_of(self, ids: Collection[UUID]) -> dict[UUID, Attempt]:
        """The latest attempt of each message."""
        query = (
            select(Attempt)
            .where(among(Attempt.message_id, ids))
            .order_by(Attempt.message_id, Attempt.number)
        )
        return {row.message_id: row for row in self._session.scalars(query)}

    def all_attempts(self, message_id: UUID) -> list[Attempt]:
        """Every try of a message, in order."""
        query = select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.number)
        return list(self._session.scalars(query))

    def take_unsettled(self, machine_now: datetime, limit: int) -> list[Attempt]:
        """Attempts with an unknown outcome that are due for a look-up."""
        query = (
            select(Attempt)
            .where(Attempt.outcome == AttemptOutcome.UNKNOWN, Attempt.next_check_at <= machine_now)
            .order_by(Attempt.next_check_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def attempts_named(self, provider_ids: Collection[str]) -> dict[str, Attempt]:
        """Provider id -> the attempt that has it, locked for this unit."""
        query = select(Attempt).where(among(Attempt.provider_id, provider_ids)).with_for_update()
        return {row.provider_id: row for row in self._session.scalars(query) if row.provider_id}

    def claimed_provider_ids(self, provider_ids: Collection[str]) -> set[str]:
        """Those of the provider's ids that already settle an attempt."""
        query = select(Attempt.provider_id).where(among(Attempt.provider_id, provider_ids))
        return {sid for sid in self._session.scalars(query) if sid is not None}

    def recent(
        self, indexes: Collection[str], since: datetime, besides: Collection[UUID] = ()
    ) -> dict[str, list[datetime]]:
        """When messages, ``besides`` some, went to each address since an instant (clinic time).

        Care texts count towards the caps of campaigns; answers and pages do not.
        """
        query = select(Message.address_index, Message.accepted_at, Message.created_at).where(
            among(Message.address_index, indexes),
            Message.created_at > since - _LONGEST_WAIT,
            Message.status.in_(_WENT_OUT),
            Message.id.not_in(besides),
            Message.purpose.not_in((Purpose.REPLY, Purpose.STAFF)),
        )
        return _times(self._session.execute(query), since)

    def care_since(
        self, patient_ids: Collection[UUID], since: datetime
    ) -> dict[UUID, list[datetime]]:
        """When care texts went to patients since an instant (clinic time), or were queued."""
        query = select(Message.patient_id, Message.accepted_at, Message.created_at).where(
            among(Message.patient_id, patient_ids),
            Message.created_at > since - _LONGEST_WAIT,
            Message.status.in_((*_WENT_OUT, MessageStatus.QUEUED)),
            Message.purpose == Purpose.CARE,
            Message.channel == ChannelKind.SMS,
        )
        return _times(self._session.execute(query), since)

    def latest_to(self, index: str, limit: int) -> list[tuple[MessageStatus, int | None]]:
        """How the newest messages to an address stand, each with its error code."""
        query = (
            select(Message.status, Message.error_code)
            .where(Message.address_index == index)
            .order_by(Message.created_at.desc(), Message.id.desc())
            .limit(limit)
        )
        return [(status, code) for status, code in self._session.execute(query)]

    def answers_since(self, index: str, since: datetime) -> int:
        """How many automatic answers went to an address since an instant (clinic time)."""
        query = select(func.count()).where(
            Message.address_index == index,
            Message.created_at > since,
            Message.purpose == Purpose.REPLY,
            Message.reply_id.is_not(None),
        )
        return self._session.scalar(query) or 0

    def answers_to(self, reply_ids: Collection[UUID]) -> set[str]:
        """The messages that answer these replies, but for those that came to nothing."""
        query = select(Message.template).where(
            among(Message.reply_id, reply_ids),
            Message.purpose == Purpose.REPLY,
            Message.status.not_in(_CAME_TO_NOTHING),
        )
        return set(self._session.scalars(query))

    def next_not_before(self, now: datetime) -> datetime | None:
        """When the earliest waiting message may go (clinic time), if that is later than ``now``."""
        query = select(Message.not_before).where(
            Message.status == MessageStatus.QUEUED, Message.not_before > now
        )
        return self._session.scalar(query.order_by(Message.not_before).limit(1))

    def move_to(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the survivor has the prior record's thread."""
        self._session.execute(
            update(Message).where(Message.patient_id == prior).values(patient_id=survivor)
        )
