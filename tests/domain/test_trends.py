"""A symptom that is worse after each of three infusions is a trend; anything else is none."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from outreach.domain.trends import Graded, rises

START = datetime(2027, 1, 1, tzinfo=UTC)


def answers(*severities: int | None, symptom: str = "overall") -> list[Graded]:
    """One answer after each infusion, four weeks apart; None where there was none."""
    return [
        Graded(UUID(int=number + 1), START + timedelta(weeks=4 * number), symptom, severity)
        for number, severity in enumerate(severities)
        if severity is not None
    ]


@pytest.mark.parametrize(
    ("severities", "rise"),
    [
        ((0, 1, 2), (0, 1, 2)),
        ((0, 1, 3), (0, 1, 3)),
        ((2, 0, 1, 2), (0, 1, 2)),
        ((0, None, 1, 2), (0, 1, 2)),
        ((0, 1, 2, 3), (0, 1, 2, 3)),
        ((0, 1), None),
        ((0, 1, 1), None),
        ((0, 1, 2, 2), None),
        ((1, 2, 0), None),
        ((), None),
    ],
)
def test_what_is_a_rise(severities: tuple[int, ...], rise: tuple[int, ...] | None) -> None:
    found = rises(answers(*severities))
    assert [one.severities for one in found] == ([] if rise is None else [rise])


def test_the_order_of_the_answers_is_that_of_the_infusions() -> None:
    assert rises(reversed(answers(0, 1, 2))) == rises(answers(0, 1, 2))


def test_the_worst_answer_after_an_infusion_counts() -> None:
    mild = Graded(UUID(int=3), START + timedelta(weeks=8), "overall", 0)
    assert [one.severities for one in rises([*answers(0, 1, 2), mild])] == [(0, 1, 2)]


def test_a_rise_that_goes_on_is_the_same_rise() -> None:
    three, four = rises(answers(0, 1, 2)), rises(answers(0, 1, 2, 3))
    assert three[0].began == four[0].began == UUID(int=1)


def test_symptoms_are_not_mixed() -> None:
    both = answers(0, 1, symptom="headache") + answers(None, None, 2, symptom="rash")
    assert rises(both) == []
    assert [one.symptom for one in rises(answers(0, 1, 2) + answers(0, 1, 2, symptom="rash"))] == [
        "overall",
        "rash",
    ]
