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
