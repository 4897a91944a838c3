"""Neighbours: a visit has left a day, and what was said of the others there must still be true."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from outreach.domain.events import GONE
from outreach.domain.journeys import Notice
from outreach.pipeline import completion, plan
from outreach.pipeline.facts.closed_days import visits_on_closed_days
from outreach.pipeline.world import World
from outreach.storage.models import Appointment
from outreach.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Stood:
    """Whose visit it was, and where in time and place it stood before it was changed."""

    patient_id: UUID
    start: datetime | None
    site_code: str | None


def day_of(world: World, stood: Stood) -> date | None:
    """The calendar day of its place; None where time or place were not known."""
    zone = world.clinic.zone_at(stood.site_code)
    return None if zone is None or stood.start is None else stood.start.astimezone(zone).date()


def day_now(world: World, visit: Appointment) -> date | None:
    """The calendar day on which a visit stands now."""
    return day_of(world, Stood(visit.patient_id, visit.start_at, visit.site_code))


def left(unit: Unit, world: World, visit: Appointment, stood: Stood) -> None:
    """The patient hears what is still on that day, and a course ends with the day before."""
    if stood.start is None or day_of(world, stood) is None:
        return
    unit.flush()
    others = [
        row
        for row in unit.visits.near(stood.patient_id, stood.start, timedelta(days=10))
        if row.id != visit.id and row.status not in GONE
    ]
    _still_on(unit, world, visit, stood, others)
    _recount(unit, world, visit, stood, others)


def _still_on(
    unit: Unit, world: World, visit: Appointment, stood: Stood, others: list[Appointment]
) -> None:
    """Where a text named both, the patient would think that the other is off as well."""
    closed = visits_on_closed_days(unit, world, others)
    same_day = [
        row
        for row in others
        if row.id not in closed and day_now(world, row) == day_of(world, stood)
    ]
    if not same_day:
        return
    since = world.clinic_now() - timedelta(days=10)
    told = [row for _, row in unit.messages.told_of_visits([stood.patient_id], since)]
    for other in same_day:
        if any(row.speaks_of(visit.id) and row.names(other.id, other.version) for row in told):
            plan.plan_notice(unit, world, other, Notice.STILL_ON)


def _recount(
    unit: Unit, world: World, visit: Appointment, stood: Stood, others: list[Appointment]
) -> None:
    """The check-ins of a course count from its last actual end: it may now be an earlier day."""
    zone = world.clinic.zone_at(stood.site_code)
    if zone is None:
        return
    course = plan.course_around(unit, world, visit, zone, stood.start)
    members = set() if course is None else {row.id for row in course.visits}
    for other in others:
        start = other.start_at
        earlier = start is not None and stood.start is not None and start < stood.start
        if earlier and other.id in members and completion.waits_for_later(unit, other):
            completion.recount(unit, world, other)
