"""Phones and mailboxes of one patient, in the order they should be tried."""

from collections.abc import Iterable
from dataclasses import replace

from outreach.domain.events import ContactRole, Telecom


def distinct(telecoms: Iterable[Telecom]) -> list[Telecom]:
    """``telecoms`` in order; of those with the same value and role only the first stays.

    The mother's phone may stand in a child's record twice, as hers and as the child's own: which
    of them counts is decided where it is stored.
    """
    found: dict[tuple[str, str, ContactRole], Telecom] = {}
    for one in telecoms:
        found.setdefault((one.kind, one.value, one.role), one)
    return list(found.values())


def ranked(telecoms: Iterable[Telecom]) -> tuple[Telecom, ...]:
    """``telecoms`` without repeats, each with its place in the order as its rank."""
    return tuple(replace(one, rank=rank) for rank, one in enumerate(distinct(telecoms)))
