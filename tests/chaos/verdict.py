"""What must hold when a system has recovered: our rows beside what the carrier wrote down."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
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
from tests.chaos.traffic import Books, Says

_OUR_ID = re.compile(r"\b[0-9a-f]{32}\b")
_CAME_BACK = frozenset({"undelivered", "failed"})
"""The carrier's words for a text that did not arrive, so that another may follow."""
_WENT = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.DELIVERED})
_NEVER_WENT = frozenset({MessageStatus.SKIPPED})
_OPEN = frozenset({MessageStatus.CLAIMED, MessageStatus.UNKNOWN})
_FLAGGED = frozenset({Says.RED_FLAG})
_SETTLED = frozenset({InboxStatus.APPLIED})
"""Nothing else may become of the events of a drill: all are whole, new and about somebody."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must never be: its kind, and of what it is true (ids alone)."""

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


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


def violations(scene: Scene) -> list[Violation]:
    """Everything that is not as promised; empty when all is well."""
    return [
        *_doubled(scene),
        *_disagreeing(scene),
        *_left_open(scene),
        *_lost_events(scene),
        *_not_texted(scene),
        *_replies(scene),
    ]


def _doubled(scene: Scene) -> Iterable[Violation]:
    stayed = [one for one in scene.accepted if one.status not in _CAME_BACK]
    by_message = Counter(one.message_id for one in stayed if one.message_id is not None)
    for message_id, count in by_message.items():
        if count > 1:
            yield Violation("doubled", f"message {message_id} was accepted {count} times")
    staff = {text.id for text in scene.our.texts if text.purpose is Purpose.STAFF}
    told = Counter((one.to, one.body) for one in stayed if one.message_id not in staff)
    for (to, _), count in told.items():
        if count > 1:
            yield Violation("said twice", f"{count} equal texts to the phone ending {to[-4:]}")


def _disagreeing(scene: Scene) -> Iterable[Violation]:
    theirs: dict[UUID, list[Accepted]] = defaultdict(list)
    for one in scene.accepted:
        if one.message_id is not None:
            theirs[one.message_id].append(one)
    known = {text.id for text in scene.our.texts}
    for message_id in theirs.keys() - known:
        yield Violation("unknown to us", f"the carrier has message {message_id}, we do not")
    for text in scene.our.texts:
        taken = theirs.get(text.id, [])
        named = {one.sid for one in taken}
        if text.status in _WENT and text.provider_id not in named:
            yield Violation("imagined", f"message {text.id} is {text.status}, not at the carrier")
        arrived = [one for one in taken if one.status not in _CAME_BACK]
        asked = text.channel is ChannelKind.SMS  # of others a look-up tells nothing: staff decide
        if (text.status in _NEVER_WENT and taken) or (
            text.status is MessageStatus.FAILED and arrived and asked
        ):
            yield Violation("denied", f"message {text.id} is {text.status}, but it was accepted")


def _left_open(scene: Scene) -> Iterable[Violation]:
    for text in scene.our.texts:
        if text.status in _OPEN or text.ready:
            yield Violation("left open", f"message {text.id} is still {text.status}")
    for touchpoint_id in scene.our.overdue:
        yield Violation("left open", f"touchpoint {touchpoint_id} is due and has not ended")


def _lost_events(scene: Scene) -> Iterable[Violation]:
    for one in scene.books.fed:
        if one.arrival is None:
            yield Violation("refused", f"the event of {one.phone[-4:]} was never taken")
        elif one.arrival not in scene.our.events:
            yield Violation("lost event", f"arrival {one.arrival} was acknowledged and is not here")
    for arrival in scene.our.unsettled_events:
        yield Violation("lost event", f"arrival {arrival} was not applied")


def _not_texted(scene: Scene) -> Iterable[Violation]:
    """Each patient was fed one reason for a text: it was accepted, or it ended with a reason.

    Whether a touchpoint is over is ``_left_open``'s to see; here nobody may be without either.
    """
    reached = {one.to for one in scene.accepted}
    for one in scene.books.fed:
        if one.phone not in reached and not scene.our.reasons.get(one.phone):
            yield Violation("lost", f"arrival {one.arrival} led to no text and to no reason")


def _replies(scene: Scene) -> Iterable[Violation]:
    answers: dict[UUID, list[Text]] = defaultdict(list)
    for text in scene.our.texts:
        if text.reply_id is not None and text.purpose is Purpose.REPLY:
            answers[text.reply_id].append(text)
    at_carrier = Counter(one.message_id for one in scene.accepted)
    stayed = Counter(one.message_id for one in scene.accepted if one.status not in _CAME_BACK)
    bodies = " ".join(one.body for one in scene.accepted)
    for written in scene.books.written:
        found = scene.our.replies.get(written.sid)
        if found is None:
            yield Violation("lost reply", f"reply {written.sid} never reached us")
            continue
        reply_id, read = found
        if not read:
            yield Violation("lost reply", f"reply {reply_id} was not read")
        said = sum(stayed[text.id] for text in answers[reply_id])
        if said > 1:
            yield Violation("answered twice", f"reply {reply_id} was answered {said} times")
        if written.says in _FLAGGED:
            tried = sum(at_carrier[text.id] for text in answers[reply_id])
            yield from _flagged(scene, reply_id, tried, bodies)


def _flagged(scene: Scene, reply_id: UUID, tried: int, bodies: str) -> Iterable[Violation]:
    codes = scene.our.urgent.get(reply_id, [])
    if len(codes) != 1:
        yield Violation("red flag", f"reply {reply_id} made {len(codes)} urgent items")
    if any(code not in bodies for code in codes):
        yield Violation("red flag", f"nobody was paged of reply {reply_id}")
    if not tried:
        yield Violation("red flag", f"the patient of reply {reply_id} got no answer")


# -- reading the scene


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
            Message.touchpoint_id.is_not(None), Message.status.in_((MessageStatus.QUEUED, *_OPEN))
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
