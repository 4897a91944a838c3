"""What a survey asks next, given what was answered."""

import pytest

from outreach.domain.surveys import (
    Survey,
    SurveyQuestion,
    Symptom,
    action_of,
    grade,
    numbers_in,
)
from outreach.domain.triage.result import Action, Prompt

SURVEY = Survey(
    "checkin",
    "A check-in",
    (
        SurveyQuestion("which", Prompt.SYMPTOM, "auto_survey_which", 24),
        SurveyQuestion("warning", Prompt.REDFLAG_YES_NO, "auto_x", 24, from_severity=2),
        SurveyQuestion("limits", Prompt.INTERFERENCE_0_4, "auto_survey_limits", 24),
    ),
    (Symptom("headache", {"en": "headache"}), Symptom("fever", {"en": "fever"})),
)


@pytest.mark.parametrize(
    ("answers", "question"),
    [
        ({}, None),
        ({"severity": "0"}, None),
        ({"severity": "3"}, None),
        ({"severity": "1"}, "which"),
        ({"severity": "1", "which": "1"}, "limits"),
        ({"severity": "2", "which": "1"}, "warning"),
        ({"severity": "2", "which": "1", "warning": "no"}, "limits"),
        ({"severity": "1", "limits": "0"}, "which"),
        ({"severity": "1", "which": "1", "limits": "0"}, None),
    ],
)
def test_the_next_question_is_the_first_that_is_left(
    answers: dict[str, str], question: str | None
) -> None:
    coming = SURVEY.next_question(answers)
    assert (None if coming is None else coming.id) == question


@pytest.mark.parametrize(
    ("numbers", "chosen"),
    [
        ([1], ["headache"]),
        ([2, 1, 2], ["fever", "headache"]),
        ([3], None),
        ([0], None),
        ([1, 3], None),
    ],
)
def test_numbers_are_those_of_the_list_or_nothing(
    numbers: list[int], chosen: list[str] | None
) -> None:
    assert SURVEY.chosen(numbers) == chosen


def test_words_are_no_numbers() -> None:
    assert numbers_in("2,4") == [2, 4]
    assert numbers_in("words") is None


@pytest.mark.parametrize(
    ("severity", "limits", "composite"),
    [("2", None, 2), ("2", "4", 3), ("1", "0", 1), (None, None, None), ("0", "4", 0)],
)
def test_the_grade_is_of_what_was_answered(
    severity: str | None, limits: str | None, composite: int | None
) -> None:
    assert grade(severity, limits) == composite


def test_a_grade_asks_of_staff_what_the_same_severity_does() -> None:
    assert [action_of(one) for one in range(4)] == [
        Action.NONE,
        Action.ROUTINE,
        Action.SAME_DAY,
        Action.PAGE_1H,
    ]
