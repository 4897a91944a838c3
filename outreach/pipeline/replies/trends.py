"""Trends: a symptom that is worse after each of three infusions is a note for the nurse."""

from datetime import timedelta
from uuid import UUID

from outreach.domain.events import GONE
from outreach.domain.trends import Graded, Rise, rises
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.replies import hold
from outreach.pipeline.world import World
from outreach.storage.unit import Unit

TREND = "trend"
OVERALL = "overall"
"""The symptom of a check-in that asks how the patient feels, and names none."""
_LOOKS_BACK = timedelta(days=400)
"""A course of yearly infusions is none: what was more than a year ago is not compared."""
_AHEAD = timedelta(days=120)


def note(unit: Unit, world: World, patient_id: UUID) -> None:
    """Opens one item for each rise, however long it goes on.

    Routine, because each answer was judged when it came; but due before the drug of the next visit
    is made ready, which is when it is of use.
    """
    unit.flush()
    now = world.clinic_now()
    answers = [
        Graded(visit, ended, OVERALL, int(answer))
        for visit, ended, answer in unit.replies.graded_answers(patient_id, now - _LOOKS_BACK)
        if answer in {"0", "1", "2", "3"}
    ]
    for rise in rises(answers):
        _open(unit, world, patient_id, rise)


def _open(unit: Unit, world: World, patient_id: UUID, rise: Rise) -> None:
    now = world.clinic_now()
    visits = [
        visit
        for visit in unit.visits.between([patient_id], now, now + _AHEAD)
        if visit.status not in GONE
    ]
    said = " ".join(str(one) for one in rise.severities)
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"trend:{rise.began.hex}:{rise.symptom}",
            kind=TREND,
            action=Action.ROUTINE,
            summary=f"What the patient reports after infusions has become worse "
            f"{len(rise.severities)} times in a row ({said}, of 0 to 3). Look at it before the "
            "next infusion.",
            patient_id=patient_id,
            due_at=hold.decide_by(world, visits),
        ),
    )
