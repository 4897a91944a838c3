"""Escalation: who is paged next about an item that nobody has taken. It never ends by itself.

On duty, then backup, on call, answering service, each after its own wait, then round again. A rung
on which nobody stands, or nobody who can be reached now, is passed over at once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.domain.roster import Duty, Roster, StaffMember, on_at
from outreach.domain.states import ChannelKind

_LADDER = tuple(Duty)


@dataclass(frozen=True, slots=True)
class Round:
    """One round of pages."""

    duty: Duty | None
    """The rung; None: nobody is on, so that everybody on the roster is paged."""
    people: tuple[StaffMember, ...]
    wait: timedelta
    """How long they have before the next round."""
    again: bool
    """The ladder was climbed to its end: this round begins it anew."""


def next_round(
    roster: Roster,
    last: Duty | None,
    at: datetime,
    channels: Collection[ChannelKind],
    *,
    begun: bool,
) -> Round:
    """The round that follows ``last``; the first one where none has ``begun``.

    Only who can be paged by one of ``channels`` counts. Where nobody on any rung can, all on the
    roster who can are paged: an empty roster must not keep a red flag from people.
    """
    on = on_at(roster, at)
    start = 0 if last is None else _LADDER.index(last) + 1
    for place in range(start, start + len(_LADDER)):
        duty = _LADDER[place % len(_LADDER)]
        people = _reachable(on.get(duty, ()), channels)
        if people:
            again = begun and (last is None or place >= len(_LADDER))
            return Round(duty, people, roster.wait(duty), again)
    everybody = _reachable(tuple(roster.people.values()), channels)
    return Round(None, everybody, roster.wait(None), begun)


def _reachable(
    people: tuple[StaffMember, ...], channels: Collection[ChannelKind]
) -> tuple[StaffMember, ...]:
    return tuple(one for one in people if any(way.channel in channels for way in one.reach))


def after_failure(
    coming: Round, lap_began: datetime | None, due: datetime, now: datetime
) -> datetime:
    """When the round ``coming`` is due because a page came to nothing: at once.

    But nobody is paged again within the wait of their own rung, where the ladder begins anew: it
    keeps its pace when every page fails. Never later than it was ``due`` anyway.
    """
    if not coming.again or lap_began is None:
        return min(due, now)
    return min(due, max(now, lap_began + coming.wait))
