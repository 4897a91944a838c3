"""The roster: who is on at a moment, by the clinic's clock, and when nobody is."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.roster import (
    Coverage,
    DatedShift,
    Duty,
    Gap,
    GapKind,
    OnHolidays,
    OpenHours,
    Reach,
    Roster,
    Span,
    StaffMember,
    WeeklyShift,
    gaps,
    is_open,
    member_at,
    nurse_on,
    on_at,
)
from outreach.domain.states import ChannelKind

ZONE = ZoneInfo("America/New_York")
MONDAY = date(2027, 3, 1)
WEEKDAYS, EVERY_DAY = frozenset(range(5)), frozenset(range(7))
ANNA = StaffMember("anna", "Anna", True, (Reach(ChannelKind.SMS, "+12025550301"),))
BEN = StaffMember("ben", "Ben", True, (Reach(ChannelKind.SMS, "+12025550302"),))
DESK = StaffMember("desk", "Desk", False, (Reach(ChannelKind.EMAIL, "desk@clinic.example"),))
DAY, NIGHT, WHOLE = Span(time(7), time(19)), Span(time(19), time(7)), Span(time(0), time(0))
PEOPLE = {one.code: one for one in (ANNA, BEN, DESK)}


def at(day: int, clock: str, month: int = 3) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2027, month, day, int(hour), int(minute), tzinfo=ZONE).astimezone(UTC)


def weekly(
    who: str,
    span: Span = DAY,
    days: frozenset[int] = WEEKDAYS,
    duty: Duty = Duty.ON_DUTY,
    holidays: OnHolidays = OnHolidays.NOT,
) -> WeeklyShift:
    return WeeklyShift(duty, (who,), days, span, holidays)


def roster(*shifts: WeeklyShift, **rest: Any) -> Roster:
    return replace(Roster(ZONE, PEOPLE, shifts), **rest)


def names(made: Roster, moment: datetime) -> dict[str, list[str]]:
    return {
        duty.value: [one.code for one in people] for duty, people in on_at(made, moment).items()
    }


def test_a_shift_has_its_beginning_and_not_its_end() -> None:
    made = roster(weekly("anna"))
    assert names(made, at(1, "7:00")) == {"on_duty": ["anna"]}
    assert names(made, at(1, "6:59")) == {}
    assert names(made, at(1, "18:59")) == {"on_duty": ["anna"]}
    assert names(made, at(1, "19:00")) == {}


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    made = roster(weekly("ben", NIGHT))
    assert names(made, at(6, "3:00")) == {"on_duty": ["ben"]}  # Saturday, of Friday's shift
    assert names(made, at(6, "20:00")) == {}
    assert names(made, at(8, "3:00")) == {}  # Monday, of Sunday's


def test_the_same_time_twice_is_a_whole_day_also_when_the_clocks_change() -> None:
    made = roster(weekly("anna", WHOLE, EVERY_DAY))
    for hour in range(24 * 3):  # the clocks change on the 14th
        assert names(made, at(13, "0:00") + timedelta(hours=hour)) == {"on_duty": ["anna"]}


def test_a_dated_shift_replaces_those_of_its_duty_on_its_day_and_no_other() -> None:
    shift = DatedShift(MONDAY, Duty.ON_DUTY, ("ben",), Span(time(8), time(12)))
    made = roster(weekly("anna"), weekly("desk", duty=Duty.BACKUP), dated=(shift,))
    assert names(made, at(1, "9:00")) == {"on_duty": ["ben"], "backup": ["desk"]}
    assert names(made, at(1, "13:00")) == {"backup": ["desk"]}
    assert names(made, at(2, "9:00")) == {"on_duty": ["anna"], "backup": ["desk"]}


def test_a_dated_shift_of_nobody_empties_a_day_and_not_the_night_before_it() -> None:
    nobody = DatedShift(date(2027, 3, 2), Duty.ON_DUTY, (), WHOLE)
    made = roster(weekly("anna"), weekly("ben", NIGHT), dated=(nobody,))
    assert names(made, at(2, "3:00")) == {"on_duty": ["ben"]}
    assert names(made, at(2, "9:00")) == {}
    assert names(made, at(2, "20:00")) == {}


@pytest.mark.parametrize(
    ("holidays", "on_holiday", "on_usual"),
    [(OnHolidays.NOT, False, True), (OnHolidays.ALSO, True, True), (OnHolidays.ONLY, True, False)],
)
def test_a_holiday_asks_each_shift(holidays: OnHolidays, on_holiday: bool, on_usual: bool) -> None:
    made = roster(weekly("anna", holidays=holidays), holidays={MONDAY: "A day"})
    assert bool(on_at(made, at(1, "9:00"))) is on_holiday
    assert bool(on_at(made, at(2, "9:00"))) is on_usual


def test_a_shift_is_in_force_from_its_first_to_its_last_day() -> None:
    shift = replace(weekly("anna"), first=date(2027, 3, 2), last=date(2027, 3, 3))
    found = [bool(on_at(roster(shift), at(day, "9:00"))) for day in (1, 2, 3, 4)]
    assert found == [False, True, True, False]


def test_a_nurse_is_on_only_where_one_is_and_an_answering_service_is_none() -> None:
    service = weekly("anna", WHOLE, EVERY_DAY, Duty.ANSWERING_SERVICE)
    made = roster(weekly("desk", WHOLE, EVERY_DAY), service, weekly("ben", duty=Duty.ON_CALL))
    assert nurse_on(made, at(1, "9:00"))
    assert not nurse_on(made, at(1, "20:00"))


def test_hours_are_never_those_of_a_holiday() -> None:
    hours = (OpenHours(WEEKDAYS, Span(time(8), time(18))),)
    made = roster(weekly("anna"), hours=hours, holidays={MONDAY: "A day"})
    assert not is_open(made, at(1, "9:00"))
    assert is_open(made, at(2, "8:00"))
    assert not is_open(made, at(2, "18:00"))
    assert not is_open(made, at(6, "9:00"))


def test_a_gap_is_told_from_its_beginning_to_its_end() -> None:
    made = roster(weekly("anna", DAY, EVERY_DAY))
    found = gaps(made, Coverage.ALWAYS, at(1, "12:00"), at(3, "0:00"))
    assert found == (
        Gap(GapKind.NOBODY, at(1, "19:00"), at(2, "7:00")),
        Gap(GapKind.NOBODY, at(2, "19:00"), at(3, "0:00")),
    )


def test_out_of_hours_somebody_is_enough_unless_always_was_declared() -> None:
    hours = (OpenHours(WEEKDAYS, Span(time(8), time(18))),)
    made = roster(
        weekly("desk", WHOLE, EVERY_DAY), weekly("anna", Span(time(9), time(19))), hours=hours
    )
    assert gaps(made, Coverage.HOURS_ONLY, at(1, "0:00"), at(2, "0:00")) == (
        Gap(GapKind.NO_NURSE, at(1, "8:00"), at(1, "9:00")),
    )
    assert gaps(made, Coverage.ALWAYS, at(1, "0:00"), at(2, "0:00")) == (
        Gap(GapKind.NO_NURSE, at(1, "0:00"), at(1, "9:00")),
        Gap(GapKind.NO_NURSE, at(1, "19:00"), at(2, "0:00")),
    )


@given(st.integers(0, 60 * 24 * 14))
def test_gaps_and_the_present_agree(minutes: int) -> None:
    made = roster(weekly("anna"), weekly("ben", NIGHT, frozenset({0, 2, 5})))
    moment = at(8, "0:00") + timedelta(minutes=minutes)
    found = gaps(made, Coverage.ALWAYS, at(8, "0:00"), at(8, "0:00") + timedelta(days=15))
    in_gap = any(gap.begins <= moment < gap.ends for gap in found)
    assert in_gap is not bool(on_at(made, moment))


def test_an_address_is_known_by_its_channel() -> None:
    made = roster(weekly("anna"))
    assert member_at(made, ChannelKind.SMS, "+12025550302") is BEN
    assert member_at(made, ChannelKind.VOICE, "+12025550302") is None
