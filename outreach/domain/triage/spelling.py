"""Bounded correction of misspelt words towards the words of a lexicon, and only those.

One slip in words of 5 to 7 letters, two in longer ones, or the same consonants in the same order
(``throt``, ``swoln``); the first letter must be right. Where the language is written as it sounds
the same sound is enough (``serrando``: ``cerrando``). Ordinary words that happen to look alike are
listed in the lexicon and left alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from rapidfuzz.distance import OSA

SHORTEST = 5
"""Shorter words have too many neighbours; their misspellings are listed one by one."""
_LONG = 8
_LONG_PART = 3
_CONSONANTS = 4
_MOST_VOWELS = 2
_VOWELS = re.compile(r"[aeiou]")
_DOUBLE = re.compile(r"(.)\1")
_REPEATS = re.compile(r"(.)\1{2,}")


class Speller:
    """Knows the words of one lexicon and the ordinary words around them."""

    def __init__(
        self,
        vocabulary: Iterable[str],
        leave_alone: Iterable[str],
        sound: Callable[[str], str] | None = None,
        forms: Callable[[str], Iterable[str]] | None = None,
    ) -> None:
        """``vocabulary`` is what may be corrected into; ``leave_alone`` is never corrected.

        ``sound`` gives the key that words share which sound alike, ``forms`` the plain words
        behind a word with an ending, in a language that has such.
        """
        self._vocabulary = frozenset(vocabulary)
        self._known = self._vocabulary | frozenset(leave_alone)
        self._targets: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._by_consonants: dict[str, str] = {}
        self._sound = sound
        self._forms = forms
        self._by_sound: dict[str, str] = {}
        for word in sorted(self._vocabulary):
            if len(word) >= SHORTEST and word.isalpha():
                self._targets[word[0], len(word)].append(word)
                self._by_consonants.setdefault(_consonants(word), word)
                if sound is not None:
                    self._by_sound.setdefault(sound(word), word)

    def knows(self, word: str) -> bool:
        """True for a word of the lexicon or an ordinary word."""
        return word in self._known

    def words(self, word: str) -> list[str]:
        """What ``word`` stands for: itself, a corrected word, or two words run together."""
        if word in self._known or not word.isalpha():
            return [word]
        if _REPEATS.search(word):
            for kept in (r"\1", r"\1\1"):
                shorter = _REPEATS.sub(kept, word)
                if shorter in self._known:
                    return [shorter]
            word = _REPEATS.sub(r"\1", word)
        plain = self._heard(word) or self._plain(word)
        if plain is not None:
            return [plain]
        if len(word) < SHORTEST:
            return [word]
        nearest = self._nearest(word) or self._alike(word)
        if nearest is not None:
            return [nearest]
        return self._halves(word) or [word]

    def _heard(self, word: str) -> str | None:
        """The word that sounds the same; the silent ``h`` may be what makes it short."""
        if self._sound is None or len(word) < SHORTEST - 1:
            return None
        return self._by_sound.get(self._sound(word))

    def _plain(self, word: str) -> str | None:
        """The word of the lexicon that this is a form of."""
        if self._forms is None:
            return None
        for form in self._forms(word):
            plain = form if form in self._vocabulary else self._heard(form)
            if plain is not None:
                return plain
        return None

    def _alike(self, word: str) -> str | None:
        consonants = _consonants(word)
        if len(consonants) < _CONSONANTS:
            return None
        target = self._by_consonants.get(consonants)
        if target is None or OSA.distance(word, target) > _MOST_VOWELS:
            return None
        return target

    def _nearest(self, word: str) -> str | None:
        best: tuple[int, bool, int, str] | None = None
        consonants = _consonants(word)
        for length in range(len(word) - 2, len(word) + 3):
            limit = 2 if min(length, len(word)) >= _LONG else 1
            if abs(length - len(word)) > limit:
                continue
            for target in self._targets.get((word[0], length), ()):
                distance = OSA.distance(word, target, score_cutoff=limit)
                if distance <= limit:
                    differs = _consonants(target) != consonants
                    candidate = (distance, differs, abs(length - len(word)), target)
                    best = candidate if best is None else min(best, candidate)
        return None if best is None else best[3]

    def _halves(self, word: str) -> list[str] | None:
        """``chestpain`` -> ``chest pain``."""
        if len(word) < _LONG:
            return None
        for cut in range(_LONG_PART, len(word) - _LONG_PART + 1):
            if word[:cut] in self._vocabulary and word[cut:] in self._vocabulary:
                return [word[:cut], word[cut:]]
        return None


def _consonants(word: str) -> str:
    """The first letter and the consonants after it, none doubled."""
    return word[0] + _DOUBLE.sub(r"\1", _VOWELS.sub("", word[1:]))
