"""What a drill left behind: our rows, and what the carrier wrote down by itself."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from outreach.domain.states import (
    ChannelKind,
    MessageStatus,
    Priority,
    Purpose,
    TouchpointStatus,
)
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, InboxEvent, InboxStatus, Message, Reply, Touchpoint
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit
from tests.chaos.system import System
from tests.chaos.traffic import Books

_OUR_ID = re.compile(r"\b[0-9a-f]{32}\b")
OPEN = frozenset({MessageStatus.CLAIMED, MessageStatus.UNKNOWN})
_SETTLED = frozenset({InboxStatus.APPLIED})
"""Nothing else may become of the events of a drill: all are whole, new and about somebody."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message that the carrier took from us."""

    sid: str
    channel: str
    to: str
    body: str
    status: str
    message_id: UUID | None
    """Ours, as it stands in the address for receipts."""


@dataclass(frozen=True, slots=True)
class Text:
    """One message of ours."""

    id: UUID
    channel: ChannelKind
    purpose: Purpose
    status: MessageStatus
    provider_id: str | None
    ready: bool
    """Queued, and its hour has come."""
    touchpoint_id: UUID | None = None
    reply_id: UUID | None = None
    followup_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Our:
    """What our database says."""

    texts: Sequence[Text] = ()
    overdue: Sequence[UUID] = ()
    """Touchpoints whose hour has come and that have not ended, though no message of theirs waits
    for its own hour: after a clock went back that may be one to come.
    """
    unsettled_events: Sequence[str] = ()
    events: frozenset[str] = frozenset()
    """The arrivals that it knows."""
    replies: dict[str, tuple[UUID, bool]] = field(default_factory=dict)
    """The carrier's id of a reply -> ours, and whether it was read."""
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """Of each patient whom no text reached: how what was planned for them ended."""
    urgent: dict[UUID, list[str]] = field(default_factory=dict)
    """Reply -> codes of the urgent items it made."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a verdict rests on."""

    books: Books
    accepted: Sequence[Accepted]
    our: Our


def look(system: System, books: Books) -> Scene:
    """The scene as it is now: our database and the carrier's record."""
    taken = [
        Accepted(
            row["sid"],
            row["channel"],
            row["recipient"],
            row["body"],
            row["status"],
            _named(row["callback"] or row["reference"]),
        )
        for row in system.record()
        if row["origin"] == "app"
    ]
    reached = {one.to for one in taken}
    silent = [one.phone for one in books.fed if one.phone not in reached]
    return Scene(books, taken, _ours(system.world, silent))


def _named(reference: str) -> UUID | None:
    found = _OUR_ID.search(reference)
    return UUID(found.group()) if found is not None else None


def _ours(world: World, silent: Sequence[str]) -> Our:
    now = world.clinic_now()
    with world.db.read() as unit:
        session = unit._session
        texts = [
            _text(row, now)
            for row in session.execute(
                select(
                    Message.id, Message.channel, Message.purpose, Message.status,
                    Message.provider_id, Message.not_before, Message.touchpoint_id,
                    Message.reply_id, Message.followup_id,
                )
            )
        ]  # fmt: skip
        planned = (Touchpoint.status == TouchpointStatus.PLANNED) & (Touchpoint.due_at <= now)
        spoken_for = select(Message.touchpoint_id).where(
            Message.touchpoint_id.is_not(None), Message.status.in_((MessageStatus.QUEUED, *OPEN))
        )
        deserted = (Touchpoint.status == TouchpointStatus.QUEUED) & Touchpoint.id.not_in(spoken_for)
        overdue = session.scalars(select(Touchpoint.id).where(planned | deserted)).all()
        events = session.execute(select(InboxEvent.id, InboxEvent.status)).all()
        replies = session.execute(select(Reply.provider_id, Reply.id, Reply.triaged_at)).all()
        items = session.execute(
            select(FollowUp.reply_id, FollowUp.code).where(
                FollowUp.priority == Priority.URGENT,
                # an answer that came back makes an item of its own: that one says to phone now
                FollowUp.reason_key.startswith("reply:"),
            )
        ).all()
        reasons = {phone: _reasons(unit, phone, now) for phone in silent}
    urgent: dict[UUID, list[str]] = defaultdict(list)
    for reply_id, code in items:
        if reply_id is not None:
            urgent[reply_id].append(code)
    return Our(
        texts=texts,
        overdue=overdue,
        unsettled_events=[str(row) for row, status in events if status not in _SETTLED],
        events=frozenset(str(row) for row, _ in events),
        replies={sid: (row_id, at is not None) for sid, row_id, at in replies},
        reasons=reasons,
        urgent=dict(urgent),
    )


def _reasons(unit: Unit, phone: str, now: datetime) -> list[str]:
    rows = [
        row
        for patient in unit.people.at_address(address_index(ChannelKind.SMS, phone))
        for row in unit.ledger.of_patient(patient.id)
    ]
    return [f"{row.status}:{row.reason or row.note}" for row in rows if row.due_at <= now]


def _text(row: Any, now: datetime) -> Text:
    ready = row.status is MessageStatus.QUEUED and row.not_before <= now
    return Text(
        row.id,
        row.channel,
        row.purpose,
        row.status,
        row.provider_id,
        ready,
        row.touchpoint_id,
        row.reply_id,
        row.followup_id,
    )
