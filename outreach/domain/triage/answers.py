"""What a reply says to the question the patient was last asked.

Bare numbers and letters mean something only here. In doubt the worse reading counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from outreach.domain.triage.answer_words import (
    CONFIRM,
    COUNTED,
    HALF_YES,
    NO,
    NOT_BAD,
    RESCHEDULE,
    SEVERITY,
    YES,
    YES_EMOJI,
)
from outreach.domain.triage.dose_answers import answer_about_dose
from outreach.domain.triage.folding import Piece, number_in, pieces, split_number
from outreach.domain.triage.result import Action, Label, Prompt

_SHORT = 4
_TOP = 3
_OF_TEN = {3: 7, 2: 4, 1: 1}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to the open question and what must happen because of it."""

    value: str | None
    """``0``..``3``, ``yes``, ``no``, ``none``, ``problem``, ``confirm``, ``reschedule``, ``done``,
    ``late``, ``skip``; None when an answer was given that the question has no place for (a 7 on a
    scale to 3)."""
    label: Label
    action: Action
    concept: str


OUT_OF_RANGE = Answer(None, Label.UNCLEAR, Action.SAME_DAY, "answer_out_of_range")
"""A number that the question has no place for: never guessed at."""


def words_of(found: Sequence[Piece]) -> list[Piece]:
    """The words and numbers that may answer, ``2x`` taken apart."""
    words = [part for piece in found for part in split_number(piece)]
    return [word for word in words if word.text.isascii()]


def read_answer(text: str, prompt: Prompt) -> Answer | None:
    """The answer in ``text`` to ``prompt``; None when there is none.

    The question before a visit and those of surveys are not for this: ``screening`` and
    ``survey_answers`` read them.
    """
    found = pieces(text)
    words = words_of(found)
    if not words:
        return _sign(found, prompt)
    match prompt:
        case Prompt.SEVERITY_0_3:
            return _severity(words)
        case Prompt.REDFLAG_YES_NO:
            return _yes_no(words)
        case Prompt.SCREEN | Prompt.SYMPTOM | Prompt.INTERFERENCE_0_4:
            return None
        case Prompt.CONFIRM:
            return _confirm(words)
        case Prompt.DOSE:
            return _dose(words)


def _sign(emoji: list[Piece], prompt: Prompt) -> Answer | None:
    """A thumb alone: yes to a red flag, yes to a visit, and nothing to any other question."""
    if not emoji or any(sign.text not in YES_EMOJI for sign in emoji):
        return None
    if prompt is Prompt.REDFLAG_YES_NO:
        return Answer("yes", Label.URGENT, Action.PAGE_1H, "answer_redflag_yes_no_yes")
    if prompt is Prompt.CONFIRM:
        return Answer("confirm", Label.LOGISTICS, Action.NONE, "answer_confirm")
    return None


def _severity(words: list[Piece]) -> Answer | None:
    grades = grades_in(words)
    if grades is None:
        return _severity_in_words(words)
    worst = math.ceil(max(grades))
    if worst > _TOP:
        return OUT_OF_RANGE
    return _graded(worst)


def _severity_in_words(words: list[Piece]) -> Answer | None:
    texts = [word.text for word in words]
    if len(texts) > _SHORT:
        return None
    if tuple(texts[:2]) in NOT_BAD:
        return _graded(1)
    found = [grade for grade, known in SEVERITY.items() if known & set(texts)]
    return _graded(max(found)) if found else None


def _graded(grade: int) -> Answer:
    label, action = {
        0: (Label.NONE_OK, Action.NONE),
        1: (Label.SYMPTOM_MILD, Action.ROUTINE),
        2: (Label.SYMPTOM_MODERATE, Action.SAME_DAY),
        3: (Label.URGENT, Action.PAGE_1H),
    }[grade]
    return Answer(str(grade), label, action, f"answer_severity_{grade}")


def grades_in(words: Sequence[Piece]) -> list[float] | None:
    """The numbers that answer: at the start of the reply, or alone in a short one."""
    numbers = [i for i, w in enumerate(words) if _number(w.text) is not None]
    if not numbers or (numbers[0] > 0 and len(words) > _SHORT + 2):
        return None
    first = numbers[0]
    if first + 1 < len(words) and words[first + 1].text in COUNTED:
        return None
    value = _number(words[first].text)
    assert value is not None  # noqa: S101 - chosen for being a number
    following = _number(words[first + 1].text) if first + 1 < len(words) else None
    if following == 10 and "/" in words[first].after:
        return [next((g for g, least in _OF_TEN.items() if value >= least), 0)]
    grades = [value]
    position = first + 1
    while position < len(words) and (
        words[position].text in {"to", "or", "a", "o", "y", "and"}
        or _number(words[position].text) is not None
    ):
        other = _number(words[position].text)
        counted = position + 1 < len(words) and words[position + 1].text in COUNTED
        if other is not None and words[position].text != "o" and not counted:
            grades.append(other)
        position += 1
    return grades


def _number(word: str) -> float | None:
    return 0.0 if word == "o" else number_in(word)


def _yes_no(words: list[Piece]) -> Answer | None:
    texts = [word.text for word in words]
    short = len(texts) <= _SHORT
    said_yes = texts[0] in YES or (short and bool(YES & set(texts)))
    if not said_yes and texts[0] not in NO and short:
        said_yes = bool(HALF_YES & set(texts))
    if said_yes:
        return Answer("yes", Label.URGENT, Action.PAGE_1H, "answer_redflag_yes_no_yes")
    if texts[0] in NO or tuple(texts[:2]) == ("not", "really"):
        return Answer("no", Label.NONE_OK, Action.NONE, "answer_redflag_yes_no_no")
    return None


def _confirm(words: list[Piece]) -> Answer | None:
    first = words[0].text
    texts = {word.text for word in words}
    if texts & (RESCHEDULE - {"r"}) or first in {"r", "no", "n"}:
        return Answer("reschedule", Label.LOGISTICS, Action.ROUTINE, "answer_reschedule")
    if first in CONFIRM and not (texts & {"cant", "not", "no"}):
        return Answer("confirm", Label.LOGISTICS, Action.NONE, "answer_confirm")
    return None


def _dose(words: list[Piece]) -> Answer | None:
    found = answer_about_dose(words)
    if found is None:
        return None
    label, action = {
        "done": (Label.NONE_OK, Action.NONE),
        "late": (Label.LOGISTICS, Action.ROUTINE),
        "skip": (Label.LOGISTICS, Action.ROUTINE),
    }[found.value]
    return Answer(found.value, label, action, f"answer_dose_{found.value}")
