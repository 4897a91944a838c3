"""What a reply says to the further questions of a survey: which symptom, and how it limits.

Whatever the lexicons see in the text counts as always; a number means something only here.
"""

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from outreach.domain.triage.answer_words import (
    AMOUNT,
    AMOUNT_PAIRS,
    COUNTED,
    LIST_BESIDE,
    NO,
    NOT_BAD,
)
from outreach.domain.triage.answers import OUT_OF_RANGE, Answer, grades_in, words_of
from outreach.domain.triage.folding import Piece
from outreach.domain.triage.keywords import carrier_keyword
from outreach.domain.triage.lexicon import SYMPTOM_LABELS
from outreach.domain.triage.result import Action, Label
from outreach.domain.triage.verdict import RANK, Seen

WORDS = "words"
"""The patient answered in words of their own: a person reads them."""
NONE = "none"
_TOP = 4
_SHORT = 6
_LONGEST_LIST = 9
_NUMBERS = re.compile(r"\d+")


def read_symptoms(text: str, seen: Sequence[Seen], found: Sequence[Piece]) -> Answer | None:
    """``2,4`` (numbers of the list), ``words``, ``none``; None where it is something else.

    Numbers count where nothing but numbers stands there: ``2 days of headache`` is words. A text
    about anything but symptoms (a question, a STOP, a change of the visit) is no answer.
    """
    words = words_of(found)
    if not words or carrier_keyword(text) is not None:
        return None
    texts = [word.text for word in words]
    if texts == ["o"]:
        texts = ["0"]  # the letter for the number; in a Spanish list it is "or"
    numbers = [int(part) for word in texts for part in _NUMBERS.findall(word)]
    if all(word[0].isdigit() or word in LIST_BESIDE for word in texts) and numbers:
        return _chosen(numbers)
    labels = {item.concept.label for item in seen if item.set_aside is None}
    symptoms = labels & SYMPTOM_LABELS
    if "?" in text or labels - symptoms - {Label.NONE_OK}:
        return None
    if not symptoms and (texts[0] in NO or texts[0] == "nothing"):
        return Answer(NONE, Label.NONE_OK, Action.NONE, "answer_symptom_none")
    if Label.NONE_OK in labels and not symptoms:
        return None
    if symptoms or any(len(word) > 2 and word.isalpha() and word not in COUNTED for word in texts):
        label = min(symptoms, key=RANK.index, default=Label.UNCLEAR)
        return Answer(WORDS, label, Action.ROUTINE, "answer_symptom_words")
    return None


def _chosen(numbers: Sequence[int]) -> Answer:
    if set(numbers) == {0}:
        return Answer(NONE, Label.NONE_OK, Action.NONE, "answer_symptom_none")
    if any(not 1 <= number <= _LONGEST_LIST for number in numbers):
        return OUT_OF_RANGE
    value = ",".join(str(number) for number in dict.fromkeys(numbers))
    return Answer(value, Label.SYMPTOM_MILD, Action.ROUTINE, "answer_symptom_numbers")


def read_interference(words: Sequence[Piece]) -> Answer | None:
    """``0`` (not at all) to ``4`` (very much); of several the worst."""
    grades = grades_in(words)
    if grades is not None:
        worst = math.ceil(max(grades))
        return OUT_OF_RANGE if worst > _TOP else _limits(worst)
    texts = [word.text for word in words]
    if len(texts) > _SHORT:
        return None
    if tuple(texts[:2]) in NOT_BAD:
        return _limits(1)
    pairs = {f"{one} {two}" for one, two in pairwise(texts)}
    found = [grade for grade, known in AMOUNT.items() if known & set(texts)]
    found += [grade for grade, known in AMOUNT_PAIRS.items() if known & pairs]
    return _limits(max(found)) if found else None


def _limits(score: int) -> Answer:
    """Alone it asks of staff what its grade does in PRO-CTCAE (3 and 4 are grade 2)."""
    label, action = (
        (Label.NONE_OK, Action.NONE),
        (Label.SYMPTOM_MILD, Action.ROUTINE),
        (Label.SYMPTOM_MILD, Action.ROUTINE),
        (Label.SYMPTOM_MODERATE, Action.SAME_DAY),
        (Label.SYMPTOM_MODERATE, Action.SAME_DAY),
    )[score]
    return Answer(str(score), label, action, f"answer_interference_{score}")
