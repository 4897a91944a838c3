"""Escalation: who is next, and how soon after a page that came to nothing."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.escalation import Round, after_failure, next_round
from outreach.domain.roster import (
    Duty,
    OnHolidays,
    Reach,
    Roster,
    Span,
    StaffMember,
    WeeklyShift,
)
from outreach.domain.states import ChannelKind

NOW = datetime(2027, 3, 1, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEXTS = frozenset({ChannelKind.SMS})
WAITS = {duty: number * MINUTE for number, duty in enumerate(Duty, start=2)}


def roster(*duties: Duty, idle: bool = False) -> Roster:
    people = {
        duty.value: StaffMember(
            duty.value, duty.value, True, (Reach(ChannelKind.SMS, f"+1202555030{number}"),)
        )
        for number, duty in enumerate(Duty)
        if duty in duties
    }
    days = frozenset({6}) if idle else frozenset(range(7))  # it is a Monday
    whole_day = Span(time(0), time(0))
    shifts = tuple(
        WeeklyShift(duty, (duty.value,), days, whole_day, OnHolidays.ALSO) for duty in duties
    )
    return Roster(ZoneInfo("America/New_York"), people, shifts, waits=WAITS)


def climb(made: Roster, rounds: int) -> list[tuple[str | None, bool]]:
    found: list[tuple[str | None, bool]] = []
    last: Duty | None = None
    for number in range(rounds):
        coming = next_round(made, last, NOW, TEXTS, begun=number > 0)
        found.append((coming.duty, coming.again))
        last = coming.duty
    return found


def test_the_ladder_is_climbed_and_begun_anew() -> None:
    assert climb(roster(*Duty), 6) == [
        ("on_duty", False),
        ("backup", False),
        ("on_call", False),
        ("answering_service", False),
        ("on_duty", True),
        ("backup", False),
    ]


@pytest.mark.parametrize("only", list(Duty))
def test_a_ladder_of_one_rung_begins_anew_each_time(only: Duty) -> None:
    assert climb(roster(only), 3) == [(only.value, False), (only.value, True), (only.value, True)]


def test_rungs_without_anybody_are_passed_over() -> None:
    made = roster(Duty.BACKUP, Duty.ANSWERING_SERVICE)
    assert climb(made, 3) == [("backup", False), ("answering_service", False), ("backup", True)]
    assert next_round(made, None, NOW, TEXTS, begun=False).wait == WAITS[Duty.BACKUP]


def test_where_nobody_is_on_everybody_is_paged_and_again() -> None:
    made = roster(Duty.BACKUP, Duty.ON_CALL, idle=True)
    first = next_round(made, None, NOW, TEXTS, begun=False)
    assert (first.duty, first.again, first.wait) == (None, False, WAITS[Duty.ON_DUTY])
    assert [one.code for one in first.people] == ["backup", "on_call"]
    assert next_round(made, None, NOW, TEXTS, begun=True).again


def test_who_cannot_be_paged_here_does_not_count() -> None:
    nobody = next_round(roster(*Duty), None, NOW, frozenset({ChannelKind.EMAIL}), begun=False)
    assert (nobody.duty, nobody.people) == (None, ())


def coming(*, again: bool) -> Round:
    return Round(Duty.BACKUP, (), 5 * MINUTE, again)


def test_a_failure_brings_the_next_rung_at_once() -> None:
    due = NOW + 3 * MINUTE
    assert after_failure(coming(again=False), NOW - MINUTE, due, NOW) == NOW
    assert after_failure(coming(again=True), None, due, NOW) == NOW


def test_a_failure_at_the_top_keeps_the_pace_of_the_ladder() -> None:
    due = NOW + 30 * MINUTE
    assert after_failure(coming(again=True), NOW - MINUTE, due, NOW) == NOW + 4 * MINUTE
    assert after_failure(coming(again=True), NOW - 9 * MINUTE, due, NOW) == NOW
    soon = NOW + MINUTE
    assert after_failure(coming(again=True), NOW, soon, NOW) == soon  # never later than it was
