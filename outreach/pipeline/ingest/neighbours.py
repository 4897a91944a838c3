"""Neighbours: a visit has left a day, and what was said of the others there must still be true."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, Notice, correction_number
from outreach.domain.states import TouchpointStatus
from outreach.pipeline import completion, plan
from outreach.pipeline.facts.closed_days import visits_on_closed_days
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Touchpoint
from outreach.storage.repositories.messages import Told
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
    before = unit.ledger.of_anchors(Anchor.VISIT_START, [row.id for row in (visit, *same_day)])
    rows = [row for found in before.values() for row in found if _corrects(world, row.step)]
    number = 1 + max((_corrects(world, row.step) for row in rows), default=0)
    for other in same_day:
        if _waits(rows, other) or not _believed(world, told, visit, other):
            continue
        plan.plan_notice(unit, world, other, Notice.STILL_ON, number)


def _corrects(world: World, step: str) -> int:
    """Which correction of its day a step is; 0 for all other steps."""
    notices = [journey.notices.get(Notice.STILL_ON) for journey in world.journeys]
    return max((correction_number(step, one.id) for one in notices if one is not None), default=0)


def _waits(corrections: list[Touchpoint], other: Appointment) -> bool:
    """Whether a correction of a visit is planned: when it goes it says what is on by then."""
    return any(
        row.anchor_id == other.id
        and row.anchor_version == other.version
        and row.status is TouchpointStatus.PLANNED
        for row in corrections
    )


def _believed(world: World, told: list[Told], visit: Appointment, other: Appointment) -> bool:
    """Whether the patient has been told of both, and nothing since that leaves one of them out.

    A correction says all that is on that day; what was said before it does not count any more.
    One that is queued and has no words yet will leave out what falls away now.
    """
    about = sorted(
        (row for row in told if row.names(other.id, other.version)), key=lambda row: row.made_at
    )
    last = max((n for n, row in enumerate(about) if _corrects(world, row.step)), default=0)
    if about and _corrects(world, about[last].step) and not about[last].named:
        return False
    return any(row.speaks_of(visit.id) for row in about[last:])


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
