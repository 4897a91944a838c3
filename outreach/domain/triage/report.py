"""How well triage does on labelled replies: sensitivity, specificity, confusion, every miss.

Pure: the command line reads the file and prints what this returns.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outreach.domain.triage.result import Label, Triage

Z_95 = 1.959964
"""Two-sided 95 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One reply that people have labelled, and what triage made of it."""

    number: int
    """Where it stands in its file, from 1: a report names replies by it."""
    language: str
    expected: Label
    accepted: frozenset[Label]
    """Other labels that the people would have accepted."""
    got: Triage


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its Wilson score interval."""

    hits: int
    total: int

    @property
    def value(self) -> float | None:
        """The share, or None of nothing."""
        return self.hits / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval (JASA 1927;22:209); the whole range when nothing was counted."""
        if not self.total:
            return 0.0, 1.0
        n, share = self.total, self.hits / self.total
        scale = 1 + Z_95**2 / n
        centre = (share + Z_95**2 / (2 * n)) / scale
        half = Z_95 * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2)) / scale
        return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group of replies. Only the expected label counts, not accepted ones."""

    sensitivity: Rate
    """Urgent replies found urgent."""
    specificity: Rate
    """Other replies not found urgent."""
    accuracy: Rate
    """Replies that got their label or an accepted one."""
    opt_outs: Rate
    """Opt-out replies whose opt-out was seen, whatever their label."""
    false_opt_outs: int
    """Opt-outs seen in replies that are neither labelled so nor urgent."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything ``outreach triage report`` prints."""

    overall: Figures
    by_language: dict[str, Figures]
    confusion: dict[tuple[Label, Label], int]
    """(expected, got) -> how many."""
    missed_urgent: tuple[Labelled, ...]
    false_urgent: tuple[Labelled, ...]
    other_misses: tuple[Labelled, ...]
    closed_urgent: tuple[Labelled, ...]
    """Urgent replies that no person would have read: must stay empty."""


def measure(replies: Iterable[Labelled]) -> Report:
    """Compares labels with decisions."""
    rows = list(replies)
    languages = sorted({row.language for row in rows})
    misses = [row for row in rows if not _right(row)]
    urgent = [row for row in rows if row.expected is Label.URGENT]
    return Report(
        overall=_figures(rows),
        by_language={
            language: _figures([row for row in rows if row.language == language])
            for language in languages
        },
        confusion=dict(Counter((row.expected, row.got.label) for row in rows)),
        missed_urgent=tuple(row for row in urgent if not row.got.urgent),
        false_urgent=tuple(
            row for row in rows if row.got.urgent and row.expected is not Label.URGENT
        ),
        other_misses=tuple(
            row for row in misses if not row.got.urgent and row.expected is not Label.URGENT
        ),
        closed_urgent=tuple(row for row in urgent if not row.got.staff),
    )


def _right(row: Labelled) -> bool:
    return row.got.label is row.expected or row.got.label in row.accepted


def _figures(rows: Sequence[Labelled]) -> Figures:
    urgent = [row for row in rows if row.expected is Label.URGENT]
    others = [row for row in rows if row.expected is not Label.URGENT]
    opt_outs = [row for row in rows if row.expected is Label.OPT_OUT]
    return Figures(
        sensitivity=Rate(sum(row.got.urgent for row in urgent), len(urgent)),
        specificity=Rate(sum(not row.got.urgent for row in others), len(others)),
        accuracy=Rate(sum(map(_right, rows)), len(rows)),
        opt_outs=Rate(sum(row.got.opt_out for row in opt_outs), len(opt_outs)),
        false_opt_outs=sum(row.got.opt_out for row in others if not _may_opt_out(row)),
    )


def _may_opt_out(row: Labelled) -> bool:
    return row.expected is Label.OPT_OUT or Label.OPT_OUT in row.accepted
