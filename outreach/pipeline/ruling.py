"""Ruling: items that ask for a decision, and what a person's word does when one is closed.

Software holds a visit, stops a phone or stops everything for a patient at once, on a reply alone;
only a person takes that back.
"""

from outreach.domain.errors import BadInput
from outreach.domain.events import GONE
from outreach.domain.states import SkipReason
from outreach.pipeline import plan
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, FollowUp, Patient
from outreach.storage.unit import Unit

HOLD_REVIEW = "hold_review"
DEATH_REPORTED = "death_reported"
WRONG_NUMBER = "wrong_number"
DECISIONS: dict[str, dict[str, str]] = {
    HOLD_REVIEW: {
        "go": "The visit takes place: its reminders go on",
        "hold": "The visit does not take place as planned: reschedule it",
    },
    DEATH_REPORTED: {
        "confirmed": "The patient has died",
        "alive": "The patient is alive: messages go on",
    },
    WRONG_NUMBER: {
        "wrong": "The number is somebody else's",
        "right": "The number is the patient's: messages go on",
    },
}
"""Kind of item -> the words one of which must begin its outcome, and what each means."""


def obey(unit: Unit, world: World, item: FollowUp, outcome: str) -> None:
    """Does what the first word of ``outcome`` decides; nothing for items that ask for none.

    Raises:
        BadInput: the item asks for a decision, and ``outcome`` does not begin with one.
    """
    words = DECISIONS.get(item.kind)
    if words is None:
        unit.takeovers.end_with(item.id, world.clinic_now(), item.assignee or "staff")
        return
    said = outcome.split(maxsplit=1)[0].strip(".,:;!-").casefold() if outcome.strip() else ""
    if said not in words:
        raise BadInput(
            "outcome",
            f"This item asks for a decision. Begin the outcome with {' or '.join(words)}.",
        )
    unit.takeovers.end_with(item.id, world.clinic_now(), item.assignee or "staff")
    if said == "go":
        _let_go(unit, item)
    elif item.kind == DEATH_REPORTED:
        _settle_death(unit, world, item, alive=said == "alive")
    elif said == "right":
        _number_is_right(unit, item)


def _let_go(unit: Unit, item: FollowUp) -> None:
    visit = None if item.appointment_id is None else unit.visits.appointment(item.appointment_id)
    if visit is not None:
        visit.held = False


def _number_is_right(unit: Unit, item: FollowUp) -> None:
    reply = None if item.reply_id is None else unit.replies.reply(item.reply_id)
    if reply is not None:
        unit.people.mark_right(reply.address_index)


def _settle_death(unit: Unit, world: World, item: FollowUp, *, alive: bool) -> None:
    """Confirmed, it is as if the record said it; alive, what was stopped is planned anew.

    A record that says so meanwhile is stronger: it is not taken back here.
    """
    patient = None if item.patient_id is None else unit.people.patient(item.patient_id)
    if patient is None or not patient.death_reported:
        return
    patient.death_reported = False
    if alive:
        patient.deceased = False
        unit.flush()
        _plan_anew(unit, world, patient)


def _plan_anew(unit: Unit, world: World, patient: Patient) -> None:
    """A new version of each occasion that lost a message; what was said already is not repeated."""
    for visit in unit.visits.appointments_of(patient.id):
        if visit.status not in GONE and not visit.quiet and _lost_something(unit, visit):
            _plan_visit_anew(unit, world, visit)
    for regimen in unit.visits.regimens_of(patient.id):
        for dose in unit.visits.doses_of(regimen.id):
            if any(row.reason is SkipReason.DECEASED for row in unit.ledger.of_anchor(dose.id)):
                dose.version += 1
                unit.flush()
                plan.plan_dose(unit, world, dose)


def _lost_something(unit: Unit, visit: Appointment) -> bool:
    return any(row.reason is SkipReason.DECEASED for row in unit.ledger.of_anchor(visit.id))


def _plan_visit_anew(unit: Unit, world: World, visit: Appointment) -> None:
    if visit.actual_end is not None:
        visit.end_version += 1
        unit.flush()
        plan.plan_infusion_end(unit, world, visit)
    elif visit.start_at is not None and visit.start_at > world.clinic_now():
        visit.version += 1
        unit.flush()
        plan.plan_visit(unit, world, visit)
