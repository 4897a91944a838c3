"""What must hold when a system has recovered: our rows beside what the carrier wrote down."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from outreach.domain.states import ChannelKind, MessageStatus, Purpose
from tests.chaos.scene import OPEN, Accepted, Scene, Text
from tests.chaos.traffic import Says

_CAME_BACK = frozenset({"undelivered", "failed"})
"""The carrier's words for a text that did not arrive, so that another may follow."""
_WENT = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.DELIVERED})
_NEVER_WENT = frozenset({MessageStatus.SKIPPED})
_NO_END = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT})
_ENDED = frozenset({"delivered", *_CAME_BACK})
_FLAGGED = frozenset({Says.RED_FLAG})
PASSING = frozenset({"left open", "imagined", "unknown to us", "unheard", "lost reply"})
"""Kinds that are also true for a moment of a system at work, and wrong only when they stay: the
carrier's record is read a little before our own.
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must never be: its kind, and of what it is true (ids alone)."""

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def violations(scene: Scene) -> list[Violation]:
    """Everything that is not as promised; empty when all is well."""
    return [
        *_doubled(scene),
        *_disagreeing(scene),
        *_unheard(scene),
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
        # one that came back waits to go again, and what waits may still be skipped
        never = text.status in _NEVER_WENT or (text.status is MessageStatus.FAILED and asked)
        if never and arrived:
            yield Violation("denied", f"message {text.id} is {text.status}, but it was accepted")


def _unheard(scene: Scene) -> Iterable[Violation]:
    """How a text ended is told by a report, or the carrier is asked; of others nobody can ask."""
    ended = {one.sid: one.status for one in scene.accepted if one.status in _ENDED}
    for text in scene.our.texts:
        if text.status in _NO_END and text.channel is ChannelKind.SMS and text.provider_id in ended:
            said = ended[text.provider_id]
            yield Violation("unheard", f"message {text.id} is {text.status}, at the carrier {said}")


def _left_open(scene: Scene) -> Iterable[Violation]:
    for text in scene.our.texts:
        if text.status in OPEN or text.ready:
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
