"""Hours in several zones at once: never outside the window of any plausible one."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outreach.domain.clinic import Window
from outreach.domain.windows import (
    Week,
    common_week,
    day_after,
    every_day,
    next_open,
    same_day,
    window_closes,
)

EASTERN, CENTRAL = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")
MOUNTAIN, PACIFIC = ZoneInfo("America/Denver"), ZoneInfo("America/Los_Angeles")
ARIZONA, HAWAII = ZoneInfo("America/Phoenix"), ZoneInfo("Pacific/Honolulu")
HAVANA, LORD_HOWE = ZoneInfo("America/Havana"), ZoneInfo("Australia/Lord_Howe")
OUTREACH: Week = {**every_day(time(9), time(20)), 6: Window(time(12), time(20))}

zones = st.lists(
    st.sampled_from([EASTERN, CENTRAL, MOUNTAIN, PACIFIC, ARIZONA, HAWAII, HAVANA, LORD_HOWE]),
    min_size=1,
    max_size=4,
    unique=True,
)
instants = st.timedeltas(timedelta(), timedelta(days=800)).map(
    lambda since: datetime(2026, 1, 1, tzinfo=UTC) + since
)
changes = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(
        [
            datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York, and three hours later Los Angeles
            datetime(2026, 11, 1, 6, tzinfo=UTC),
            datetime(2026, 3, 8, 5, tzinfo=UTC),  # Havana, at midnight
            datetime(2026, 11, 1, 5, tzinfo=UTC),
            datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe, by half an hour
        ]
    ),
    st.integers(-48 * 60, 48 * 60),
)
moments = instants | changes
hours = st.integers(0, 23 * 4 + 3).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
windows = st.tuples(hours, hours).filter(lambda two: two[0] < two[1])
weeks = st.dictionaries(st.integers(0, 6), windows.map(lambda two: Window(*two)))


def is_open(at: datetime, zone: ZoneInfo, week: Week) -> bool:
    there = at.astimezone(zone)
    window = week.get(there.weekday())
    return window is not None and window.opens <= there.time() < window.closes


def all_open(at: datetime, places: Sequence[ZoneInfo], week: Week) -> bool:
    return all(is_open(at, zone, week) for zone in places)


@given(moments, zones, weeks | st.just(OUTREACH))
def test_an_opening_is_inside_the_window_of_every_zone(
    now: datetime, places: list[ZoneInfo], week: Week
) -> None:
    found = next_open(now, places, week)
    if all_open(now, places, week):
        assert found == now
    elif found is not None:
        assert found > now
        assert all_open(found, places, week)


@given(moments, zones, weeks | st.just(OUTREACH))
def test_no_moment_at_which_all_are_open_is_passed_over(
    now: datetime, places: list[ZoneInfo], week: Week
) -> None:
    found = next_open(now, places, week)
    for quarters in range(7 * 24 * 4):
        at = now + timedelta(minutes=15 * quarters)
        if found is not None and at >= found:
            break
        # an opening that a change of clocks leaps over comes later by the gap, of an hour at most
        leapt = timedelta(hours=1)
        if all_open(at, places, week) and all_open(at + leapt, places, week):
            assert found is not None
            assert found <= at + leapt


@given(moments, zones, weeks | st.just(OUTREACH))
def test_it_stays_open_everywhere_until_the_first_window_closes(
    now: datetime, places: list[ZoneInfo], week: Week
) -> None:
    closes = window_closes(now, places, week)
    assert (closes > now) == all_open(now, places, week)
    if closes > now:
        assert all_open(closes - timedelta(microseconds=1), places, week)
        assert not all_open(closes, places, week)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([EASTERN], "09:00 EST"),
        ([EASTERN, CENTRAL], "10:00 EST"),
        ([EASTERN, PACIFIC], "12:00 EST"),
        ([PACIFIC, EASTERN, HAWAII], "14:00 EST"),
    ],
)
def test_the_morning_begins_where_it_begins_last(places: list[ZoneInfo], expected: str) -> None:
    night = datetime(2026, 1, 14, 6, tzinfo=UTC)
    found = next_open(night, places, OUTREACH)
    assert found is not None
    assert f"{found.astimezone(EASTERN):%H:%M %Z}" == expected


def test_zones_that_have_no_hour_in_common_are_never_open() -> None:
    week = every_day(time(9), time(10))
    assert next_open(datetime(2026, 1, 14, 6, tzinfo=UTC), [EASTERN, PACIFIC], week) is None


def test_where_no_zone_is_known_nothing_stays_open() -> None:
    noon = datetime(2026, 1, 14, 17, tzinfo=UTC)
    assert window_closes(noon, [], OUTREACH) == noon


@given(moments, zones, weeks, weeks)
def test_a_common_week_is_open_when_both_are(
    now: datetime, places: list[ZoneInfo], one: Week, other: Week
) -> None:
    both = common_week([one, other])
    assert all_open(now, places, both) == (
        all_open(now, places, one) and all_open(now, places, other)
    )


@given(moments, zones)
@example(datetime(2026, 3, 8, 4, tzinfo=UTC), [HAVANA])  # its midnight does not exist that day
def test_the_day_after_is_another_day_everywhere(now: datetime, places: list[ZoneInfo]) -> None:
    after = day_after(now, places)
    assert same_day(after, [now], places) == []
    assert timedelta() < after - now <= timedelta(hours=49)
    assert same_day(now, [now], places) == [now]


def test_a_day_is_that_of_any_plausible_zone() -> None:
    evening = datetime(2026, 1, 15, 4, 30, tzinfo=UTC)  # 23:30 in New York, 22:30 in Chicago
    after_midnight = evening + timedelta(minutes=45)
    assert same_day(evening, [after_midnight], [EASTERN]) == []
    assert same_day(evening, [after_midnight], [EASTERN, CENTRAL]) == [after_midnight]


def test_a_week_has_seven_days() -> None:
    assert sorted(every_day(time(9), time(20))) == list(range(7))


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([EASTERN], datetime(2026, 1, 15, 5, tzinfo=UTC)),
        ([EASTERN, PACIFIC], datetime(2026, 1, 15, 8, tzinfo=UTC)),
        ([HAWAII, EASTERN], datetime(2026, 1, 15, 10, tzinfo=UTC)),
    ],
)
def test_a_day_has_ended_when_it_is_midnight_in_the_last_zone(
    places: list[ZoneInfo], expected: datetime
) -> None:
    noon = datetime(2026, 1, 14, 17, tzinfo=UTC)
    after = day_after(noon, places)
    assert after == expected
    assert after.tzinfo is UTC


def test_hours_in_common_are_the_narrower_of_both_ends() -> None:
    one = {0: Window(time(8), time(20)), 1: Window(time(8), time(12)), 2: Window(time(8), time(9))}
    other = {0: Window(time(9), time(21)), 1: Window(time(12), time(20))}
    assert common_week([one, other]) == {0: Window(time(9), time(20))}
    assert common_week([one]) == one
