"""Home-dosing schedules: explicit doses, compared with what was known before."""

from datetime import datetime

from outreach.domain.events import EventKind, SchedulingEvent
from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup, plan
from outreach.pipeline.ingest import names
from outreach.pipeline.planning import home_care, occasions
from outreach.pipeline.world import World
from outreach.storage.models import (
    Dose,
    DoseStatus,
    IdentifierKind,
    Patient,
    Regimen,
    RegimenStatus,
)
from outreach.storage.unit import Unit


def apply(
    unit: Unit, world: World, event: SchedulingEvent, patient: Patient, *, quiet: bool
) -> bool:
    """Brings one regimen up to date; False when the event is older than what is known.

    Future doses that are no longer prescribed are withdrawn; past ones stay as they were.
    """
    data = event.regimen
    if data is None:
        return False
    regimen = unit.visits.regimen_named_by(data.identifiers)
    if regimen is None:
        regimen = _create(unit, world, event, patient)
    elif event.occurred_at < regimen.last_event_at:
        return False
    names.keep(unit, world, IdentifierKind.REGIMEN, regimen.id, data.identifiers)
    regimen.last_event_at = event.occurred_at
    stopped = event.kind is EventKind.REGIMEN_STOPPED
    regimen.status = RegimenStatus.STOPPED if stopped else RegimenStatus.ACTIVE
    wanted = set() if stopped else set(data.doses)
    known = {dose.due_at: dose for dose in unit.visits.doses_of(regimen.id)}
    for due_at, dose in known.items():
        if due_at not in wanted:
            _withdraw(unit, world, dose, stopped=stopped)
    for due_at in sorted(wanted):
        before = known.get(due_at)
        if before is None or before.status is DoseStatus.WITHDRAWN:
            dose = before or _dose(world, regimen, due_at)
            dose.status = DoseStatus.PLANNED
            dose.version += 1
            unit.add(dose)
            unit.flush()
            if not quiet:
                plan.plan_dose(unit, world, dose)
    unit.flush()
    if not wanted and not stopped and not quiet:
        _ask_for_doses(unit, world, regimen)
    occasions.follow_regimen(unit, world, regimen, event.occurred_at, quiet=quiet)
    home_care.follow_regimen(unit, world, event, patient, quiet=quiet)
    return True


def _ask_for_doses(unit: Unit, world: World, regimen: Regimen) -> None:
    """A schedule of which no day is known reminds of nothing: staff must know that."""
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"regimen:{regimen.id.hex}:no_doses",
            kind="unclear_regimen",
            action=Action.ROUTINE,
            summary="A home schedule came without the days of its doses, so no dose is reminded "
            "of. Send the days, or tell the patient.",
            patient_id=regimen.patient_id,
        ),
    )


def _create(unit: Unit, world: World, event: SchedulingEvent, patient: Patient) -> Regimen:
    regimen = Regimen(
        id=world.new_id(),
        patient_id=patient.id,
        status=RegimenStatus.ACTIVE,
        version=1,
        last_event_at=event.occurred_at,
        created_at=world.clinic_now(),
    )
    unit.add(regimen)
    unit.flush()
    return regimen


def _dose(world: World, regimen: Regimen, due_at: datetime) -> Dose:
    return Dose(
        id=world.new_id(),
        regimen_id=regimen.id,
        patient_id=regimen.patient_id,
        due_at=due_at,
        version=0,
        status=DoseStatus.PLANNED,
    )


def _withdraw(unit: Unit, world: World, dose: Dose, *, stopped: bool) -> None:
    """A dose to come is withdrawn; after a stop nobody is asked about the past ones either."""
    now = world.clinic_now()
    if dose.status is DoseStatus.PLANNED and dose.due_at > now:
        dose.status = DoseStatus.WITHDRAWN
    elif not stopped:
        return
    unit.flush()
    unit.ledger.end_anchor(dose.id, TouchpointStatus.CANCELLED, SkipReason.CANCELLED, now)
