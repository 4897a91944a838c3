"""Plan: journeys and anchors become touchpoints, in the unit that changed the anchor.

What is already past is written down too, as skipped with its reason: the ledger has no gaps.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outreach.domain.journeys import Anchor, AnchorPoint, Journey, Planned, steps_for
from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Dose, Occasion, Patient, Touchpoint
from outreach.storage.unit import Unit


def patient_zone(patient: Patient, world: World) -> ZoneInfo:
    """The zone a patient lives in: verified by the clinic, else the clinic's own."""
    if patient.zone:
        try:
            return ZoneInfo(patient.zone)
        except (ZoneInfoNotFoundError, ValueError):
            return world.clinic.zone
    return world.clinic.zone


def plan_visit(unit: Unit, world: World, visit: Appointment) -> int:
    """Touchpoints counted from a visit's start; nothing without a time, a place and a kind."""
    zone = world.clinic.zone_at(visit.site_code)
    if visit.start_at is None or zone is None or visit.kind is None:
        return 0
    point = AnchorPoint(visit.start_at, zone, first_visit=visit.first_visit)
    rows = _Rows(unit, world, Anchor.VISIT_START, visit.id, visit.version, point)
    return rows.write(visit.kind, visit.patient_id, visit.site_code, appointment_id=visit.id)


def plan_infusion_end(unit: Unit, world: World, visit: Appointment) -> int:
    """Check-ins counted from the actual end of an infusion."""
    zone = world.clinic.zone_at(visit.site_code)
    if visit.actual_end is None or zone is None or visit.kind is None:
        return 0
    point = AnchorPoint(visit.actual_end, zone, first_visit=visit.first_visit)
    rows = _Rows(unit, world, Anchor.INFUSION_END, visit.id, visit.end_version, point)
    return rows.write(visit.kind, visit.patient_id, visit.site_code, appointment_id=visit.id)


def plan_dose(unit: Unit, world: World, dose: Dose) -> int:
    """Reminders counted from one home dose, in the patient's own hours."""
    patient = unit.people.patient(dose.patient_id)
    zone = world.clinic.zone if patient is None else patient_zone(patient, world)
    point = AnchorPoint(dose.due_at, zone)
    rows = _Rows(unit, world, Anchor.DOSE, dose.id, dose.version, point)
    return rows.write(None, dose.patient_id, None, dose_id=dose.id)


def plan_occasion(unit: Unit, world: World, occasion: Occasion) -> int:
    """Touchpoints counted from an occasion, in the patient's own hours."""
    patient = unit.people.patient(occasion.patient_id)
    zone = world.clinic.zone if patient is None else patient_zone(patient, world)
    point = AnchorPoint(occasion.at, zone)
    rows = _Rows(unit, world, Anchor.OCCASION, occasion.id, occasion.version, point)
    return rows.write(occasion.kind.value, occasion.patient_id, occasion.site_code)


class _Rows:
    """Writes the touchpoints of one version of one anchor."""

    def __init__(
        self,
        unit: Unit,
        world: World,
        kind: Anchor,
        anchor_id: UUID,
        version: int,
        point: AnchorPoint,
    ) -> None:
        self._unit, self._world = unit, world
        self._kind, self._anchor_id, self._version = kind, anchor_id, version
        self._point = point
        self._now = world.clinic_now()

    def write(
        self,
        visit_kind: str | None,
        patient_id: UUID,
        site_code: str | None,
        *,
        appointment_id: UUID | None = None,
        dose_id: UUID | None = None,
    ) -> int:
        before = [
            row
            for row in self._unit.ledger.of_anchor(self._anchor_id)
            if row.anchor_kind is self._kind
        ]
        known = {(row.journey, row.step) for row in before if row.anchor_version == self._version}
        # a moved visit is told anew; a corrected end is the same infusion: nobody is asked twice
        said = {
            (row.journey, row.step)
            for row in before
            if row.status is TouchpointStatus.SENT
            and (row.anchor_at == self._point.at or self._kind is Anchor.INFUSION_END)
        }
        written = 0
        for journey in self._world.journeys:
            if journey.anchor is not self._kind or (
                journey.kinds and visit_kind not in journey.kinds
            ):
                continue
            for planned in steps_for(journey, self._point):
                key = (journey.name, planned.step.id)
                if key in known:
                    continue
                row = self._row(journey, planned, patient_id, site_code)
                row.appointment_id, row.dose_id = appointment_id, dose_id
                self._judge(row, already_said=key in said)
                self._unit.add(row)
                written += 1
        self._unit.flush()
        return written

    def _row(
        self, journey: Journey, planned: Planned, patient_id: UUID, site_code: str | None
    ) -> Touchpoint:
        step = planned.step
        return Touchpoint(
            id=self._world.new_id(),
            journey=journey.name,
            journey_digest=journey.digest,
            step=step.id,
            patient_id=patient_id,
            anchor_kind=self._kind,
            anchor_id=self._anchor_id,
            anchor_version=self._version,
            anchor_at=self._point.at,
            site_code=site_code,
            template=planned.message,
            purpose=journey.purpose,
            channels=[channel.value for channel in step.channels],
            also_email=step.also_email,
            only=step.only,
            asks=step.asks,
            question_hours=step.question_hours,
            due_at=planned.due_at,
            useful_until=planned.useful_until,
            status=TouchpointStatus.PLANNED,
            created_at=self._now,
        )

    def _judge(self, row: Touchpoint, *, already_said: bool) -> None:
        """What can be known now is decided now, so that a late booking texts nobody by mistake."""
        past = self._kind is Anchor.VISIT_START and self._point.at <= self._now
        if past:
            _skip(row, SkipReason.PAST_EVENT, self._now)
        elif already_said:
            _skip(row, SkipReason.COVERED, self._now)
        elif row.useful_until <= self._now:
            _skip(row, SkipReason.LATE, self._now)


def _skip(row: Touchpoint, reason: SkipReason, now: datetime) -> None:
    row.status, row.reason, row.decided_at = TouchpointStatus.SKIPPED, reason, now
