"""Times of steps: days by the clock on the wall, hours exact, also when clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from outreach.domain.journeys import (
    Anchor,
    AnchorPoint,
    Journey,
    Offset,
    Only,
    Step,
    correction,
    correction_number,
    step_time,
    steps_for,
)
from outreach.domain.states import Purpose

NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Its summer time is half an hour."""

zones = st.sampled_from([NEW_YORK, LONDON, LORD_HOWE])
anchors = st.timedeltas(timedelta(), timedelta(days=1100)).map(
    lambda since: datetime(2025, 1, 1, tzinfo=UTC) + since
)
days = st.integers(-400, 400)
wall_times = st.times().map(lambda at: at.replace(microsecond=0, fold=0))


def instants_showing(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which a clock on the wall in ``zone`` shows ``wall``, by trying offsets."""
    offsets = {
        (wall.replace(tzinfo=UTC) + timedelta(hours=hours)).astimezone(zone).utcoffset()
        for hours in (-36, 36)
    }
    tried = {wall.replace(tzinfo=UTC) - offset for offset in offsets if offset is not None}
    return sorted(at for at in tried if at.astimezone(zone).replace(tzinfo=None, fold=0) == wall)


def shown(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %z")


def local(zone: ZoneInfo, *parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, fold=fold, tzinfo=zone)


@pytest.mark.parametrize(
    ("zone", "anchor", "day", "expected"),
    [
        # A visit on the Monday after clocks went forward: the week before has the winter offset.
        (NEW_YORK, (2026, 3, 9, 10, 30), -7, "2026-03-02 10:30 -0500"),
        (NEW_YORK, (2026, 11, 2, 10, 30), -3, "2026-10-30 10:30 -0400"),
        (LONDON, (2026, 3, 30, 9, 0), -1, "2026-03-29 09:00 +0100"),
        (LONDON, (2026, 10, 26, 9, 0), -3, "2026-10-23 09:00 +0100"),
        (LORD_HOWE, (2026, 10, 5, 8, 15), -3, "2026-10-02 08:15 +1030"),
        (LORD_HOWE, (2026, 4, 6, 8, 15), -3, "2026-04-03 08:15 +1100"),
        # Times that do not exist move forward by the gap.
        (NEW_YORK, (2026, 3, 9, 2, 30), -1, "2026-03-08 03:30 -0400"),
        (LONDON, (2026, 3, 30, 1, 15), -1, "2026-03-29 02:15 +0100"),
        (LORD_HOWE, (2026, 10, 5, 2, 10), -1, "2026-10-04 02:40 +1100"),
        # Times that happen twice mean the first.
        (NEW_YORK, (2026, 11, 2, 1, 30), -1, "2026-11-01 01:30 -0400"),
        (LONDON, (2026, 10, 26, 1, 30), -1, "2026-10-25 01:30 +0100"),
        (LORD_HOWE, (2026, 4, 6, 1, 45), -1, "2026-04-05 01:45 +1100"),
        # A month's end and a leap day.
        (LONDON, (2028, 3, 1, 12, 0), -1, "2028-02-29 12:00 +0000"),
    ],
)
def test_days_keep_the_time_on_the_wall(
    zone: ZoneInfo, anchor: tuple[int, ...], day: int, expected: str
) -> None:
    assert shown(step_time(Offset(days=day), local(zone, *anchor), zone), zone) == expected


@pytest.mark.parametrize(
    ("zone", "anchor", "hours", "expected"),
    [
        (NEW_YORK, (2026, 3, 7, 15, 0), 24, "2026-03-08 16:00 -0400"),
        (NEW_YORK, (2026, 10, 31, 15, 0), 24, "2026-11-01 14:00 -0500"),
        (LORD_HOWE, (2026, 10, 3, 15, 0), 24, "2026-10-04 15:30 +1100"),
        (LONDON, (2026, 3, 29, 2, 30), -2, "2026-03-28 23:30 +0000"),
    ],
)
def test_hours_are_exact(
    zone: ZoneInfo, anchor: tuple[int, ...], hours: float, expected: str
) -> None:
    assert shown(step_time(Offset(hours=hours), local(zone, *anchor), zone), zone) == expected


def test_at_takes_the_place_of_the_anchors_own_time() -> None:
    end = local(NEW_YORK, 2026, 3, 7, 15, 20)
    evening = Offset(days=0, at=time(19, 0))
    assert shown(step_time(evening, end, NEW_YORK), NEW_YORK) == "2026-03-07 19:00 -0500"
    next_evening = Offset(days=1, at=time(19, 0))
    assert shown(step_time(next_evening, end, NEW_YORK), NEW_YORK) == "2026-03-08 19:00 -0400"


def test_the_day_is_the_one_at_the_place_not_in_utc() -> None:
    end = local(NEW_YORK, 2026, 6, 1, 22, 0)
    assert end.astimezone(UTC).date() == date(2026, 6, 2)
    assert shown(step_time(Offset(at=time(9)), end, NEW_YORK), NEW_YORK).startswith("2026-06-01")


def test_an_anchor_in_the_second_of_two_equal_hours_is_kept_by_hours_alone() -> None:
    second = local(NEW_YORK, 2026, 11, 1, 1, 30, fold=1)
    assert step_time(Offset(), second, NEW_YORK) == second.astimezone(UTC)
    a_day_on_and_back = step_time(Offset(days=1), second, NEW_YORK)
    assert shown(a_day_on_and_back, NEW_YORK) == "2026-11-02 01:30 -0500"


@given(anchors, zones, days, st.none() | wall_times)
def test_a_step_of_days_shows_its_time_or_the_first_one_after_the_gap(
    anchor: datetime, zone: ZoneInfo, day: int, at: time | None
) -> None:
    assume(day or at is not None)
    there = anchor.astimezone(zone)
    wanted_time = there.time().replace(fold=0) if at is None else at
    wanted = datetime.combine(there.date() + timedelta(days=day), wanted_time)
    found = step_time(Offset(days=day, at=at), anchor, zone)
    assert found.tzinfo is UTC
    if possible := instants_showing(wanted, zone):
        assert found == possible[0]
    else:
        gap = timedelta(minutes=30 if zone is LORD_HOWE else 60)
        assert found.astimezone(zone).replace(tzinfo=None) == wanted + gap


@given(zones, st.integers(2025, 2040), st.booleans(), st.integers(-180, 180), st.integers(-30, 30))
def test_the_same_holds_within_three_hours_of_every_change_of_clocks(
    zone: ZoneInfo, year: int, second_of_year: bool, minutes: int, day: int
) -> None:
    change = changes_of(zone, year)[second_of_year]
    wanted = (change.astimezone(zone) + timedelta(minutes=minutes)).replace(tzinfo=None, fold=0)
    noon = datetime.combine(wanted.date() - timedelta(days=day), time(12), zone)
    found = step_time(Offset(days=day, at=wanted.time()), noon, zone)
    possible = instants_showing(wanted, zone)
    if possible:
        assert found == possible[0]
    else:
        assert change <= found <= change + timedelta(hours=1)


def changes_of(zone: ZoneInfo, year: int) -> list[datetime]:
    """The instants, to the minute, at which clocks are changed in a year."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(0, 366 * 24, 6)]
    found = []
    for low, high in pairwise(hours):
        while low.astimezone(zone).utcoffset() != high.astimezone(
            zone
        ).utcoffset() and high - low > timedelta(minutes=1):
            middle = low + (high - low) / 2
            same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
            low, high = (middle, high) if same else (low, middle)
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            found.append(high)
    return found


@given(anchors, zones, st.floats(-500, 500).map(lambda hours: round(hours, 2)))
def test_a_step_of_hours_is_that_many_hours_away(
    anchor: datetime, zone: ZoneInfo, hours: float
) -> None:
    assert step_time(Offset(hours=hours), anchor, zone) - anchor == timedelta(hours=hours)


@given(anchors, zones, st.integers(-60, 60), st.integers(1, 60))
def test_a_later_day_is_never_earlier(
    anchor: datetime, zone: ZoneInfo, day: int, more: int
) -> None:
    assert step_time(Offset(days=day), anchor, zone) < step_time(
        Offset(days=day + more), anchor, zone
    )


@given(anchors, zones, days)
def test_the_zone_an_anchor_is_written_in_does_not_matter(
    anchor: datetime, zone: ZoneInfo, day: int
) -> None:
    there = anchor.astimezone(zone)
    elsewhere = anchor.astimezone(ZoneInfo("Asia/Tokyo"))
    assert step_time(Offset(days=day), there, zone) == step_time(Offset(days=day), elsewhere, zone)


def journey(*steps: Step, anchor: Anchor = Anchor.VISIT_START) -> Journey:
    kinds = frozenset({"infusion"})
    return Journey("path", "A path", anchor, kinds, Purpose.CARE, steps)


START = local(NEW_YORK, 2026, 6, 10, 9, 0)


def test_steps_come_in_order_of_time_with_times_in_utc() -> None:
    path = journey(
        Step("h2", "late", Offset(hours=-2), useful_hours=2),
        Step("d3", "early", Offset(days=-3), useful_hours=20),
    )
    early, late = steps_for(path, AnchorPoint(START, NEW_YORK))
    assert (early.step.id, late.step.id) == ("d3", "h2")
    assert early.due_at == datetime(2026, 6, 7, 13, tzinfo=UTC)
    assert early.useful_until == datetime(2026, 6, 8, 9, tzinfo=UTC)
    assert late.due_at.tzinfo is UTC
    assert late.useful_until == START


def test_a_first_visit_has_its_own_message_where_there_is_one() -> None:
    path = journey(
        Step("d7", "prep", Offset(days=-7), 48, first_message="prep_first"),
        Step("d1", "tomorrow", Offset(days=-1), 20),
    )
    first = steps_for(path, AnchorPoint(START, NEW_YORK, first_visit=True))
    later = steps_for(path, AnchorPoint(START, NEW_YORK))
    assert [planned.message for planned in first] == ["prep_first", "tomorrow"]
    assert [planned.message for planned in later] == ["prep", "tomorrow"]


@pytest.mark.parametrize(
    ("first_visit", "expected"),
    [(True, ["all", "first", "open"]), (False, ["all", "later", "open"])],
)
def test_steps_for_first_or_later_visits_are_planned_for_those(
    first_visit: bool, expected: list[str]
) -> None:
    path = journey(
        Step("all", "m", Offset(days=-5), 20),
        Step("first", "m", Offset(days=-4), 20, only=frozenset({Only.FIRST_VISIT})),
        Step("later", "m", Offset(days=-3), 20, only=frozenset({Only.LATER_VISITS})),
        Step("open", "m", Offset(days=-2), 20, only=frozenset({Only.UNANSWERED})),
    )
    planned = steps_for(path, AnchorPoint(START, NEW_YORK, first_visit=first_visit))
    assert [item.step.id for item in planned] == expected


@pytest.mark.parametrize(
    ("only", "left"),
    [
        ((), Only.ALWAYS),
        ((Only.FIRST_VISIT,), Only.ALWAYS),
        ((Only.LATER_VISITS,), Only.ALWAYS),
        ((Only.FIRST_VISIT, Only.UNDELIVERED), Only.UNDELIVERED),
        ((Only.LATER_VISITS, Only.COURSE_END), Only.COURSE_END),
    ],
)
def test_what_is_judged_when_planned_is_not_judged_again_when_due(
    only: tuple[Only, ...], left: Only
) -> None:
    step = Step("d1", "m", Offset(days=-1), 20, only=frozenset(only), of="d3")
    first_visit = Only.LATER_VISITS not in only
    (planned,) = steps_for(journey(step), AnchorPoint(START, NEW_YORK, first_visit))
    assert (planned.only, planned.of) == (left, "d3")


def test_a_morning_text_for_a_visit_that_began_earlier_is_never_of_use() -> None:
    path = journey(Step("morning", "m", Offset(at=time(10)), useful_hours=5))
    (planned,) = steps_for(path, AnchorPoint(START, NEW_YORK))
    assert planned.due_at > START
    assert planned.useful_until == START


offsets = st.one_of(
    st.builds(Offset, days=st.integers(-30, 30), at=st.none() | wall_times),
    st.builds(Offset, hours=st.integers(-200, 200)),
)
steps = st.builds(
    Step,
    id=st.uuids().map(str),
    message=st.just("m"),
    offset=offsets,
    useful_hours=st.floats(0.5, 100),
    only=st.sampled_from(Only).map(lambda one: frozenset({one} - {Only.ALWAYS})),
)


@given(st.lists(steps, max_size=6), anchors, zones, st.booleans())
def test_nothing_counted_from_a_visit_is_of_use_once_it_began(
    some: list[Step], at: datetime, zone: ZoneInfo, first_visit: bool
) -> None:
    for planned in steps_for(journey(*some), AnchorPoint(at, zone, first_visit)):
        assert planned.useful_until <= at


@given(st.lists(steps, max_size=6), anchors, zones, st.booleans())
def test_what_is_counted_from_other_things_keeps_its_whole_time_of_use(
    some: list[Step], at: datetime, zone: ZoneInfo, first_visit: bool
) -> None:
    path = journey(*some, anchor=Anchor.INFUSION_END)
    planned = steps_for(path, AnchorPoint(at, zone, first_visit))
    for item in planned:
        assert item.useful_until - item.due_at == timedelta(hours=item.step.useful_hours)
    times = [item.due_at for item in planned]
    assert times == sorted(times)
    left_out = Only.LATER_VISITS if first_visit else Only.FIRST_VISIT
    wanted = [step.id for step in some if left_out not in step.only]
    assert sorted(item.step.id for item in planned) == sorted(wanted)


CLOT = frozenset({"clot"})


@pytest.mark.parametrize(
    ("only", "asked", "carried", "first_visit", "applies"),
    [
        ((), (), CLOT, False, True),
        ((), ("clot",), CLOT, False, True),
        ((), ("clot",), frozenset(), True, False),
        ((), ("clot", "frail"), CLOT, False, True),
        ((), ("frail",), CLOT, False, False),
        ((Only.FIRST_VISIT,), ("clot",), frozenset(), True, True),
        ((Only.FIRST_VISIT,), ("clot",), CLOT, False, True),
        ((Only.FIRST_VISIT,), ("clot",), frozenset({"frail"}), False, False),
        ((Only.LATER_VISITS,), ("clot",), CLOT, True, False),
        ((Only.LATER_VISITS,), ("clot",), frozenset(), False, False),
        ((Only.LATER_VISITS,), ("clot",), CLOT, False, True),
    ],
)
def test_a_risk_flag_is_a_condition_and_beside_a_first_visit_either_is_enough(
    only: tuple[Only, ...],
    asked: tuple[str, ...],
    carried: frozenset[str],
    *,
    first_visit: bool,
    applies: bool,
) -> None:
    step = Step("s", "m", Offset(), 1, only=frozenset(only), risks=frozenset(asked))
    assert step.is_for(carried, first_visit=first_visit) is applies


@pytest.mark.parametrize(
    ("number", "name"), [(1, "still_on"), (2, "still_on_2"), (12, "still_on_12")]
)
def test_a_correction_is_known_by_its_name_and_number(number: int, name: str) -> None:
    assert correction("still_on", number) == name
    assert correction_number(name, "still_on") == number


@pytest.mark.parametrize("step", ["booked", "booked_2", "still_on_x", "still_on_", "still", "d7"])
def test_another_step_is_no_correction(step: str) -> None:
    assert correction_number(step, "still_on") == 0
