"""Courses: visits on days that follow each other, which a patient is told about as one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class CourseVisit:
    """A visit that takes place, or took place."""

    id: UUID
    start: datetime
    first_visit: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """The visits that belong together with one of them, in order of time."""

    visits: tuple[CourseVisit, ...]
    zone: ZoneInfo

    def starts_with(self, visit_id: UUID) -> bool:
        """Whether a visit is on the first day."""
        first = self._day(self.visits[0])
        return any(row.id == visit_id and self._day(row) == first for row in self.visits)

    def ends_with(self, visit_id: UUID) -> bool:
        """Whether a visit is the last one."""
        return self.visits[-1].id == visit_id

    def goes_on_after(self, visit_id: UUID) -> bool:
        """Whether a visit is the last of its day, and another day follows."""
        mine = next(row for row in self.visits if row.id == visit_id)
        day = self._day(mine)
        last_of_day = [row for row in self.visits if self._day(row) == day][-1]
        return last_of_day.id == visit_id and day < self._day(self.visits[-1])

    def has_before(self, other_id: UUID | None, visit_id: UUID) -> bool:
        """Whether another visit of it is on an earlier day than a visit."""
        days = {row.id: self._day(row) for row in self.visits}
        return any(row.id == other_id and days[row.id] < days[visit_id] for row in self.visits)

    @property
    def several_days(self) -> bool:
        """Whether it has more than one day."""
        return self._day(self.visits[0]) != self._day(self.visits[-1])

    @property
    def is_first(self) -> bool:
        """Whether it holds the patient's first visit."""
        return any(row.first_visit for row in self.visits)

    def _day(self, visit: CourseVisit) -> int:
        return visit.start.astimezone(self.zone).toordinal()


def course_of(
    visit: CourseVisit, others: Collection[CourseVisit], gap_days: int, zone: ZoneInfo
) -> Course:
    """The course that ``visit`` belongs to: all that hang together with gaps of ``gap_days``.

    Days are calendar days in ``zone``. ``others`` may hold the visit itself, and any number of
    visits that have nothing to do with it.
    """
    ordered = sorted(
        {row.id: row for row in (*others, visit)}.values(), key=lambda row: (row.start, row.id)
    )
    days = [row.start.astimezone(zone).toordinal() for row in ordered]
    at = next(index for index, row in enumerate(ordered) if row.id == visit.id)
    first = last = at
    while first > 0 and days[first] - days[first - 1] <= gap_days:
        first -= 1
    while last + 1 < len(ordered) and days[last + 1] - days[last] <= gap_days:
        last += 1
    return Course(tuple(ordered[first : last + 1]), zone)
