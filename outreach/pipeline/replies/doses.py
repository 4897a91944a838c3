"""Doses: what a patient tells of a home dose is logged, and a nurse asked where it is odd.

No text ever says anything of it but that it was noted.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from outreach.domain import home_doses
from outreach.domain.triage.doses import DoseReport, dose_answer, read_details
from outreach.domain.triage.result import Action, Label, Prompt, Triage
from outreach.pipeline import followup, plan
from outreach.pipeline.facts import dose_history
from outreach.pipeline.lots import keeping
from outreach.pipeline.replies.question import Asked
from outreach.pipeline.world import World
from outreach.storage.models import (
    Conversation,
    ConversationStatus,
    Dose,
    DoseLog,
    DoseStatus,
    Patient,
    Reply,
)
from outreach.storage.unit import Unit

DOSE_QUESTION = "dose_question"
SITE_ROTATION = "site_rotation"
_STATUS = {"done": DoseStatus.TAKEN, "late": DoseStatus.LATE, "skip": DoseStatus.SKIPPED}
_ASKS = {
    "volume": "a volume that is not plausible, or not usual for this patient",
    "sites": "a number of sites that is not plausible",
    "area": "a place on the body where no home dose belongs",
    "expiry": "a vial that had expired",
}
_FEW = 12
"""Words of a reply that is nothing but details."""
_SIGNS = frozenset({Label.URGENT, Label.SYMPTOM_MODERATE, Label.SYMPTOM_MILD})


def again(
    world: World,
    reply: Reply,
    patient: Patient | None,
    asked: Asked,
    read: tuple[Conversation | None, Triage],
) -> tuple[Conversation | None, Triage]:
    """A further word about a dose that was answered before, or not in time: DONE after LATE, the
    lot after DONE. ``read`` is what the reply means so far; it stays where it answers anything.

    Without an open question only plain words count: a bare yes or no may be about anything. At a
    phone of several people it is a person's to read.
    """
    _, result = read
    if result.answer is not None or asked.ambiguous or patient is None or result.opt_out:
        return read
    latest = next(iter(asked.doses), None)
    if (
        latest is None
        or latest.patient_id != patient.id
        or latest.status is ConversationStatus.OPEN
    ):
        return read
    said = dose_answer(reply.body)
    if said is not None and said.plainly:
        return latest, world.triage.triage(reply.body, patient.language, Prompt.DOSE)
    if said is None and latest.answer == "done" and _only_details(reply.body, result):
        return latest, replace(result, **_ADDS, answer="done")
    return read


_ADDS: dict[str, Any] = {
    "label": Label.NONE_OK,
    "action": Action.NONE,
    "staff": False,
    "reason": "Details of a home dose that was told of before.",
}


def _only_details(body: str, result: Triage) -> bool:
    """A lot, or numbers with what they count, and nothing that may be about anything else."""
    report = read_details(body)
    plain = not result.concepts and "?" not in body and len(body.split()) <= _FEW
    counted = report.areas and (report.volume_ml is not None or report.sites is not None)
    return plain and bool(report.lots or report.expiry or counted)


def take(unit: Unit, world: World, reply: Reply, result: Triage, dose_id: UUID) -> None:
    """Logs what a reply says of a dose, and asks a nurse where that is odd.

    A later word adds to the log. LATE does not take back a dose that is done. "Done with these
    texts" is an opt-out, and says nothing of the dose.
    """
    dose = unit.visits.doses([dose_id]).get(dose_id)
    details = read_details(reply.body)
    if dose is None or (result.opt_out and not details.has_details):
        return
    said = dose_answer(reply.body)
    report = replace(
        details,
        answer=result.answer,
        was_late=said is not None and said.was_late,
        reactions=_signs(result),
    )
    status = _STATUS.get(result.answer or "", dose.status)
    if not (status is DoseStatus.LATE and dose.status is DoseStatus.TAKEN):
        dose.status = status
    unit.add(
        DoseLog(
            id=world.new_id(),
            dose_id=dose.id,
            patient_id=dose.patient_id,
            reply_id=reply.id,
            status=status,
            details=json.dumps(report.as_json()),
            reported_at=world.clinic_now(),
        )
    )
    unit.flush()
    keeping.logged(unit, world, dose, report.lots)
    _ask(unit, world, reply, dose, report)
    if dose.status is DoseStatus.TAKEN and report.areas:
        _note_repeats(unit, world, dose)


def _signs(result: Triage) -> tuple[str, ...]:
    """What may be a reaction to the dose, as concepts of triage."""
    if result.label not in _SIGNS:
        return ()
    standing = (one for one in result.findings if one.suppressed_by is None)
    return tuple(dict.fromkeys(one.concept for one in standing if one.action is not Action.NONE))


def _ask(unit: Unit, world: World, reply: Reply, dose: Dose, report: DoseReport) -> None:
    """What is not plausible stays as it was written, and a nurse asks the patient about it."""
    patient = unit.people.patient(dose.patient_id)
    zone = world.clinic.zone if patient is None else plan.patient_zone(patient, world)
    usual = dose_history.volumes_before(unit, dose)
    today = dose.due_at.astimezone(zone).date()
    odd = home_doses.questions(report, world.clinic.home_doses, usual, today)
    if not odd:
        return
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"reply:{reply.id.hex}:dose",
            kind=DOSE_QUESTION,
            action=Action.SAME_DAY,
            summary=f"A home dose was logged with {_listed([_ASKS[one] for one in odd])}. It is "
            "kept as it was written: read the reply, and ask the patient.",
            patient_id=dose.patient_id,
            reply_id=reply.id,
        ),
    )


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _note_repeats(unit: Unit, world: World, dose: Dose) -> None:
    """A place that was used again too soon is a note for the nurse: once while it goes on."""
    patient = unit.people.patient(dose.patient_id)
    if patient is None:
        return
    history = dose_history.of_patient(unit, world, patient)
    limits = world.clinic.home_doses
    for one in home_doses.repeats(history.all, limits.rest_days, history.zone):
        if one.dose != dose.id.hex:
            continue
        place = one.area.rpartition(" ")[2]
        followup.open_item(
            unit,
            world,
            followup.NewItem(
                reason_key=f"dose:{one.began}:site:{place}",
                kind=SITE_ROTATION,
                action=Action.ROUTINE,
                summary=f"Home doses went to the same place ({one.area}) after {one.days} days; "
                f"the clinic lets a place rest for {limits.rest_days}. Speak of it at the next "
                "contact; 'outreach doses show' has the order of places.",
                patient_id=patient.id,
            ),
        )
