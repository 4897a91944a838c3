"""How pressing what is written to a person is."""

import pytest

from outreach.domain.states import Priority, Purpose
from outreach.domain.takeovers import more_pressing, priority_of, purpose_of
from outreach.domain.triage.result import Action


def test_the_more_pressing_of_two_counts_whichever_comes_first() -> None:
    order = list(Action)
    for index, one in enumerate(order):
        for other in order[index:]:
            assert more_pressing(one, other) is more_pressing(other, one) is one


@pytest.mark.parametrize(
    ("action", "priority"),
    [
        (Action.CALL_911, Priority.URGENT),
        (Action.CALL_988, Priority.URGENT),
        (Action.PAGE_1H, Priority.URGENT),
        (Action.SAME_DAY, Priority.SAME_DAY),
        (Action.ROUTINE, Priority.ROUTINE),
        (Action.NONE, Priority.ROUTINE),
    ],
)
def test_its_priority(action: Action, priority: Priority) -> None:
    assert priority_of(action) is priority


def test_only_whoever_just_wrote_is_answered() -> None:
    assert purpose_of(just_wrote=True) is Purpose.REPLY
    assert purpose_of(just_wrote=False) is Purpose.CARE
