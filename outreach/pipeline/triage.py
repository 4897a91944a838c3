"""Triage: what a reply means becomes an answer, a follow-up, a dose log, an opt-out.

Safety outranks everything: a red flag always makes an urgent item, whatever else is in the text,
and a reply this program fails on goes to a person.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from outreach.domain.consent import ConsentAction
from outreach.domain.errors import Unavailable
from outreach.domain.triage.result import Action, Triage
from outreach.pipeline import followup
from outreach.pipeline.followup.by_phone import take_reply
from outreach.pipeline.replies import (
    burst,
    doses,
    question,
    survey,
    takeover,
    tidings,
    trends,
    wishes,
)
from outreach.pipeline.replies.answer import can_be_answered, send_answer
from outreach.pipeline.replies.burst import Together
from outreach.pipeline.replies.effects import take_answer
from outreach.pipeline.replies.late_confirm import read_late
from outreach.pipeline.replies.question import Asked
from outreach.pipeline.replies.work import make_work
from outreach.pipeline.reply import record_consent
from outreach.pipeline.world import World
from outreach.storage.models import Conversation, Patient, Reply
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_TOGETHER = 10
"""Replies read in one unit: the first of them is answered once the last is read."""


def drain(world: World, limit: int = 50) -> int:
    """Reads up to ``limit`` stored replies, oldest first, a few in one unit; returns how many.

    The answers are in the urgent lane then: whoever calls this sends them, or else the tick does.
    Where one of them fails, each is read alone. A reply that can neither be read nor given to staff
    is left for the next round, so that no reply holds up those behind it.
    """
    done = 0
    left: set[UUID] = set()
    together, more = True, True
    while more and done < limit:
        most = min(_TOGETHER, limit - done) if together else 1
        read = _read_some(world, most) if together else _read_next(world, left)
        if read is None:
            together = False
            continue
        more = read == most
        done += read
    if done:
        with world.db.read() as unit:
            paging = unit.followups.any_to_page(world.clinic_now())
        if paging:
            world.wake("followup")
    return done


def _read_some(world: World, limit: int) -> int | None:
    """How many were read in one unit; None when one of them failed, so that none was."""
    done = 0
    try:
        with world.db.write() as unit:
            while done < limit and (taken := unit.replies.take_untriaged(limit - done)):
                done += len(taken)
                for reply_id in taken:
                    reply = unit.replies.reply(reply_id)
                    if reply is not None:
                        _read(unit, world, reply)
                unit.flush()
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the others must be read
        log.warning("triage.together", error=type(error).__name__)
        return None
    return done


def _read_next(world: World, left: set[UUID]) -> int:
    """Reads or gives to staff one reply; returns how many. What stays unread joins ``left``."""
    while True:
        reply_id = None
        try:
            with world.db.write() as unit:
                reply_id = next(iter(unit.replies.take_untriaged(1, left)), None)
                reply = None if reply_id is None else unit.replies.reply(reply_id)
                if reply is not None:
                    _read(unit, world, reply)
            return int(reply_id is not None)
        except Unavailable:
            raise
        except Exception as error:
            if reply_id is None:
                raise
            log.warning("triage.failed", reply_id=str(reply_id), error=type(error).__name__)
            if _give_to_staff(world, reply_id):
                return 1
            left.add(reply_id)


def _give_to_staff(world: World, reply_id: UUID) -> bool:
    """A reply that broke this program is read by a person within the hour; False if that failed.

    In a unit of its own, and without opening what is sealed: that may be what broke.
    """
    try:
        with world.db.write() as unit:
            index = unit.replies.sender_of(reply_id)
            people = [] if index is None else unit.people.patient_ids_at(index)
            patient_id = people[0] if len(people) == 1 else None
            unit.replies.end_unread(reply_id, patient_id, world.clinic_now())
            followup.open_item(
                unit,
                world,
                followup.NewItem(
                    reason_key=f"reply:{reply_id.hex}",
                    kind="unread_reply",
                    action=Action.PAGE_1H,
                    summary="This reply could not be read by the program. Read it yourself now.",
                    patient_id=patient_id,
                    reply_id=reply_id,
                ),
            )
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the replies behind it must be read
        log.warning("triage.stuck", reply_id=str(reply_id), error=type(error).__name__)
        return False
    return True


def _read(unit: Unit, world: World, reply: Reply) -> None:
    if take_reply(unit, world, reply):
        return
    people = unit.people.at_address(reply.address_index)
    held = takeover.covering(unit, reply)
    asked = takeover.NOTHING_ASKED if held else question.asked_of(unit, world, reply, people)
    patient = _who(unit, people, asked.open[0] if asked.open else None)
    language = None if patient is None else patient.language
    others = burst.texts_around(unit, reply)
    answered, read = _understand(unit, world, reply, patient, asked, others, held=bool(held))
    result = read.result
    reply.patient_id = None if patient is None else patient.id
    reply.label, reply.action = result.label, result.action
    reply.explanation = _explain(result)
    reply.triaged_at = world.clinic_now()
    changed = _obey(unit, world, reply, result)
    wishes.bind_phones(unit, world, reply, result, patient)
    silent = unit.people.consent_of([reply.address_index])[reply.address_index].opted_out
    silent = silent or not can_be_answered(world, reply.channel)
    if tidings.take(unit, world, reply, result, people, patient):
        if result.opt_out:
            send_answer(unit, world, reply, result, patient, changed=changed)
        return
    if takeover.keep(unit, world, reply, result, held, language=language, changed=changed):
        return
    held_visit = False
    if answered is not None and result.answer is not None and patient is not None:
        held_visit = take_answer(unit, world, reply, answered, result, asked, silent=silent)
    if read.question is not None:
        survey.amend(unit, world, reply, read.question, read.value)
    mine = answered if patient is not None else None
    concerned = people if patient is None else [patient]
    further = survey.go_on(unit, world, reply, mine, result, concerned, silent=silent)
    if mine is not None and result.answer is not None and mine.prompt in trends.TELLING:
        trends.note(unit, world, mine.patient_id)
    beside = [row.id for row in others]
    if result.urgent or not (held_visit or further.held_back):
        related = [*beside, *further.replies]
        make_work(unit, world, reply, result, people, patient, asked, related, silent=silent)
    send_answer(
        unit,
        world,
        reply,
        result,
        patient,
        changed=changed,
        held=held_visit,
        further=further,
        burst=beside,
    )


def _understand(
    unit: Unit,
    world: World,
    reply: Reply,
    patient: Patient | None,
    asked: Asked,
    others: Sequence[Reply],
    *,
    held: bool,
) -> tuple[Conversation | None, Together]:
    """The question that a reply answers and what it means there, with ``others`` of its minute.

    While a person has the conversation (``held``) it answers no question of ours.
    """
    language = None if patient is None else patient.language
    answered, alone = question.read(world, reply, language, asked)
    if not held:
        answered, alone = _late_word(unit, world, reply, patient, asked, (answered, alone))
    read = burst.together(unit, world, reply, language, asked, answered, alone, others)
    return answered, replace(
        read, result=survey.weigh(unit, world, answered, read.result, language)
    )


def _late_word(
    unit: Unit,
    world: World,
    reply: Reply,
    patient: Patient | None,
    asked: Asked,
    read: tuple[Conversation | None, Triage],
) -> tuple[Conversation | None, Triage]:
    """What answers no open question may be a further word about a dose, or a C of last week's."""
    answered, result = doses.again(world, reply, patient, asked, read)
    language = None if patient is None else patient.language
    late = None if result.answer else read_late(unit, world, reply, language, answered)
    return (answered, result) if late is None else (late.question, late.result)


def _obey(unit: Unit, world: World, reply: Reply, result: Triage) -> bool:
    """Writes down what the person wants of us; says whether that changed anything.

    The carrier's own keyword was obeyed when the reply came: then the ledger as it was counts.
    """
    index = reply.address_index
    if not result.opt_out:
        if result.opt_in and reply.keyword != "start":
            return record_consent(unit, world, reply, ConsentAction.OPT_IN)
        return result.opt_in
    if reply.keyword == "stop":
        return not unit.people.consent_before(index, reply.consent_seen).opted_out
    was_out = unit.people.consent_of([index])[index].opted_out
    return record_consent(unit, world, reply, ConsentAction.OPT_OUT) and not was_out


def _who(unit: Unit, people: list[Patient], asked: Conversation | None) -> Patient | None:
    """The person who wrote; None when a shared phone leaves it open or nobody has this number.

    Whoever was asked at this address is the one who answers, also when it was removed since.
    """
    if asked is not None:
        return unit.people.patient(asked.patient_id)
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
