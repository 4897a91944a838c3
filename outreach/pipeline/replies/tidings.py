"""Tidings: a reply that says the number is wrong, or that the patient has died.

Both stop messages at once, because one too many hurts; staff are told, and can take it back.
"""

from collections.abc import Sequence

from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.domain.triage.result import Action, Triage
from outreach.pipeline import followup
from outreach.pipeline.ruling import DEATH_REPORTED, WRONG_NUMBER
from outreach.pipeline.world import World
from outreach.storage.models import Patient, Reply
from outreach.storage.unit import Unit

_SAYS_WRONG_NUMBER = "wrong_number"
_SAYS_DIED = "patient_died"


def take(
    unit: Unit,
    world: World,
    reply: Reply,
    result: Triage,
    people: Sequence[Patient],
    patient: Patient | None,
) -> bool:
    """Acts on such a reply; False when it is none, and the reply is read as any other.

    A red flag beside it comes first: that patient is alive at this number, and is phoned.
    """
    if result.urgent or not people:
        return False
    if _SAYS_DIED in result.concepts and patient is not None and len(people) == 1:
        if patient.deceased and not patient.death_reported:
            return False
        _stop_for(unit, world, reply, patient)
        return True
    if _SAYS_WRONG_NUMBER in result.concepts:
        _stop_phone(unit, world, reply, patient)
        return True
    return False


def _stop_for(unit: Unit, world: World, reply: Reply, patient: Patient) -> None:
    patient.deceased = patient.death_reported = True
    unit.flush()
    unit.ledger.end_patient(
        patient.id, TouchpointStatus.SKIPPED, SkipReason.DECEASED, world.clinic_now()
    )
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"patient:{patient.id.hex}:death_reported",
            kind=DEATH_REPORTED,
            action=Action.SAME_DAY,
            summary="A reply says that this patient has died. All messages have stopped. Call, "
            "then close with confirmed, or with alive to take them up again.",
            patient_id=patient.id,
            reply_id=reply.id,
            grows=True,
        ),
    )


def _stop_phone(unit: Unit, world: World, reply: Reply, patient: Patient | None) -> None:
    unit.people.mark_wrong(reply.address_index)
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"reply:{reply.id.hex}",
            kind=WRONG_NUMBER,
            action=Action.SAME_DAY,
            summary="Whoever answers says that this number is wrong. Nothing goes there any more. "
            "Find the right one; close with wrong, or with right if it was the patient's after "
            "all.",
            patient_id=None if patient is None else patient.id,
            reply_id=reply.id,
        ),
    )
