"""Two amounts that disagree: ``dose given was 40 g, order was 20 g``.

A report states a wrong dose in numbers and seldom calls it wrong. One amount must be named as
ordered, the other as given, both in the same unit and close to each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from outreach.domain.triage.folding import number_in
from outreach.domain.triage.lexicon import Concept
from outreach.domain.triage.measures import Kind
from outreach.domain.triage.reading import Match, Reading, Span
from outreach.domain.triage.result import Action, Label

OTHER_AMOUNT = Concept(
    "dose_error", Action.PAGE_1H, Label.URGENT, "another amount than the one ordered"
)
_NAMED_BEFORE = 4
_NAMED_AFTER = 2
_APART = 10


def disagreeing_amounts(reading: Reading, lists: Mapping[Kind, frozenset[str]]) -> Iterator[Match]:
    """Pairs of unequal amounts, one ordered and the other given, in either order."""
    words = reading.words
    units = lists.get(Kind.DOSE_UNIT, frozenset())
    values = [
        (place, value)
        for place, word in enumerate(words)
        if (value := number_in(word)) is not None
        and place + 1 < len(words)
        and words[place + 1] in units
        and "/" not in reading.separators[place + 1]
    ]
    for (first, one), (second, other) in pairwise(values):
        if one == other or words[first + 1] != words[second + 1] or second - first > _APART:
            continue
        roles = [
            _roles(words, first, 0, lists),
            _roles(words, second, first + 2, lists),
        ]
        if any(Kind.ORDERED in roles[mine] and Kind.GIVEN in roles[1 - mine] for mine in (0, 1)):
            yield Match(OTHER_AMOUNT, Span(first, second + 2, "amounts ordered and given differ"))


def _roles(
    words: Sequence[str], place: int, start: int, lists: Mapping[Kind, frozenset[str]]
) -> set[Kind]:
    """What the words around the amount at ``place`` say it was; none before ``start`` counts.

    The words before it decide; those behind it (``40 g infused``) only where none before does.
    """
    kinds = (Kind.ORDERED, Kind.GIVEN)
    for near in (
        words[max(start, place - _NAMED_BEFORE) : place],
        words[place + 2 : place + 2 + _NAMED_AFTER],
    ):
        roles = {kind for kind in kinds if not lists.get(kind, frozenset()).isdisjoint(near)}
        if roles:
            return roles
    return set()
