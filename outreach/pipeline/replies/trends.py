"""Trends: a symptom that is worse after each of three infusions is a note for the nurse."""

from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.events import GONE
from outreach.domain.surveys import OPENING
from outreach.domain.trends import Graded, Rise, rises
from outreach.domain.triage.result import Action, Prompt
from outreach.pipeline import followup
from outreach.pipeline.replies import hold
from outreach.pipeline.replies.survey import answers_in
from outreach.pipeline.world import World
from outreach.storage.unit import Unit

TREND = "trend"
TELLING = frozenset({Prompt.SEVERITY_0_3, Prompt.SYMPTOM})
"""The questions whose answers say how an infusion was borne."""
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
    since = world.clinic_now() - _LOOKS_BACK
    overall = [
        Graded(visit, ended, OVERALL, int(answer))
        for visit, ended, answer in unit.replies.graded_answers(patient_id, since)
        if answer in {"0", "1", "2", "3"}
    ]
    told = rises(overall)
    for rise in told:
        _open(unit, world, patient_id, rise)
    known = {rise.began for rise in told}
    for rise in rises(_by_symptom(unit, patient_id, since)):
        if rise.began not in known:
            _open(unit, world, patient_id, rise)


def _by_symptom(unit: Unit, patient_id: UUID, since: datetime) -> list[Graded]:
    """The symptoms that were chosen from the list of a survey, as bad as that check-in was.

    A patient for whom nothing was wrong then had none of them, which is how a rise may begin.
    """
    found, well = [], []
    for visit, ended, response in unit.surveys.after_infusions(patient_id, since):
        answers = answers_in(response)
        severities = [one["value"] for one in answers if one["question"] == OPENING]
        if not severities or severities[-1] not in {"0", "1", "2", "3"}:
            continue
        severity = int(severities[-1])
        if severity == 0:
            well.append((visit, ended))
        chosen = {name for one in answers for name in one.get("chosen") or ()}
        found += [Graded(visit, ended, name, severity) for name in sorted(chosen)]
    symptoms = sorted({one.symptom for one in found})
    return found + [Graded(visit, ended, name, 0) for visit, ended in well for name in symptoms]


def _open(unit: Unit, world: World, patient_id: UUID, rise: Rise) -> None:
    now = world.clinic_now()
    visits = [
        visit
        for visit in unit.visits.between([patient_id], now, now + _AHEAD)
        if visit.status not in GONE
    ]
    said = " ".join(str(one) for one in rise.severities)
    named = "" if rise.symptom == OVERALL else f" ({rise.symptom.replace('_', ' ')})"
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"trend:{rise.began.hex}:{rise.symptom}",
            kind=TREND,
            action=Action.ROUTINE,
            summary=f"What the patient reports after infusions{named} has become worse "
            f"{len(rise.severities)} times in a row ({said}, of 0 to 3). Look at it before the "
            "next infusion.",
            patient_id=patient_id,
            due_at=hold.decide_by(world, visits),
        ),
    )
