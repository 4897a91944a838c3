"""Busy day: many care texts to one patient in one day are shown to the clinic, never held back."""

from uuid import UUID

from outreach.domain.policy import CARE_TEXTS_A_DAY
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.facts.reading import Facts
from outreach.pipeline.world import World
from outreach.storage.unit import Unit


def count(unit: Unit, world: World, facts: Facts, patient_id: UUID) -> None:
    """One more care text goes to a patient on this clinic day; beyond four, staff get one item."""
    texts = facts.care_today[patient_id] = facts.care_today.get(patient_id, 0) + 1
    if texts <= CARE_TEXTS_A_DAY:
        return
    day = world.clinic_now().astimezone(world.clinic.zone).date().isoformat()
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"operator:care_texts:{patient_id.hex}:{day}",
            kind="operator",
            action=Action.SAME_DAY,
            summary=f"More than {CARE_TEXTS_A_DAY} care texts go to this patient today."
            " All of them go. See with 'outreach explain' whether each is meant.",
            patient_id=patient_id,
        ),
    )
