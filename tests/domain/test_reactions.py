"""Every known error code leads to one reaction, and an unknown one never to a blind retry."""

from itertools import pairwise

import pytest

from outreach.domain.reactions import REACTIONS, Reaction, reaction_for, why


@pytest.mark.parametrize(
    ("codes", "reaction"),
    [
        ((21211, 21217, 21604, 21614), Reaction.MARK_NUMBER_INVALID),
        ((30005, 30006, 21635, 21612), Reaction.CANNOT_TAKE_SMS),
        ((30003,), Reaction.UNREACHABLE_RETRY_LATER),
        ((21610,), Reaction.OPTED_OUT),
        ((30004, 30007), Reaction.FILTERED),
        ((30032, 30033, 30034, 30035), Reaction.SENDER_BLOCKED),
        ((30022, 20429, 21611, 30001), Reaction.SLOW_DOWN),
        ((30023, 30027, 63038, 60728), Reaction.DEFER_PAST_RESET),
        (
            (20003, 20005, 90010, 30002, 21606, 21212, 21603, 21701, 21703, 21704),
            Reaction.PAUSE_ACCOUNT,
        ),
        ((21609, 21408, 21608), Reaction.PAUSE_ACCOUNT),
        ((21617, 21602, 21650, 21655, 21659), Reaction.OUR_BUG),
        ((20500, 20503), Reaction.UNKNOWN_OUTCOME),
        ((30008, 30017, 30020, 30021, 30047), Reaction.RESEND_SAFELY),
        ((30410,), Reaction.MAY_HAVE_ARRIVED),
        ((30036,), Reaction.EXPIRED),
        ((14107,), Reaction.LOOP_GUARD),
    ],
)
def test_each_code_has_its_reaction(codes: tuple[int, ...], reaction: Reaction) -> None:
    assert {reaction_for(code, None) for code in codes} == {reaction}


@pytest.mark.parametrize(
    ("code", "status", "reaction"),
    [
        (None, 429, Reaction.SLOW_DOWN),
        (63038, 429, Reaction.DEFER_PAST_RESET),
        (None, 401, Reaction.PAUSE_ACCOUNT),
        (None, 403, Reaction.PAUSE_ACCOUNT),
        (None, 413, Reaction.OUR_BUG),
        (None, 500, Reaction.UNKNOWN_OUTCOME),
        (None, 599, Reaction.UNKNOWN_OUTCOME),
        (None, 400, Reaction.ALERT),
        (None, None, Reaction.ALERT),
        (29999, 400, Reaction.ALERT),
    ],
)
def test_a_status_decides_where_no_code_does(
    code: int | None, status: int | None, reaction: Reaction
) -> None:
    assert reaction_for(code, status) is reaction


def test_a_server_error_is_unknown_whatever_code_it_carries() -> None:
    assert reaction_for(21610, 503) is Reaction.UNKNOWN_OUTCOME


def test_no_two_rows_of_the_table_overlap() -> None:
    rows = sorted(REACTIONS, key=lambda rule: rule.first)
    assert all(rule.first <= rule.last for rule in rows)
    assert all(a.last < b.first for a, b in pairwise(rows))


def test_every_reaction_is_used_and_every_row_says_why() -> None:
    assert {rule.reaction for rule in REACTIONS} == set(Reaction) - {Reaction.ALERT}
    assert all(rule.why for rule in REACTIONS)
    assert why(21655) == "a parameter is wrong or missing"
    assert why(29999) is None
    assert {why(code) for code in (30005, 30006)} == {"unknown handset, or a landline"}
    assert (why(21649), why(21660)) == (None, None)  # beside a range is not in it
