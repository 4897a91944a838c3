"""Plan: journeys and anchors become touchpoints, in the unit that changed the anchor.

What is already past is written down too, as skipped with its reason: the ledger has no gaps.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.domain.courses import Course, CourseVisit, course_of
from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, AnchorPoint, Notice, Unreported
from outreach.domain.whereabouts import whereabouts
from outreach.pipeline.planning.blueprint import (
    Blueprint,
    about_dose,
    about_end,
    about_occasion,
    about_start,
)
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Dose, Occasion, Patient, Touchpoint
from outreach.storage.unit import Unit

_LONG_AGO = timedelta(days=1)
"""Nobody asks about the end of a visit that is over for longer than this."""


def patient_zone(patient: Patient, world: World) -> ZoneInfo:
    """The zone in which a patient is told the time: verified by the clinic, else of the postal
    code, else the clinic's own.

    Not that of an area code: people take their number along, and a dose named at the wrong hour
    does harm. Where a postal code leaves two zones and the clinic is in one, it is that one.
    """
    zones = whereabouts(
        zone=patient.zone,
        postal_code=patient.postal_code,
        phone=None,
        region=world.clinic.region,
    ).zones
    known = {zone.key for zone in zones}
    return world.clinic.zone if not zones or world.clinic.zone.key in known else zones[0]


def plan_visit(unit: Unit, world: World, visit: Appointment, *, revived: bool = False) -> int:
    """Touchpoints counted from a visit's start; nothing without a time, a place and a kind.

    Args:
        revived: the visit was cancelled and is on again.
    """
    before = _before(unit, Anchor.VISIT_START, visit.id)
    blueprint = of_start(world, visit, before, _risks(unit, visit.patient_id))
    if blueprint is None:
        return 0
    return _write(unit, blueprint.rows(revived=revived))


def _risks(unit: Unit, patient_id: UUID) -> frozenset[str]:
    patient = unit.people.patient(patient_id)
    return frozenset() if patient is None else patient.risk_flags


def of_start(
    world: World, visit: Appointment, before: Sequence[Touchpoint], risks: frozenset[str]
) -> Blueprint | None:
    """The plan counted from a visit's start; None without a time, a place and a kind."""
    zone = world.clinic.zone_at(visit.site_code)
    if visit.start_at is None or zone is None or visit.kind is None:
        return None
    point = AnchorPoint(visit.start_at, zone, visit.first_visit, risks)
    return Blueprint(world, about_start(visit), point, before)


def plan_infusion_end(unit: Unit, world: World, visit: Appointment) -> int:
    """Check-ins counted from the actual end of an infusion."""
    found = of_end(unit, world, visit, _before(unit, Anchor.INFUSION_END, visit.id))
    if found is None:
        return 0
    blueprint, several_days = found
    return _write(unit, blueprint.rows(several_days=several_days))


def of_end(
    unit: Unit, world: World, visit: Appointment, before: Sequence[Touchpoint]
) -> tuple[Blueprint, bool] | None:
    """The plan counted from an infusion's end, and whether its course has several days."""
    zone = world.clinic.zone_at(visit.site_code)
    if visit.actual_end is None or zone is None or visit.kind is None:
        return None
    course = course_around(unit, world, visit, zone)
    first = visit.first_visit or (course is not None and course.is_first)
    seen = 1 if course is None else len(course.visits)
    patient = unit.people.patient(visit.patient_id)
    unseen = patient is None or patient.infusions <= seen
    point = AnchorPoint(visit.actual_end, zone, first, _risks(unit, visit.patient_id))
    blueprint = Blueprint(world, about_end(visit), point, before, maybe_first=first or unseen)
    return blueprint, course is not None and course.several_days


def plan_dose(unit: Unit, world: World, dose: Dose) -> int:
    """Reminders counted from one home dose, in the patient's own hours."""
    before = _before(unit, Anchor.DOSE, dose.id)
    return _write(unit, of_dose(unit, world, dose, before).rows())


def of_dose(unit: Unit, world: World, dose: Dose, before: Sequence[Touchpoint]) -> Blueprint:
    """The plan counted from a home dose."""
    patient = unit.people.patient(dose.patient_id)
    zone = world.clinic.zone if patient is None else patient_zone(patient, world)
    point = AnchorPoint(dose.due_at, zone, risks=_risks(unit, dose.patient_id))
    return Blueprint(world, about_dose(dose), point, before)


def plan_notice(
    unit: Unit, world: World, visit: Appointment, notice: Notice, number: int = 1
) -> int:
    """A text that goes at once about a visit that takes place, from each journey that has one.

    Args:
        number: which notice of this kind it is for the patient and the day.
    """
    before = _before(unit, Anchor.VISIT_START, visit.id)
    blueprint = of_start(world, visit, before, _risks(unit, visit.patient_id))
    return 0 if blueprint is None else _write(unit, blueprint.notice(notice, number))


def plan_occasion(unit: Unit, world: World, occasion: Occasion) -> int:
    """Touchpoints counted from an occasion, in the patient's own hours."""
    patient = unit.people.patient(occasion.patient_id)
    zone = world.clinic.zone if patient is None else patient_zone(patient, world)
    before = _before(unit, Anchor.OCCASION, occasion.id)
    point = AnchorPoint(occasion.at, zone, risks=_risks(unit, occasion.patient_id))
    return _write(unit, Blueprint(world, about_occasion(occasion), point, before).rows())


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


def expect_report(world: World, visit: Appointment, *, present: bool) -> None:
    """Notes when somebody asks whether an infusion took place that nobody reported as ended.

    Of a visit that is not over, or one whose patient is there; a booking of one that was over
    already asks nobody.

    Args:
        present: the patient was there.
    """
    rules = _unreported_rules(world, visit.kind)
    if not rules or visit.start_at is None or visit.actual_end is not None or visit.quiet:
        return
    end = visit.end_at or visit.start_at + usual_length(world, visit.kind)
    now, by = world.clinic_now(), end + timedelta(hours=rules[0].after_hours)
    if end > now or (present and by > now - _LONG_AGO):
        visit.report_by = by


def _before(unit: Unit, kind: Anchor, anchor_id: UUID) -> list[Touchpoint]:
    return [row for row in unit.ledger.of_anchor(anchor_id) if row.anchor_kind is kind]


def _write(unit: Unit, rows: Sequence[Touchpoint]) -> int:
    """Adds what the blueprint laid out; returns how many."""
    unit.add(*rows)
    unit.flush()
    return len(rows)
