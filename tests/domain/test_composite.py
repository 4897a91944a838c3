"""The composite grade of PRO-CTCAE: every published combination, and what a grade may not do."""

from itertools import product

import pytest

from outreach.domain.composite import composite_grade

SCORES = range(5)


def combinations() -> list[dict[str, int]]:
    """Every combination that the published algorithm was made from."""
    found: list[dict[str, int]] = []
    for names in (
        ("frequency", "severity", "interference"),
        ("frequency", "severity"),
        ("severity", "interference"),
        ("frequency", "interference"),
        ("frequency",),
        ("severity",),
        ("interference",),
    ):
        several = len(names) > 1
        for scores in product(SCORES, repeat=len(names)):
            if several and scores[0] == 0 and any(scores):
                continue  # with the first at 0 the others were not asked
            found.append(dict(zip(names, scores, strict=True)))
    return found


def test_there_are_179_combinations_each_with_a_grade_of_0_to_3() -> None:
    grades = [composite_grade(**one) for one in combinations()]
    assert len(grades) == 179
    assert set(grades) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("frequency", "severity", "interference", "grade"),
    [
        (None, 1, 0, 1), (None, 1, 2, 1), (None, 1, 3, 2), (None, 2, 0, 1), (None, 2, 1, 1),
        (None, 2, 2, 2), (None, 2, 4, 3), (None, 3, 0, 1), (None, 3, 1, 2), (None, 3, 3, 3),
        (None, 4, 2, 2), (None, 4, 3, 3),
        (None, 2, None, 2), (None, 3, None, 3), (None, None, 2, 1), (None, None, 4, 2),
        (1, None, None, 1), (3, None, None, 2), (4, None, None, 3),
        (1, 2, None, 1), (2, 4, None, 2), (3, 3, None, 3), (3, None, 2, 2), (2, None, 3, 2),
        (1, 0, 0, 0), (1, 2, 1, 2), (1, 2, 4, 3), (1, 4, 2, 3), (2, 2, 3, 3), (2, 3, 2, 2),
        (3, 0, 0, 1), (3, 3, 2, 3), (4, 1, 2, 2), (4, 1, 4, 3), (4, 4, 1, 2),
    ],
)  # fmt: skip
def test_a_grade_is_that_of_the_published_table(
    frequency: int | None, severity: int | None, interference: int | None, grade: int
) -> None:
    found = composite_grade(frequency=frequency, severity=severity, interference=interference)
    assert found == grade


@pytest.mark.parametrize("others", [(0, 0), (4, 4)])
def test_without_the_symptom_the_grade_is_zero(others: tuple[int, int]) -> None:
    severity, interference = others
    assert composite_grade(frequency=0, severity=severity, interference=interference) == 0
    assert composite_grade(severity=0, interference=interference) == 0


def test_a_worse_score_never_lowers_the_grade() -> None:
    for one in combinations():
        for name, score in one.items():
            if score < 4 and not (score == 0 and len(one) > 1):
                assert composite_grade(**{**one, name: score + 1}) >= composite_grade(**one)


@pytest.mark.parametrize("scores", [{}, {"severity": 5}, {"severity": -1, "interference": 1}])
def test_what_is_no_score_has_no_grade(scores: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="0 to 4"):
        composite_grade(**scores)
