"""A token bucket: how many segments may leave a sender now, with a reserve for what is urgent.

Pure arithmetic. ``outreach/pacing.py`` keeps a bucket for each sender in Redis, by these rules.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from outreach.domain.states import Urgency

BURST_SECONDS = 2.0
"""A bucket holds what a sender may send in this time; work is looked for every second."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left at an instant."""

    tokens: float
    at: float
    """Seconds of any clock that goes forward."""


def capacity(per_second: float) -> float:
    """The most a bucket holds: never less than two, or one of each would never fit in."""
    return max(2.0, per_second * BURST_SECONDS)


def floor_of(lanes: Collection[Urgency], per_second: float) -> float:
    """What these lanes must leave in the bucket: campaigns a half, so that care finds some.

    Urgent work does not ask: it goes, and is taken off afterwards, if need be as a debt.
    """
    return capacity(per_second) / 2 if set(lanes) == {Urgency.BULK} else 0.0


def refilled(bucket: Bucket | None, per_second: float, now: float) -> Bucket:
    """As it stands at ``now``; an unknown one is full. A clock that stepped back adds nothing."""
    most = capacity(per_second)
    if bucket is None:
        return Bucket(most, now)
    gained = max(0.0, now - bucket.at) * per_second
    return Bucket(min(most, bucket.tokens + gained), now)


def taken(bucket: Bucket, want: int, floor: float) -> tuple[int, Bucket]:
    """How many of ``want`` are granted, and what is left."""
    granted = max(0, min(want, int(bucket.tokens - floor)))
    return granted, replace(bucket, tokens=bucket.tokens - granted)


def given_back(bucket: Bucket, per_second: float, tokens: float) -> Bucket:
    """What was granted and not used; negative where more was used."""
    return replace(bucket, tokens=min(capacity(per_second), bucket.tokens + tokens))
