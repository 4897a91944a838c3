"""Surveys as data: what is asked after the first answer to a check-in. From ``config/surveys``.

The journey's own text asks for the severity (PRO-CTCAE-derived, 0 to 3); a survey goes on from
there, one question at a time, and only where nothing urgent is open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outreach.domain.composite import composite_grade
from outreach.domain.triage.result import Action, Prompt

OPENING = "severity"
"""The name under which the answer to the journey's own question is kept."""
FOLLOWS = Prompt.SEVERITY_0_3
"""The question of a journey's step that a survey can go on from."""
_URGENT_FROM = 3


@dataclass(frozen=True, slots=True)
class Symptom:
    """One line of the numbered list that a patient chooses from."""

    id: str
    words: Mapping[str, str]
    """By language."""


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """One question, in a text of its own."""

    id: str
    prompt: Prompt
    message: str
    open_hours: int
    """For how long an answer counts."""
    from_severity: int = 1
    """Asked only of who answered the first question with at least this."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is asked after a check-in's first question."""

    name: str
    title: str
    questions: tuple[SurveyQuestion, ...]
    symptoms: tuple[Symptom, ...] = ()
    """In the order of their numbers, from 1."""
    digest: str = ""

    def next_question(self, answers: Mapping[str, str]) -> SurveyQuestion | None:
        """What to ask now, given the answers by question; None when nothing is left to ask.

        Nothing is asked of whom nothing ails, nor of whom a nurse is called for at once.
        """
        severity = _score(answers.get(OPENING))
        if not severity or severity >= _URGENT_FROM:
            return None
        for question in self.questions:
            if question.id not in answers and severity >= question.from_severity:
                return question
        return None

    def question(self, question_id: str) -> SurveyQuestion | None:
        """A question by its name, as long as the file has it."""
        return next((one for one in self.questions if one.id == question_id), None)

    def chosen(self, numbers: Sequence[int]) -> list[str] | None:
        """The symptoms of these numbers; None where one of them is not on the list."""
        if any(not 1 <= number <= len(self.symptoms) for number in numbers):
            return None
        return [self.symptoms[number - 1].id for number in dict.fromkeys(numbers)]


def numbers_in(value: str) -> list[int] | None:
    """The numbers of an answer from the list (``2,4``); None for words."""
    parts = value.split(",")
    return [int(part) for part in parts] if all(part.isdecimal() for part in parts) else None


def grade(severity: str | None, interference: str | None) -> int | None:
    """The composite grade of a check-in, as far as it was answered (``domain/composite.py``)."""
    bad, limits = _score(severity), _score(interference)
    if bad is None and limits is None:
        return None
    return composite_grade(severity=bad, interference=limits)


def action_of(composite: int) -> Action:
    """What a composite grade asks of staff: as the same severity does."""
    return (Action.NONE, Action.ROUTINE, Action.SAME_DAY, Action.PAGE_1H)[composite]


def _score(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() else None
