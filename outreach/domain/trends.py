"""Trends: a symptom that is worse after each of three infusions in a row.

Each answer alone was judged when it came. What no single answer shows is that each infusion is
borne less well than the one before, which a nurse should know before the next.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

INFUSIONS = 3
"""So many infusions, each with a worse answer than the last, make a trend."""


@dataclass(frozen=True, slots=True)
class Graded:
    """One answer to a check-in: how bad one symptom was after one infusion."""

    infusion: UUID
    infused_at: datetime
    """When that infusion ended (UTC)."""
    symptom: str
    """A word of ours, such as ``overall``; only answers about the same symptom are compared."""
    severity: int
    """0 to 3."""


@dataclass(frozen=True, slots=True)
class Rise:
    """A symptom that rose with each infusion up to the latest one that was answered."""

    symptom: str
    began: UUID
    """The infusion with which the rise began: it names the rise for as long as it goes on."""
    severities: tuple[int, ...]
    """The worst answer after each infusion of the rise, oldest first."""


def rises(answers: Iterable[Graded]) -> list[Rise]:
    """The symptoms that are rising now, by name.

    The worst answer after an infusion counts for it. An infusion without an answer is left out: it
    says nothing. Each must be worse than the one before; a symptom that stays as bad has not risen.
    """
    worst: dict[str, dict[UUID, tuple[datetime, int]]] = defaultdict(dict)
    for one in answers:
        known = worst[one.symptom].get(one.infusion)
        severity = one.severity if known is None else max(known[1], one.severity)
        worst[one.symptom][one.infusion] = (one.infused_at, severity)
    found = []
    for symptom, infusions in sorted(worst.items()):
        run = _last_run(sorted((at, name, severity) for name, (at, severity) in infusions.items()))
        if len(run) >= INFUSIONS:
            found.append(Rise(symptom, run[0][1], tuple(severity for _, _, severity in run)))
    return found


def _last_run(infusions: list[tuple[datetime, UUID, int]]) -> list[tuple[datetime, UUID, int]]:
    """The infusions at the end of the list of which each is worse than the one before."""
    start = len(infusions) - 1
    while start > 0 and infusions[start - 1][2] < infusions[start][2]:
        start -= 1
    return infusions[max(start, 0) :]
