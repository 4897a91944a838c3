"""Unconfirmed: who was asked to confirm a visit and has not answered in time is called, once."""

from datetime import timedelta

from outreach.domain.events import GONE
from outreach.domain.triage.result import Action, Prompt
from outreach.pipeline import followup
from outreach.pipeline.facts.closed_days import visits_on_closed_days
from outreach.pipeline.outcomes.instead import visit_call_key
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, ConversationStatus, Touchpoint
from outreach.storage.unit import Unit

KIND = "unconfirmed"


def asked(world: World, row: Touchpoint, visit: Appointment | None) -> None:
    """A text has asked to confirm a visit: says when staff call, where its journey does."""
    hours = _hours(world, row)
    if hours is None or visit is None or visit.start_at is None or visit.confirmed:
        return
    moment = visit.start_at - timedelta(hours=hours)
    visit.confirm_by = moment if moment > world.clinic_now() else None


def drain(unit: Unit, world: World, limit: int) -> int:
    """Looks at visits that should be confirmed by now (clinic time); returns how many."""
    rows = unit.visits.unconfirmed(world.clinic_now(), limit)
    for visit in rows:
        visit.confirm_by = None
        if _still_open(unit, world, visit):
            _call(unit, world, visit)
    return len(rows)


def _hours(world: World, row: Touchpoint) -> float | None:
    journeys = (one for one in world.journeys if one.name == row.journey)
    return next((one.unconfirmed_hours for one in journeys), None)


def _still_open(unit: Unit, world: World, visit: Appointment) -> bool:
    """It is to come as it was when it was asked about, no answer came, and nobody calls anyway.

    Any answer counts: whoever wants another time has an item of their own. A nurse decides on a
    visit that is held, and staff tell of a closed day.
    """
    now = world.clinic_now()
    if visit.status in GONE or visit.confirmed or visit.start_at is None or visit.start_at <= now:
        return False
    if visit.held or visits_on_closed_days(unit, world, [visit]):
        return False
    if unit.followups.id_of(visit_call_key(visit.id, visit.version)) is not None:
        return False
    patient = unit.people.patient(visit.patient_id)
    if patient is None or patient.deceased:
        return False
    about = unit.replies.asked_about(visit.id, visit.version)
    asked_to = [row for row in about if row.prompt is Prompt.CONFIRM]
    return bool(asked_to) and not any(row.status is ConversationStatus.ANSWERED for row in asked_to)


def _call(unit: Unit, world: World, visit: Appointment) -> None:
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"visit:{visit.id.hex}:{KIND}:{visit.version}",
            kind=KIND,
            action=Action.SAME_DAY,
            summary="Call the patient: asked to confirm the visit, and has not answered.",
            patient_id=visit.patient_id,
            appointment_id=visit.id,
            due_at=visit.start_at,
        ),
    )
