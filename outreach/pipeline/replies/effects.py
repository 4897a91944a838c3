"""Effects: what an answer to an open question does: a visit confirmed or held, a dose logged."""

from uuid import UUID

from outreach.domain.triage.result import Prompt, Triage
from outreach.domain.triage.screening import PROBLEM
from outreach.pipeline.replies import doses, hold, question
from outreach.pipeline.replies.question import Asked
from outreach.pipeline.world import World
from outreach.storage.models import Conversation, Reply, Touchpoint
from outreach.storage.unit import Unit


def take_answer(
    unit: Unit,
    world: World,
    reply: Reply,
    answered: Conversation,
    result: Triage,
    asked: Asked,
    *,
    silent: bool,
) -> bool:
    """Does what an answer asks for; says whether it held a visit."""
    question.close(answered, result)
    reply.conversation_id = answered.id
    if answered.prompt is Prompt.SCREEN:
        return _take_screen(unit, world, reply, answered, result, asked, silent=silent)
    touchpoint = unit.ledger.touchpoints([answered.touchpoint_id])[answered.touchpoint_id]
    if answered.prompt is Prompt.CONFIRM and touchpoint.appointment_id is not None:
        if result.answer in {"confirm", "reschedule"}:
            _confirm(unit, touchpoint, confirmed=result.answer == "confirm")
    elif answered.prompt is Prompt.DOSE and touchpoint.dose_id is not None:
        doses.take(unit, world, reply, result, touchpoint.dose_id)
    return False


def _take_screen(
    unit: Unit,
    world: World,
    reply: Reply,
    answered: Conversation,
    result: Triage,
    asked: Asked,
    *,
    silent: bool,
) -> bool:
    """One answer counts for every visit that the patient was asked about: each has its item."""
    mine = question.screens_of(asked, answered.patient_id)
    for row in mine:
        question.close(row, result)
    visits = hold.visits_of(unit, world, mine)
    for visit in visits:
        if result.answer == PROBLEM:
            hold.hold(unit, world, reply, result, visit, silent=silent)
        else:
            hold.note_all_clear(unit, world, reply, visit)
    return result.answer == PROBLEM and bool(visits)


def _confirm(unit: Unit, touchpoint: Touchpoint, *, confirmed: bool) -> None:
    """A text about several visits of one day is confirmed as a whole, or wished moved."""
    texts = unit.messages.of_touchpoints([touchpoint.id])[touchpoint.id]
    named = {UUID(name.partition("@")[0]) for text in texts for name in text.visits}
    if touchpoint.appointment_id is not None:
        named.add(touchpoint.appointment_id)
    for visit in unit.visits.appointments(named).values():
        visit.confirmed = confirmed
