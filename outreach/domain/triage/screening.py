"""What a reply says to the question before a visit: any fever, infection, antibiotics, news?

Asymmetric toward safety: one symptom that stands, or a yes, is a problem; none is read only where
every word of the reply is understood and denies. All else is for a person to read.
"""

from collections.abc import Sequence

from outreach.domain.triage.answer_words import (
    HALF_YES,
    NO,
    SCREEN_BESIDE,
    SCREEN_DENIALS,
    SCREEN_HAVING,
    YES,
)
from outreach.domain.triage.answers import Answer
from outreach.domain.triage.context import NEGATION
from outreach.domain.triage.folding import Piece
from outreach.domain.triage.lexicon import SYMPTOM_LABELS
from outreach.domain.triage.result import Action, Label
from outreach.domain.triage.verdict import ACKNOWLEDGED, DOSE_DONE, RANK, Seen

NONE = "none"
PROBLEM = "problem"
_SHORT = 4
_OPENERS = frozenset({"none", "nope", "nah", "n", "nada", "ninguno", "ninguna", "i"})
_NO_WORD_OF_HEALTH = frozenset({ACKNOWLEDGED, DOSE_DONE})
_MYSELF = frozenset({"i", "im"})


def read_screen(seen: Sequence[Seen], found: Sequence[Piece], *, asks: bool) -> Answer | None:
    """``none``, ``problem``, or None where a person must read what the patient wrote."""
    words = [piece for piece in found if piece.text.isascii()]
    standing = [
        item.concept.label
        for item in seen
        if item.concept.label in SYMPTOM_LABELS and item.set_aside is None
    ]
    if standing:
        label = min(standing, key=RANK.index)
        return Answer(PROBLEM, label, Action.SAME_DAY, f"answer_screen_{PROBLEM}")
    if _says_yes(words):
        return Answer(PROBLEM, Label.SYMPTOM_MODERATE, Action.SAME_DAY, f"answer_screen_{PROBLEM}")
    if not asks and _denies(seen, words):
        return Answer(NONE, Label.NONE_OK, Action.NONE, f"answer_screen_{NONE}")
    return None


def _says_yes(words: Sequence[Piece]) -> bool:
    texts = [_text(word) for word in words]
    if not texts:
        return False
    short = len(texts) <= _SHORT
    if texts[0] in YES or (short and bool(YES & set(texts))):
        return True
    return short and texts[0] not in NO and bool(HALF_YES & set(texts))


def _denies(seen: Sequence[Seen], words: Sequence[Piece]) -> bool:
    """Something is denied or all is well, and nothing is left over that was not understood."""
    denied = [
        item
        for item in seen
        if item.concept.label in SYMPTOM_LABELS
        and item.set_aside == NEGATION
        and not item.concept.always
    ]
    if any(item.concept.label in SYMPTOM_LABELS and item not in denied for item in seen):
        return False  # "years ago", "what if": for a person
    texts = [_text(word) for word in words]
    plain = [
        item
        for item in seen
        if item.concept.label is Label.NONE_OK
        and (item.set_aside is None or _follows_a_no(item, words, texts))
    ]
    said = (
        bool(denied)
        or any(item.concept.name not in _NO_WORD_OF_HEALTH for item in plain)
        or bool(SCREEN_DENIALS & set(texts))
    )
    return said and all(
        _covered(word, [*denied, *plain]) or _is_plain(texts, place)
        for place, word in enumerate(words)
    )


def _follows_a_no(item: Seen, words: Sequence[Piece], texts: Sequence[str]) -> bool:
    """``none im fine``: the no answers the question and does not deny what follows it."""
    first = next(place for place, word in enumerate(words) if word.end > item.start)
    before = texts[first - 1] if first else ""
    return before in _OPENERS or (before == "no" and texts[first] in _MYSELF)


def _covered(word: Piece, items: Sequence[Seen]) -> bool:
    return any(item.start <= word.start and word.end <= item.end for item in items)


def _is_plain(texts: Sequence[str], place: int) -> bool:
    """A word that adds nothing to a no; ``i have`` only beside what denies it."""
    text = texts[place]
    if text in SCREEN_HAVING:
        beside = (*texts[max(0, place - 2) : place], *texts[place + 1 : place + 2])
        return bool(SCREEN_DENIALS & set(beside))
    return text in SCREEN_DENIALS or text in SCREEN_BESIDE


def _text(word: Piece) -> str:
    return word.text.replace("'", "")
