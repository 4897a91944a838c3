"""Whether a message that failed is tried again, and after how long: the arithmetic of reactions.

Every wait is spread by a number that belongs to the message, so that what failed together does not
come back together. What cannot be tried again while it is of use is not tried at all: it goes
another way, or staff call.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.domain.reactions import Reaction

CARRIER_ZONE = ZoneInfo("America/Los_Angeles")
"""Where the day of a daily cap ends: US carriers count theirs in Pacific time."""
UNREACHABLE_WAIT = timedelta(hours=2)
"""A phone that is off or out of reach is tried again once, this much later."""
SUSPECT_AFTER = 3
"""So many messages in a row, each unreachable, and a number is not texted for a while."""
SUSPECT_FOR = timedelta(days=14)
"""How long (clinic time), unless somebody writes from it or a text arrives there before."""

_HOURLY = frozenset({60728})
_SLOWEST = timedelta(minutes=5)
_FIRST = timedelta(seconds=2)
_ALONE = timedelta(minutes=15)
"""A message refused for our settings, while others pass, waits for somebody to mend them."""
_MOST = {
    Reaction.UNREACHABLE_RETRY_LATER: 1,
    Reaction.RESEND_SAFELY: 2,
    Reaction.EXPIRED: 2,
}
"""How many further tries a reaction leaves; the others are bound by use alone."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One try that certainly did not arrive, as this decision sees it."""

    reaction: Reaction
    code: int | None
    times: int
    """How many tries of this message failed for this reaction, this one included."""
    left: timedelta
    """For how long the message is still of use."""
    spread: float
    """0 to 1, the message's own (``spread_of``)."""
    now: datetime
    """Machine time, UTC: resets and waits are the provider's, not the clinic's."""
    retry_after: float | None = None
    """Seconds the provider asked for."""
    patient: bool = True
    """Whether it may wait for hours: a planned message. An answer or a page may not."""
    stopped: bool = False
    """The breaker of its sender or account is open: that decides when it goes, not this."""


def spread_of(message_id: UUID, number: int) -> float:
    """A number from 0 to 1 for one try of a message: the same each time it is asked."""
    return ((message_id.int ^ (number * 0x9E3779B97F4A7C15)) % 65_521) / 65_521


def backoff(number: int, spread: float) -> timedelta:
    """The wait after the ``number``-th failure in a row: 2 s, doubled up to five minutes, of which
    up to a half is taken off by ``spread``."""
    whole = min(_SLOWEST, _FIRST * (1 << min(number - 1, 16)))
    return whole * (1 - spread / 2)


def wait_before_next(failure: Failure, zone: ZoneInfo = CARRIER_ZONE) -> timedelta | None:
    """How long (machine time) until the next try; None where there is none, and the message ends.

    Args:
        failure: what failed, and what is left.
        zone: where the day of a daily cap ends.
    """
    if failure.left <= timedelta():
        return None
    most = _MOST.get(failure.reaction)
    if most is not None and failure.times > most:
        return None
    wait = _wait(failure, zone)
    return wait if wait is not None and wait < failure.left else None


def _wait(failure: Failure, zone: ZoneInfo) -> timedelta | None:
    match failure.reaction:
        case Reaction.SLOW_DOWN:
            return slowed(failure.times, failure.spread, failure.retry_after)
        case Reaction.DEFER_PAST_RESET:
            return _until_reset(failure, zone)
        case Reaction.UNREACHABLE_RETRY_LATER if failure.patient:
            return UNREACHABLE_WAIT * (1 + failure.spread / 4)
        case Reaction.RESEND_SAFELY | Reaction.EXPIRED:
            return backoff(failure.times, failure.spread)
        case Reaction.SENDER_BLOCKED | Reaction.PAUSE_ACCOUNT:
            return timedelta() if failure.stopped else _ALONE * (1 + failure.spread / 4)
    return None


def slowed(number: int, spread: float, retry_after: float | None) -> timedelta:
    """The wait after "too fast", or after a request that never left: never shorter than asked."""
    asked = timedelta(seconds=retry_after or 0.0)
    return max(backoff(number, spread), asked * (1 + spread / 10))


def _until_reset(failure: Failure, zone: ZoneInfo) -> timedelta:
    """Past the next full hour for an hourly cap, else past the carrier's midnight."""
    here = failure.now.astimezone(zone)
    if failure.code in _HOURLY:
        reset = here.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return reset - here + timedelta(minutes=5) * failure.spread
    midnight = datetime.combine(here.date() + timedelta(days=1), time(), zone)
    # of two instants in one zone Python subtracts the wall clocks: wrong when the clocks change
    return midnight.astimezone(failure.now.tzinfo) - failure.now + _ALONE * failure.spread
