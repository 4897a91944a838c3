"""Closed days: which day a visit is on, and from when its patients may hear of it."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.clinic import Window
from outreach.domain.closures import bounds, day_of, hours
from outreach.domain.windows import every_day

EASTERN, HAVANA = ZoneInfo("America/New_York"), ZoneInfo("America/Havana")
CARE = every_day(time(8), time(21))
CLOSED = date(2027, 3, 17)
"""A Wednesday."""
WEDNESDAY = 2


def at(day: int, hour: int) -> datetime:
    return datetime(2027, 3, day, hour, tzinfo=EASTERN).astimezone(UTC)


def test_the_day_of_a_visit_is_the_one_at_the_site() -> None:
    late = at(17, 23)
    assert late.date() == date(2027, 3, 18)
    assert day_of(late, EASTERN) == CLOSED


@pytest.mark.parametrize(
    ("day", "zone", "first", "last"),
    [
        (CLOSED, EASTERN, "2027-03-17T04Z", "2027-03-18T04Z"),
        (date(2027, 3, 14), EASTERN, "2027-03-14T05Z", "2027-03-15T04Z"),  # a day of 23 hours
        (
            date(2026, 3, 8),
            HAVANA,
            "2026-03-08T05Z",
            "2026-03-09T04Z",
        ),  # its midnight does not exist
    ],
)
def test_a_closed_day_lasts_from_midnight_to_midnight_at_the_site(
    day: date, zone: ZoneInfo, first: str, last: str
) -> None:
    begins, ends = bounds(day, zone)
    assert begins.tzinfo is UTC
    assert ends.tzinfo is UTC
    assert (begins, ends) == (datetime.fromisoformat(first), datetime.fromisoformat(last))


@pytest.mark.parametrize("now", [at(11, 0), at(16, 20), at(17, 5), at(17, 12)])
def test_word_of_a_closed_day_may_go_from_six_on_that_day_and_no_other(now: datetime) -> None:
    week = hours(CARE, CLOSED, now, EASTERN)
    assert week == {**CARE, WEDNESDAY: Window(time(6), time(21))}


def test_the_same_weekday_before_it_keeps_its_hours() -> None:
    a_week_before = at(10, 12)
    assert hours(CARE, CLOSED, a_week_before, EASTERN) == CARE
    assert hours(CARE, CLOSED, at(3, 12), EASTERN) == CARE
    begun_in_utc = at(10, 23)  # the 11th in UTC, and still the 10th at the site
    assert hours(CARE, CLOSED, begun_in_utc, EASTERN) == CARE


def test_a_site_that_opens_its_window_earlier_keeps_that() -> None:
    early = every_day(time(5, 30), time(20))
    assert hours(early, CLOSED, at(17, 5), EASTERN) == early


def test_a_weekday_without_hours_gets_some_on_a_closed_day() -> None:
    open_mondays = {0: Window(time(8), time(21))}
    assert hours(open_mondays, CLOSED, at(16, 12), EASTERN) == {
        **open_mondays,
        WEDNESDAY: Window(time(6), time(21)),
    }
