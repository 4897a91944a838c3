"""Plan: journeys and anchors become touchpoints, in the unit that changed the anchor.

What is already past is written down too, as skipped with its reason: the ledger has no gaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outreach.domain.courses import Course, CourseVisit, course_of
from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, AnchorPoint, Journey, Notice, Silence, Unreported
from outreach.domain.layout import Circumstances, Laid, lay_out, notice_now
from outreach.domain.states import SkipReason, TouchpointStatus
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
    plan = _Plan(unit, world, _anchored(Anchor.VISIT_START, visit, visit.version), point)
    return plan.write(visit.kind, revived=revived)


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
    plan = _Plan(unit, world, _anchored(Anchor.INFUSION_END, visit, visit.end_version), point)
    several = course is not None and course.several_days
    return plan.write(visit.kind, several_days=several, maybe_first=first or unseen)


def plan_dose(unit: Unit, world: World, dose: Dose) -> int:
    """Reminders counted from one home dose, in the patient's own hours."""
    patient = unit.people.patient(dose.patient_id)
    zone = world.clinic.zone if patient is None else patient_zone(patient, world)
    anchored = _Anchored(Anchor.DOSE, dose.id, dose.version, dose.patient_id, dose_id=dose.id)
    return _Plan(unit, world, anchored, AnchorPoint(dose.due_at, zone)).write(None)


def plan_notice(unit: Unit, world: World, visit: Appointment, notice: Notice) -> int:
    """A text that goes at once about a visit that takes place, from each journey that has one."""
    zone = world.clinic.zone_at(visit.site_code)
    if visit.start_at is None or zone is None or visit.kind is None:
        return 0
    point = AnchorPoint(visit.start_at, zone, first_visit=visit.first_visit)
    plan = _Plan(unit, world, _anchored(Anchor.VISIT_START, visit, visit.version), point)
    return plan.write_notice(visit.kind, notice)


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


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What the touchpoints of one plan are about."""

    kind: Anchor
    id: UUID
    version: int
    patient_id: UUID
    site_code: str | None = None
    appointment_id: UUID | None = None
    dose_id: UUID | None = None


def _anchored(kind: Anchor, visit: Appointment, version: int) -> _Anchored:
    return _Anchored(kind, visit.id, version, visit.patient_id, visit.site_code, visit.id)


class _Plan:
    """Writes the touchpoints of one version of one anchor."""

    def __init__(self, unit: Unit, world: World, about: _Anchored, point: AnchorPoint) -> None:
        self._unit, self._world, self._about, self._point = unit, world, about, point
        self._now = world.clinic_now()
        self._maybe_first = False
        self._before = [
            row for row in unit.ledger.of_anchor(about.id) if row.anchor_kind is about.kind
        ]
        self._known = {
            (row.journey, row.step) for row in self._before if row.anchor_version == about.version
        }

    def write(
        self,
        visit_kind: str | None,
        *,
        revived: bool = False,
        several_days: bool = False,
        maybe_first: bool = False,
    ) -> int:
        """Every step that is not written yet; returns how many were.

        Args:
            maybe_first: it was the patient's first visit, or Outreach has seen none before it and
                cannot know: the safe reading is that it was.
        """
        self._maybe_first = maybe_first
        told = revived and any(row.status is TouchpointStatus.SENT for row in self._before)
        written = 0
        for journey in self._journeys(visit_kind):
            known = Circumstances(
                self._now,
                self._world.policy.week_for(journey.purpose),
                self._said(journey),
                revived=told,
                several_days=several_days,
            )
            written += self._add(journey, lay_out(journey, self._point, known))
        self._unit.flush()
        return written

    def write_notice(self, visit_kind: str | None, notice: Notice) -> int:
        """One notice, from each journey that has it; returns how many were written."""
        written = 0
        for journey in self._journeys(visit_kind):
            planned = notice_now(journey, notice, self._point, self._now)
            if planned is not None and self._point.at > self._now:
                written += self._add(journey, [Laid(planned, notice=notice)])
        self._unit.flush()
        return written

    def _journeys(self, visit_kind: str | None) -> Sequence[Journey]:
        return [
            journey
            for journey in self._world.journeys
            if journey.anchor is self._about.kind
            and (not journey.kinds or visit_kind in journey.kinds)
        ]

    def _said(self, journey: Journey) -> frozenset[str]:
        """What the patient has been told of this very time and place.

        A moved visit is told anew; a corrected end is the same infusion: nobody is asked twice.
        """
        end = self._about.kind is Anchor.INFUSION_END
        return frozenset(
            row.step
            for row in self._before
            if row.journey == journey.name
            and (row.status is TouchpointStatus.SENT or row.reason is SkipReason.MERGED)
            and (end or (row.anchor_at, row.site_code) == (self._point.at, self._about.site_code))
        )

    def _add(self, journey: Journey, rows: Sequence[Laid]) -> int:
        fresh = [row for row in rows if (journey.name, row.id) not in self._known]
        for laid in fresh:
            self._unit.add(self._row(journey, laid))
        return len(fresh)

    def _silence(self, written: Silence) -> Silence:
        """What no answer means for this patient: a call, or nothing."""
        if written is Silence.CALL_FIRST:
            return Silence.CALL if self._maybe_first else Silence.NOTHING
        return written

    def _row(self, journey: Journey, laid: Laid) -> Touchpoint:
        planned, step, about = laid.planned, laid.planned.step, self._about
        return Touchpoint(
            id=self._world.new_id(),
            journey=journey.name,
            journey_digest=journey.digest,
            step=step.id,
            patient_id=about.patient_id,
            anchor_kind=about.kind,
            anchor_id=about.id,
            anchor_version=about.version,
            anchor_at=self._point.at,
            appointment_id=about.appointment_id,
            dose_id=about.dose_id,
            site_code=about.site_code,
            template=planned.message,
            purpose=journey.purpose,
            channels=[channel.value for channel in step.channels],
            also_email=step.also_email,
            only=planned.only,
            of=planned.of,
            asks=step.asks,
            question_hours=step.question_hours,
            when_late=step.when_late,
            silence=self._silence(step.silence),
            due_at=planned.due_at,
            useful_until=planned.useful_until,
            status=TouchpointStatus.PLANNED if laid.reason is None else TouchpointStatus.SKIPPED,
            reason=laid.reason,
            decided_at=None if laid.reason is None else self._now,
            created_at=self._now,
        )
