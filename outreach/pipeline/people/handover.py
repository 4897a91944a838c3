"""Handover: some time before a child comes of age, staff ask who is to be written to from then on.

From the birthday on ``domain/people.py`` lets nobody else be written to without the patient's
permission, whether or not anybody has dealt with the item.
"""

from datetime import date, timedelta
from uuid import UUID

from outreach.domain import people
from outreach.domain.events import ContactRole
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.batches import tell_operator
from outreach.pipeline.facts.reach import born_on
from outreach.pipeline.world import World
from outreach.storage.models import Patient
from outreach.storage.repositories.circle import coming_of_age_index
from outreach.storage.unit import Unit

HAND_OVER = "hand_over"
_AFTER_FAILURE = timedelta(days=1)


def schedule(world: World, patient: Patient) -> None:
    """Sets when a patient is looked at next: now where the hand-over is due, never for adults.

    A look whose time has come is still taken, also when the birthday has passed meanwhile.
    """
    born, now = born_on(patient), world.clinic_now()
    if patient.look_at is not None and patient.look_at <= now:
        return
    zone, rules = world.clinic.zone, world.policy.people
    patient.look_at = people.next_look(born, now, zone, rules)
    if born is not None and people.handover_due(born, now, now, zone, rules):
        patient.look_at = now


def drain(world: World, limit: int = 200) -> int:
    """Looks at up to ``limit`` children whose time has come; returns how many.

    One that this program fails on is looked at again a day later, and does not hold up the others.
    """
    with world.db.write() as unit:
        ids = unit.circle.take_looks(world.clinic_now(), limit)

        def postpone(patient_id: UUID, error: Exception) -> None:
            unit.circle.look_later(patient_id, world.clinic_now() + _AFTER_FAILURE)
            tell_operator(unit, world, "handover", error)

        unit.each(ids, lambda patient_id: _look(unit, world, patient_id), set_aside=postpone)
    return len(ids)


def _look(unit: Unit, world: World, patient_id: UUID) -> None:
    patient = unit.people.patient(patient_id)
    if patient is None:
        return
    born, now, asked_for = born_on(patient), world.clinic_now(), patient.look_at
    zone, rules = world.clinic.zone, world.policy.people
    patient.look_at = people.next_look(born, now, zone, rules)
    if patient.deceased or not patient.active or patient.merged_into is not None:
        patient.look_at = None
    elif born and asked_for and people.handover_due(born, asked_for, now, zone, rules):
        _ask_staff(unit, world, patient, born)


def _ask_staff(unit: Unit, world: World, patient: Patient, born: date) -> None:
    """One item for each patient; a birth date that was corrected is another matter."""
    matter = coming_of_age_index(patient.id, born)
    known = unit.people.contacts_of([patient.id]).get(patient.id, [])
    own = any(row.role is ContactRole.SELF for row in known)
    missing = "" if own else " No address of the patient's own is on file: without one we call."
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"patient:{patient.id.hex}:hand_over:{matter}",
            kind=HAND_OVER,
            action=Action.ROUTINE,
            summary="This patient comes of age. From the birthday on messages go to the patient's "
            "own phone. Confirm the patient's own number, and who may still be written to: "
            f"'outreach consent permit' records it.{missing}",
            patient_id=patient.id,
        ),
    )
