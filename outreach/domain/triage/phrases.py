"""The notation nurses write phrases in, and its translation to regular expressions.

``a|b`` one of several words, ``wont+stop`` two words as one choice, ``<pain>`` a word of a
group, ``word?`` may be missing,
``..`` up to four words between, ``...`` up to seven, ``a ~ b`` the two in either order with up to
seven between. A gap never crosses the end of a sentence.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

STOP = "|"
"""Stands after a word that ends a sentence in the text that phrases are matched against."""

_GAPS = {"..": 4, "...": 7, "~": 7}
_WORD = re.compile(r"^[a-z0-9]+(?:\+[a-z0-9]+)*$")
COMMA = ","
"""Stands after an item of a list: no gap reaches over it (``headache, sore site, fever``)."""
_ADJACENT = r"[|,]? "


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a phrase: what may stand there, whether it may be missing, the gap before."""

    choices: tuple[str, ...]
    """Each choice is one or more words."""
    optional: bool = False
    gap_before: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase ready to be matched."""

    source: str
    slots: tuple[Slot, ...]
    expression: str
    """A regular expression over words in one line; see ``reading``."""
    swaps: bool = False
    """Its two words may stand in either order."""

    def words(self) -> Iterable[str]:
        """Every single word the phrase knows."""
        for slot in self.slots:
            for choice in slot.choices:
                yield from choice.split()


def without(phrase: Phrase, words: AbstractSet[str]) -> str | None:
    """The expression less every choice that holds one of ``words``; None if a slot needs one.

    What it matches is the complaint without its own negation: a ``no`` inside is then in a gap.
    """
    slots = []
    for slot in phrase.slots:
        choices = tuple(c for c in slot.choices if words.isdisjoint(c.split()))
        if not choices and not slot.optional:
            return None
        if choices:
            slots.append(replace(slot, choices=choices))
    if not phrase.swaps:
        return _expression(slots)
    if len(slots) != 2:
        return None
    return _either_order(slots)


def _either_order(slots: Sequence[Slot]) -> str:
    swapped = [replace(slots[1], gap_before=0), replace(slots[0], gap_before=_GAPS["~"])]
    return f"(?:{_expression(slots)}|{_expression(swapped)})"


def compile_phrase(source: str, groups: Mapping[str, Sequence[str]]) -> Phrase:
    """Reads one phrase.

    Raises:
        ValueError: the phrase is empty, names an unknown group, or begins or ends with a gap
            or an optional word; the message says which, for the loader to add file and line.
    """
    slots: list[Slot] = []
    gap = 0
    pieces = source.split()
    if not pieces or pieces[0] in _GAPS or pieces[-1] in _GAPS:
        raise ValueError("a phrase starts and ends with a word")
    for piece in pieces:
        if piece in _GAPS:
            gap = _GAPS[piece]
            continue
        slots.append(_slot(piece, gap, groups))
        gap = 0
    if slots[0].optional or slots[-1].optional:
        raise ValueError(f"'{source}' starts or ends with a word that may be missing: leave it out")
    expression = _expression(slots)
    if "~" in pieces:
        if len(slots) != 2:
            raise ValueError(f"'{source}': ~ stands between exactly two words or groups")
        expression = _either_order(slots)
    return Phrase(source, tuple(slots), expression, swaps="~" in pieces)


def _slot(piece: str, gap: int, groups: Mapping[str, Sequence[str]]) -> Slot:
    optional = piece.endswith("?")
    choices: list[str] = []
    for name in piece.removesuffix("?").split("|"):
        if name.startswith("<") and name.endswith(">"):
            if name[1:-1] not in groups:
                raise ValueError(f"there is no group {name}")
            choices.extend(groups[name[1:-1]])
        elif _WORD.match(name):
            choices.append(name.replace("+", " "))
        else:
            raise ValueError(f"'{name}' is not a word: use lower case without accents")
    return Slot(tuple(dict.fromkeys(choices)), optional, gap)


def _expression(slots: Sequence[Slot]) -> str:
    parts = ["(?<= )"]
    for position, slot in enumerate(slots):
        join = "" if position == 0 else _join(slot.gap_before)
        longest_first = sorted(slot.choices, key=len, reverse=True)
        choice = "|".join(_ADJACENT.join(map(re.escape, c.split())) for c in longest_first)
        choice = f"(?:{choice})"
        if not slot.optional:
            parts.append(join + choice)
        else:
            parts.append(f"(?:{join}{choice})?")
    return "".join(parts) + r"(?=[ |,])"


def _join(gap: int) -> str:
    return rf"(?:[|] | (?:[^ |,]+ ){{0,{gap}}}?)" if gap else _ADJACENT


@dataclass(frozen=True, slots=True)
class Anchors:
    """Words a reply must hold some of, or the phrase is not in it: asked before it is tried."""

    rarest: tuple[str, ...]
    """One of these, of the obligatory slot with the rarest words."""
    beside: frozenset[str]
    """And one of these, of the slot with the rarest after it; empty where there is no other."""


def anchors(phrase: Phrase, use: Mapping[str, int]) -> Anchors:
    """The words whose presence makes the phrase worth trying.

    ``use`` counts in how many phrases a word occurs. Of a choice of several words, the rarest.
    """
    slots: list[tuple[int, tuple[str, ...]]] = []
    for slot in phrase.slots:
        if slot.optional:
            continue
        keys = tuple(min(choice.split(), key=lambda w: (use[w], w)) for choice in slot.choices)
        slots.append((sum(use[key] for key in keys), keys))
    slots.sort(key=lambda one: one[0])
    (_, rarest), *others = slots
    return Anchors(rarest, frozenset(others[0][1]) if others else frozenset())
