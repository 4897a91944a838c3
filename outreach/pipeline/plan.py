"""Plan: journeys and anchors become touchpoints, in the unit that changed the anchor.

What is already past is written down too, as skipped with its reason: the ledger has no gaps.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outreach.domain.courses import Course, CourseVisit, course_of
from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, AnchorPoint, Notice, Unreported
from outreach.pipeline.blueprint import About, Blueprint, about_dose, about_end, about_start
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Dose, Patient, Touchpoint
from outreach.storage.unit import Unit


def patient_zone(patient: Patient, world: World) -> ZoneInfo:
    """The zone a patient lives in: verified by the clinic, else the clinic's own."""
    if patient.zone:
        try:
            return ZoneInfo(patient.zone)
        except (ZoneInfoNotFoundError, ValueError):
            return world.clinic.zone
    return world.clinic.zone


def plan_visit(unit: Unit, world: World, visit: Appointment, *, revived: bool = False) -> int:
    """Touchpoints counted from a visit's start; nothing without a time, a place and a kind.

    Args:
        revived: the visit was cancelled and is on again.
    """
    zone = world.clinic.zone_at(visit.site_code)
    if visit.start_at is None or zone is None or visit.kind is None:
        return 0
    _expect_report(world, visit)
    point = AnchorPoint(visit.start_at, zone, first_visit=visit.first_visit)
    return _write(unit, _blueprint(unit, world, about_start(visit), point).rows(revived=revived))


def plan_infusion_end(unit: Unit, world: World, visit: Appointment) -> int:
    """Check-ins counted from the actual end of an infusion."""
    zone = world.clinic.zone_at(visit.site_code)
    if visit.actual_end is None or zone is None or visit.kind is None:
        return 0
    course = course_around(unit, world, visit, zone)
    first = visit.first_visit or (course is not None and course.is_first)
    seen = 1 if course is None else len(course.visits)
    patient = unit.people.patient(visit.patient_id)
    unseen = patient is None or patient.infusions <= seen
    point = AnchorPoint(visit.actual_end, zone, first_visit=first)
    several = course is not None and course.several_days
    plan = _blueprint(unit, world, about_end(visit), point, maybe_first=first or unseen)
    return _write(unit, plan.rows(several_days=several))


def plan_dose(unit: Unit, world: World, dose: Dose) -> int:
    """Reminders counted from one home dose, in the patient's own hours."""
    patient = unit.people.patient(dose.patient_id)
    zone = world.clinic.zone if patient is None else patient_zone(patient, world)
    plan = _blueprint(unit, world, about_dose(dose), AnchorPoint(dose.due_at, zone))
    return _write(unit, plan.rows())


def plan_notice(unit: Unit, world: World, visit: Appointment, notice: Notice) -> int:
    """A text that goes at once about a visit that takes place, from each journey that has one."""
    zone = world.clinic.zone_at(visit.site_code)
    if visit.start_at is None or zone is None or visit.kind is None:
        return 0
    point = AnchorPoint(visit.start_at, zone, first_visit=visit.first_visit)
    return _write(unit, _blueprint(unit, world, about_start(visit), point).notice(notice))


def course_around(
    unit: Unit, world: World, visit: Appointment, zone: ZoneInfo, start: datetime | None = None
) -> Course | None:
    """The course of check-ins that a visit belongs to; None where no journey checks in after it.

    Args:
        start: where the visit stands or stood; None takes its start as it is now.
    """
    gap = check_in_gap(world, visit.kind)
    at = start or visit.start_at
    if gap is None or at is None:
        return None
    others = [
        CourseVisit(row.id, row.start_at, row.first_visit)
        for row in unit.visits.near(visit.patient_id, at, timedelta(days=31))
        if row.start_at is not None
        and row.kind == visit.kind
        and row.status not in GONE
        and row.id != visit.id
    ]
    return course_of(CourseVisit(visit.id, at, visit.first_visit), others, gap, zone)


def check_in_gap(world: World, kind: str | None) -> int | None:
    """Within how many days visits of a kind are one course; None where nobody checks in."""
    gaps = [
        journey.course_gap_days
        for journey in world.journeys
        if journey.anchor is Anchor.INFUSION_END and kind in journey.kinds
    ]
    return max(gaps, default=None)


def usual_length(world: World, kind: str | None) -> timedelta:
    """How long a visit of a kind is taken to last whose end was never planned."""
    rules = _unreported_rules(world, kind)
    return timedelta(hours=(rules[0] if rules else Unreported()).length_hours)


def _unreported_rules(world: World, kind: str | None) -> list[Unreported]:
    return [
        journey.unreported
        for journey in world.journeys
        if journey.unreported is not None and kind in journey.kinds
    ]


def _expect_report(world: World, visit: Appointment) -> None:
    """Notes when somebody asks whether an infusion took place that nobody reported as ended."""
    rules = _unreported_rules(world, visit.kind)
    if not rules or visit.start_at is None or visit.actual_end is not None:
        return
    end = visit.end_at or visit.start_at + usual_length(world, visit.kind)
    ahead = visit.start_at > world.clinic_now() and not visit.quiet
    visit.report_by = end + timedelta(hours=rules[0].after_hours) if ahead else None


def _blueprint(
    unit: Unit, world: World, about: About, point: AnchorPoint, *, maybe_first: bool = False
) -> Blueprint:
    before = [row for row in unit.ledger.of_anchor(about.id) if row.anchor_kind is about.kind]
    return Blueprint(world, about, point, before, maybe_first=maybe_first)


def _write(unit: Unit, rows: Sequence[Touchpoint]) -> int:
    """Adds what the blueprint laid out; returns how many."""
    unit.add(*rows)
    unit.flush()
    return len(rows)
