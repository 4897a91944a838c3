"""Layout: what is known of a visit's steps when they are planned."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.journeys import (
    Anchor,
    AnchorPoint,
    EveningBefore,
    Journey,
    Notice,
    Offset,
    Only,
    Step,
    WhenLate,
)
from outreach.domain.layout import Circumstances, Laid, lay_out
from outreach.domain.states import Purpose, SkipReason
from outreach.domain.windows import Week, every_day, next_open

ZONE = ZoneInfo("America/New_York")
WEEK = every_day(time(8), time(21))
COLLAPSE = WhenLate.COLLAPSE
PATH = Journey(
    "visit",
    "Before a visit",
    Anchor.VISIT_START,
    frozenset({"infusion"}),
    Purpose.CARE,
    (
        Step("d7", "m", Offset(days=-7), 48, when_late=COLLAPSE),
        Step("d3", "m", Offset(days=-3), 20, when_late=COLLAPSE),
        Step("d1", "m", Offset(days=-1), 20, when_late=COLLAPSE),
        Step(
            "h2",
            "m",
            Offset(hours=-2),
            2,
            when_late=COLLAPSE,
            evening_before=EveningBefore(time(19), "d1"),
        ),
    ),
    notices={
        Notice.BOOKED: Step("booked", "now", Offset(), 24),
        Notice.REVIVED: Step("on", "on", Offset(), 24),
    },
    covers_hours=12,
)
VISIT = datetime(2027, 3, 17, 14, tzinfo=ZONE)
"""A Wednesday afternoon in summer time; the clocks changed on the Sunday before it."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def laid(
    before: timedelta, *, visit: datetime = VISIT, path: Journey = PATH, **known: object
) -> dict[str, SkipReason | None]:
    rows = plan(visit - before, visit=visit, path=path, **known)
    return {row.id: row.reason for row in rows}


def plan(
    now: datetime, *, visit: datetime = VISIT, path: Journey = PATH, **known: object
) -> list[Laid]:
    circumstances = replace(Circumstances(now.astimezone(UTC), WEEK), **known)  # type: ignore[arg-type]
    return lay_out(path, AnchorPoint(visit.astimezone(UTC), ZONE), circumstances)


def times(visit: datetime, week: Week = WEEK) -> dict[str, datetime]:
    rows = plan(visit - 30 * DAY, visit=visit, week=week)
    return {row.id: row.planned.due_at.astimezone(ZONE) for row in rows}


def test_a_day_step_of_a_visit_at_night_goes_in_the_evening_of_its_day() -> None:
    late = VISIT.replace(hour=21, minute=30)
    found = times(late)
    assert found["d7"] == datetime(2027, 3, 10, 19, tzinfo=ZONE)  # before the clocks change
    assert found["d1"] == datetime(2027, 3, 16, 19, tzinfo=ZONE)
    assert found["h2"] == late - 2 * HOUR


def test_the_last_word_before_a_visit_at_night_goes_in_the_evening_before_it() -> None:
    assert times(VISIT.replace(hour=23))["h2"] == VISIT.replace(hour=19)


def test_a_day_step_of_a_visit_at_dawn_keeps_its_hour_and_waits_for_morning() -> None:
    dawn = VISIT.replace(hour=6)
    assert times(dawn)["d1"] == dawn - DAY


def test_a_day_step_at_night_waits_where_its_evening_is_closed_too() -> None:
    late = VISIT.replace(hour=21, minute=30)
    assert times(late, week=every_day(time(8), time(18)))["d1"] == late - DAY


def test_a_day_step_in_permitted_hours_keeps_its_hour_however_late() -> None:
    late = VISIT.replace(hour=20, minute=30)
    assert times(late)["d1"] == late - DAY


def test_in_good_time_nothing_is_decided_yet() -> None:
    assert laid(9 * DAY) == dict.fromkeys(("d7", "d3", "d1", "h2"))


def test_exactly_on_time_is_not_late() -> None:
    assert laid(7 * DAY) == dict.fromkeys(("d7", "d3", "d1", "h2"))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (6 * DAY, {"d7": "collapsed", "d3": None, "d1": None, "h2": None}),
        (2 * DAY, {"d7": "collapsed", "d3": "collapsed", "d1": None, "h2": None}),
        (36 * HOUR, {"d7": "collapsed", "d3": "collapsed", "d1": "covered", "h2": None}),
        (5 * HOUR, dict.fromkeys(("d7", "d3", "d1"), "collapsed") | {"h2": "covered"}),
        (HOUR, dict.fromkeys(("d7", "d3", "d1", "h2"), "collapsed")),
    ],
)
def test_what_has_passed_is_said_in_one(before: timedelta, expected: dict[str, str | None]) -> None:
    assert laid(before) == {"booked": None, **expected}


def test_a_visit_that_has_begun_is_spoken_of_no_more() -> None:
    assert set(laid(timedelta()).values()) == {SkipReason.PAST_EVENT}
    assert "booked" not in laid(-HOUR)


def test_what_was_said_of_this_time_is_not_said_again() -> None:
    said = frozenset({"d7", "d3"})
    assert laid(2 * DAY, said=said) == {
        "d7": SkipReason.COVERED,
        "d3": SkipReason.COVERED,
        "d1": None,
        "h2": None,
    }
    again = laid(2 * DAY, said=frozenset({"d7", "booked"}))
    assert again["booked"] is SkipReason.COVERED


def test_a_revival_is_told_and_what_has_passed_is_late() -> None:
    assert laid(2 * DAY, revived=True, said=frozenset({"d7"})) == {
        "on": None,
        "d7": SkipReason.LATE,
        "d3": SkipReason.LATE,
        "d1": None,
        "h2": None,
    }


def test_without_a_notice_steps_go_while_they_are_of_use() -> None:
    bare = replace(PATH, notices={})
    assert laid(6 * DAY, path=bare) == dict.fromkeys(("d7", "d3", "d1", "h2"))
    assert laid(5 * DAY, path=bare)["d7"] is SkipReason.LATE


def test_where_nothing_is_of_use_any_more_the_last_step_is_judged_when_due() -> None:
    first, last = (Step(f"d{n}", "m", Offset(days=-n), 20) for n in (3, 1))
    bare = replace(PATH, steps=(first, last), notices={})
    assert laid(3 * HOUR, path=bare) == {"d3": SkipReason.LATE, "d1": None}
    assert laid(4 * HOUR, path=bare) == {"d3": SkipReason.LATE, "d1": None}
    assert laid(5 * HOUR, path=bare) == {"d3": SkipReason.LATE, "d1": None}  # it still goes
    assert set(laid(3 * HOUR, path=bare, edited=True).values()) == {SkipReason.LATE}
    told = laid(3 * HOUR, path=bare, said=frozenset({"d3"}))
    assert told == {"d3": SkipReason.COVERED, "d1": SkipReason.LATE}
    assert set(laid(timedelta(), path=bare).values()) == {SkipReason.PAST_EVENT}


def test_a_step_that_is_skipped_when_late_is_not_judged_again_while_it_could_go() -> None:
    skipped = Step("d1", "m", Offset(days=-1), 20, when_late=WhenLate.SKIP)
    bare = replace(PATH, steps=(skipped,), notices={})
    assert laid(8 * HOUR, path=bare) == {"d1": SkipReason.LATE}
    assert laid(3 * HOUR, path=bare) == {"d1": None}


def test_after_an_infusion_what_is_too_late_is_late_at_once() -> None:
    after = replace(
        PATH,
        anchor=Anchor.INFUSION_END,
        steps=(Step("h24", "m", Offset(hours=24), 10),),
        notices={},
    )
    assert laid(-40 * HOUR, path=after) == {"h24": SkipReason.LATE}


@pytest.mark.parametrize(
    ("policy", "reason"), [(WhenLate.SKIP, SkipReason.LATE), (WhenLate.SEND, None)]
)
def test_each_step_has_its_own_way_of_being_late(
    policy: WhenLate, reason: SkipReason | None
) -> None:
    step = Step("d7", "m", Offset(days=-7), 48, when_late=policy)
    path = replace(PATH, steps=(step, *PATH.steps[1:]))
    assert laid(6 * DAY, path=path) == {"d7": reason, "d3": None, "d1": None, "h2": None}


def test_a_text_of_the_early_morning_goes_the_evening_before() -> None:
    early = datetime(2027, 3, 15, 9, tzinfo=ZONE)
    (h2,) = [row for row in plan(early - 9 * DAY, visit=early) if row.id == "h2"]
    assert h2.planned.due_at.astimezone(ZONE) == datetime(2027, 3, 14, 19, tzinfo=ZONE)
    assert (h2.planned.only, h2.planned.of) == (Only.UNDELIVERED, "d1")


def test_a_day_of_a_course_is_only_planned_in_a_course() -> None:
    step = Step("evening", "m", Offset(at=time(19)), 2, only=frozenset({Only.COURSE_DAY}))
    path = replace(PATH, anchor=Anchor.INFUSION_END, steps=(step,), notices={})
    assert laid(DAY, path=path) == {}
    assert laid(DAY, path=path, several_days=True) == {"evening": None}


instants = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1))  # noqa: DTZ001 - made aware below


@given(
    instants,
    st.timedeltas(-2 * DAY, 20 * DAY),
    st.booleans(),
    st.sets(st.sampled_from(["d7", "d3", "d1"])),
)
def test_whatever_is_planned_can_go_and_no_two_go_at_once(
    wall: datetime, before: timedelta, revived: bool, said: set[str]
) -> None:
    visit = wall.replace(second=0, microsecond=0, tzinfo=ZONE)
    now = visit.astimezone(UTC) - before
    rows = plan(now, visit=visit, revived=revived, said=frozenset(said))
    going = [row for row in rows if row.reason is None]
    assert {row.id for row in rows} - {"booked", "on"} == {"d7", "d3", "d1", "h2"}
    for row in going:
        assert row.planned.due_at >= now
        assert now < row.planned.useful_until <= visit.astimezone(UTC)
    if now >= visit.astimezone(UTC):
        assert going == []
    leaves = [next_open(row.planned.due_at, (ZONE,), WEEK) for row in going]
    assert len(set(leaves)) == len(leaves)


@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(5, 23))
def test_every_step_of_a_visit_booked_early_keeps_its_wall_clock_time(day: date, hour: int) -> None:
    visit = datetime.combine(day, time(hour), ZONE)
    for row in plan(visit - 30 * DAY, visit=visit):
        if row.id.startswith("d"):
            wall = time(hour) if hour < 21 else time(19)  # the permitted hours are over then
            assert row.planned.due_at.astimezone(ZONE).time() == wall


# --- a notice that goes now


def first_of(rows: list[Laid]) -> Laid:
    return rows[0]


def test_a_notice_goes_at_once_and_is_of_use_for_its_own_hours() -> None:
    now = (VISIT - 5 * DAY).astimezone(UTC)
    booked = first_of(plan(now))
    assert (booked.id, booked.notice) == ("booked", Notice.BOOKED)
    assert booked.planned.due_at == now
    assert booked.planned.useful_until == now + DAY
    revived = first_of(plan(now, revived=True))
    assert (revived.id, revived.notice) == ("on", Notice.REVIVED)


def test_a_notice_is_of_no_use_once_the_visit_began() -> None:
    booked = first_of(plan(VISIT - 5 * HOUR))
    assert booked.planned.useful_until == VISIT
    assert booked.planned.useful_until.tzinfo is UTC


def test_what_a_notice_covers_counts_from_when_it_goes_not_from_when_the_visit_was_booked() -> None:
    morning = datetime(2027, 3, 17, 8, tzinfo=ZONE)  # when the notice of the night goes
    night = datetime(2027, 3, 16, 23, tzinfo=ZONE)

    def with_a_step_at(hours: int) -> dict[str, SkipReason | None]:
        visit = morning + 24 * HOUR
        step = Step("eve", "m", Offset(hours=hours - 24), 5, when_late=COLLAPSE)
        late = Step("d7", "m", Offset(days=-7), 240, when_late=COLLAPSE)
        path = replace(PATH, steps=(late, step))
        return {row.id: row.reason for row in plan(night, visit=visit, path=path)}

    assert with_a_step_at(12)["eve"] is SkipReason.COVERED
    assert with_a_step_at(13)["eve"] is None


def test_where_no_hour_is_permitted_a_notice_counts_from_now() -> None:
    closed = laid(36 * HOUR, week={})
    assert closed == laid(36 * HOUR)


def test_beside_a_notice_a_step_that_is_not_collapsed_goes_on_its_own() -> None:
    screen = Step("screen", "m", Offset(days=-7), 48, when_late=WhenLate.SEND)
    path = replace(PATH, steps=(screen, *PATH.steps))
    assert laid(6 * DAY, path=path) == {
        "booked": None,
        "screen": None,
        "d7": SkipReason.COLLAPSED,
        "d3": None,
        "d1": None,
        "h2": None,
    }


# --- what is known of a step by itself


def test_a_step_that_is_skipped_when_late_goes_when_its_time_is_now() -> None:
    path = replace(PATH, steps=(Step("d7", "m", Offset(days=-7), 48, when_late=WhenLate.SKIP),))
    assert laid(7 * DAY, path=path) == {"d7": None}
    assert laid(7 * DAY + HOUR, path=path) == {"d7": None}
    assert laid(7 * DAY - timedelta(seconds=1), path=path) == {"d7": SkipReason.LATE}


def test_an_edited_journey_sends_no_notice_and_makes_up_for_nothing() -> None:
    assert laid(6 * DAY, edited=True) == {"d7": SkipReason.LATE, "d3": None, "d1": None, "h2": None}
    assert laid(6 * DAY, edited=True, revived=True)["d7"] is SkipReason.LATE
    assert laid(7 * DAY, edited=True)["d7"] is None


def test_a_step_that_already_goes_that_evening_is_left_as_it_is() -> None:
    """It falls outside the hours by itself, and no earlier evening is near."""
    step = Step(
        "eve", "m", Offset(days=-1, at=time(21)), 2, evening_before=EveningBefore(time(21), "d1")
    )
    (laid_out,) = plan(VISIT - 9 * DAY, path=replace(PATH, steps=(step,)))
    assert laid_out.planned.due_at == datetime(2027, 3, 16, 21, tzinfo=ZONE)
    assert (laid_out.planned.only, laid_out.planned.of) == (Only.ALWAYS, None)
