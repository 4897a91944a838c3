"""Courses: which visits hang together, and which of them is the first and the last."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.courses import Course, CourseVisit, course_of

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2027, 3, 10, 14, tzinfo=UTC)


def visit(day: int, *, first_visit: bool = False, hour: int = 0) -> CourseVisit:
    at = START + timedelta(days=day, hours=hour)
    return CourseVisit(UUID(int=100 * day + hour + 10_000), at, first_visit)


def around(day: int, *others: CourseVisit, gap: int = 1) -> Course:
    return course_of(visit(day), others, gap, NEW_YORK)


def test_a_visit_alone_is_a_course_of_its_own() -> None:
    course = around(0, visit(-2), visit(2))
    assert [row.id for row in course.visits] == [visit(0).id]
    assert course.starts_with(visit(0).id)
    assert course.ends_with(visit(0).id)
    assert not course.several_days


@pytest.mark.parametrize(("gap", "days"), [(1, [0]), (2, [-2, 0, 2]), (3, [-2, 0, 2, 5])])
def test_what_hangs_together_depends_on_the_gap(gap: int, days: list[int]) -> None:
    others = [visit(day) for day in (-2, 2, 5, 28)]
    course = around(0, *others, gap=gap)
    assert [row.start for row in course.visits] == [visit(day).start for day in days]


def test_the_first_day_may_have_several_visits_and_only_one_visit_is_the_last() -> None:
    morning, evening = visit(0), visit(0, hour=5)
    course = course_of(evening, [morning], 1, NEW_YORK)
    assert course.starts_with(morning.id)
    assert course.starts_with(evening.id)
    assert not course.ends_with(morning.id)
    assert course.ends_with(evening.id)
    assert not course.several_days


def test_days_are_those_of_the_place() -> None:
    late = CourseVisit(UUID(int=1), datetime(2027, 3, 11, 3, tzinfo=UTC))  # 22:00 on the 10th
    early = CourseVisit(UUID(int=2), datetime(2027, 3, 11, 13, tzinfo=UTC))
    assert course_of(early, [late], 1, NEW_YORK).several_days


def test_a_course_is_the_first_when_any_of_its_visits_is() -> None:
    assert around(1, visit(0, first_visit=True), visit(2)).is_first
    assert not around(1, visit(-1, first_visit=True), visit(2)).is_first


@given(st.lists(st.integers(-40, 40), max_size=12, unique=True), st.integers(1, 7))
def test_every_member_sees_the_same_course(days: list[int], gap: int) -> None:
    everyone = [visit(day) for day in {0, *days}]
    course = course_of(visit(0), everyone, gap, NEW_YORK)
    for member in course.visits:
        assert course_of(member, everyone, gap, NEW_YORK).visits == course.visits
    assert sum(course.ends_with(member.id) for member in course.visits) == 1


@pytest.mark.parametrize("seen_from", range(5))
def test_five_days_in_a_row_are_one_course_from_wherever_it_is_seen(seen_from: int) -> None:
    days = [visit(day) for day in range(5)]
    course = around(seen_from, *days, visit(-3), visit(8))
    assert course.visits == tuple(days)
    assert course.several_days


def test_only_a_visit_of_the_first_day_begins_a_course() -> None:
    course = around(0, visit(1), visit(2))
    assert [course.starts_with(visit(day).id) for day in (0, 1, 2)] == [True, False, False]


def test_a_gap_is_counted_in_days_at_the_place() -> None:
    late = CourseVisit(UUID(int=1), datetime(2027, 3, 11, 3, tzinfo=UTC))  # 22:00 on the 10th
    after_a_free_day = CourseVisit(UUID(int=2), datetime(2027, 3, 12, 13, tzinfo=UTC))
    assert course_of(late, [after_a_free_day], 1, NEW_YORK).visits == (late,)
    assert course_of(late, [after_a_free_day], 2, NEW_YORK).visits == (late, after_a_free_day)


def test_a_course_goes_on_after_the_last_visit_of_each_day_but_the_last() -> None:
    morning, evening = visit(0), visit(0, hour=5)
    middle, end = visit(1), visit(2)
    course = course_of(middle, [end, evening, morning], 1, NEW_YORK)
    goes_on = [course.goes_on_after(row.id) for row in (morning, evening, middle, end)]
    assert goes_on == [False, True, True, False]


def test_a_visit_alone_does_not_go_on() -> None:
    assert not around(0).goes_on_after(visit(0).id)


def test_two_visits_at_the_same_time_are_told_apart() -> None:
    one, two = CourseVisit(UUID(int=1), START), CourseVisit(UUID(int=2), START)
    for course in (course_of(one, [two], 1, NEW_YORK), course_of(two, [one], 1, NEW_YORK)):
        assert course.visits == (one, two)


def test_what_is_known_of_the_visit_itself_counts_over_what_is_on_file_of_it() -> None:
    on_file = visit(0)
    moved = CourseVisit(on_file.id, START + timedelta(hours=2), first_visit=True)
    assert course_of(moved, [on_file], 1, NEW_YORK).visits == (moved,)


def test_only_a_visit_on_an_earlier_day_of_the_course_is_before_another() -> None:
    course = around(1, visit(0), visit(1, hour=3), visit(7))
    assert course.has_before(visit(0).id, visit(1).id)
    assert not course.has_before(visit(1).id, visit(0).id)
    assert not course.has_before(visit(1).id, visit(1, hour=3).id)  # the same day
    assert not course.has_before(visit(7).id, visit(1).id)  # no part of it
    assert not course.has_before(None, visit(1).id)
