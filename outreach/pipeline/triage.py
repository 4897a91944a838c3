"""Triage: what a reply means becomes an answer, a follow-up, a dose log, an opt-out.

Safety outranks everything: a red flag always makes an urgent item, whatever else is in the text,
and a reply this program fails on goes to a person.
"""

import json
from dataclasses import asdict
from uuid import UUID

import structlog

from outreach.domain.consent import ConsentAction
from outreach.domain.errors import Unavailable
from outreach.domain.triage.doses import read_dose
from outreach.domain.triage.result import Action, Prompt, Triage
from outreach.pipeline import followup
from outreach.pipeline.answer import send_answer
from outreach.pipeline.reply import record_consent
from outreach.pipeline.world import World
from outreach.storage.models import (
    Conversation,
    ConversationStatus,
    DoseLog,
    DoseStatus,
    Patient,
    Reply,
)
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_DOSE = {"done": DoseStatus.TAKEN, "late": DoseStatus.LATE, "skip": DoseStatus.SKIPPED}


def drain(world: World, limit: int = 200) -> int:
    """Reads up to ``limit`` stored replies, oldest first, one unit each; returns how many."""
    for done in range(limit):
        if not _read_next(world):
            return done
    return limit


def _read_next(world: World) -> bool:
    reply_id = None
    try:
        with world.db.write() as unit:
            taken = unit.replies.take_untriaged()
            if taken is None:
                return False
            reply_id = taken.id
            _read(unit, world, taken)
    except Unavailable:
        raise
    except Exception as error:
        if reply_id is None:
            raise
        log.warning("triage.failed", reply_id=str(reply_id), error=type(error).__name__)
        _give_to_staff(world, reply_id)
    world.wake("send_urgent")
    world.wake("followup")
    return True


def _give_to_staff(world: World, reply_id: UUID) -> None:
    """A reply that broke this program is read by a person within the hour."""
    with world.db.write() as unit:
        reply = unit.replies.reply(reply_id)
        if reply is None:
            return
        reply.triaged_at = world.clinic_now()
        people = unit.people.at_address(reply.address_index)
        reply.patient_id = people[0].id if len(people) == 1 else None
        followup.open_item(
            unit,
            world,
            followup.NewItem(
                reason_key=f"reply:{reply_id.hex}",
                kind="unread_reply",
                action=Action.PAGE_1H,
                summary="This reply could not be read by the program. Read it yourself now.",
                patient_id=reply.patient_id,
                reply_id=reply_id,
            ),
        )


def _read(unit: Unit, world: World, reply: Reply) -> None:
    now = world.clinic_now()
    people = unit.people.at_address(reply.address_index)
    question = _question(unit, reply, world)
    patient = _who(unit, people, question)
    language = None if patient is None else patient.language
    prompt = None if question is None else question.prompt
    result = world.triage.triage(reply.body, language, prompt)
    reply.patient_id = None if patient is None else patient.id
    reply.label, reply.action = result.label, result.action
    reply.explanation = _explain(result)
    reply.triaged_at = now
    if result.opt_out and reply.keyword != "stop":
        record_consent(unit, world, reply, ConsentAction.OPT_OUT)
    elif result.opt_in and reply.keyword != "start":
        record_consent(unit, world, reply, ConsentAction.OPT_IN)
    if question is not None and result.answer is not None and patient is not None:
        _take_answer(unit, world, reply, question, result)
    _make_work(unit, world, reply, result, people, patient)
    send_answer(unit, world, reply, result, patient)


def _question(unit: Unit, reply: Reply, world: World) -> Conversation | None:
    """The open question, unless two people who share this phone were both asked something."""
    questions = unit.replies.open_questions(reply.address_index, world.clinic_now())
    if len({row.patient_id for row in questions}) != 1:
        return None
    return questions[0]


def _who(unit: Unit, people: list[Patient], question: Conversation | None) -> Patient | None:
    """The person who wrote; None when a shared phone leaves it open or nobody has this number.

    Whoever was asked at this address is the one who answers, also when it was removed since.
    """
    if question is not None:
        return unit.people.patient(question.patient_id)
    return people[0] if len(people) == 1 else None


def _explain(result: Triage) -> dict[str, object]:
    """The reasons, as concepts, rules and offsets: never the patient's words."""
    return {
        "reason": result.reason,
        "concepts": list(result.concepts),
        "answer": result.answer,
        "findings": [
            {
                "concept": finding.concept,
                "rule": finding.rule,
                "start": finding.start,
                "end": finding.end,
                "suppressed_by": finding.suppressed_by,
            }
            for finding in result.findings
        ],
    }


def _take_answer(
    unit: Unit, world: World, reply: Reply, question: Conversation, result: Triage
) -> None:
    question.status = ConversationStatus.ANSWERED
    question.answer = (result.answer or "")[:40]
    reply.conversation_id = question.id
    touchpoint = unit.ledger.touchpoints([question.touchpoint_id])[question.touchpoint_id]
    if question.prompt is Prompt.CONFIRM and touchpoint.appointment_id is not None:
        visit = unit.visits.appointment(touchpoint.appointment_id)
        if visit is not None and result.answer == "confirm":
            visit.confirmed = True
    elif question.prompt is Prompt.DOSE and touchpoint.dose_id is not None:
        _log_dose(unit, world, reply, touchpoint.dose_id, result.answer or "")


def _log_dose(unit: Unit, world: World, reply: Reply, dose_id: UUID, answer: str) -> None:
    status = _DOSE.get(answer)
    dose = unit.visits.doses([dose_id]).get(dose_id)
    if status is None or dose is None:
        return
    dose.status = status
    report = read_dose(reply.body)
    details = None if report is None else json.dumps(asdict(report))
    unit.add(
        DoseLog(
            id=world.new_id(),
            dose_id=dose.id,
            patient_id=dose.patient_id,
            reply_id=reply.id,
            status=status,
            details=details,
            reported_at=world.clinic_now(),
        )
    )


def _make_work(
    unit: Unit,
    world: World,
    reply: Reply,
    result: Triage,
    people: list[Patient],
    patient: Patient | None,
) -> None:
    """An item for staff, when a person must read or do something."""
    kind, action, summary = _work(reply, result, people, patient)
    if kind is None:
        return
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"reply:{reply.id.hex}",
            kind=kind,
            action=action,
            summary=summary,
            patient_id=reply.patient_id,
            reply_id=reply.id,
        ),
    )


def _work(
    reply: Reply, result: Triage, people: list[Patient], patient: Patient | None
) -> tuple[str | None, Action, str]:
    if result.urgent:
        stop = " They asked us to stop texting: phone them." if result.opt_out else ""
        return "red_flag", result.action, f"{result.reason}{stop}"
    if not people and patient is None:
        return "unknown_sender", Action.ROUTINE, "A number we do not know wrote to the clinic."
    if patient is None:
        return "shared_phone", Action.SAME_DAY, "It is not clear who of those at this phone wrote."
    if result.answer == "reschedule":
        return "reschedule", Action.SAME_DAY, "The patient wants another time for the visit."
    if reply.media:
        return "photo", Action.SAME_DAY, "The patient sent a picture: look at it."
    if result.staff or result.action in {Action.SAME_DAY, Action.ROUTINE}:
        action = result.action if result.action is not Action.NONE else Action.ROUTINE
        return result.label.value, action, result.reason
    return None, Action.NONE, ""
