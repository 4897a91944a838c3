"""The automatic answer to a reply: by action, at any hour, one at most, and never a question."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from outreach.domain.states import ChannelKind, MessageStatus, Purpose, Urgency
from outreach.domain.triage.keywords import answered_by_carrier
from outreach.domain.triage.result import Action, Label, Triage
from outreach.domain.triage.screening import NONE
from outreach.pipeline.facts.deciding import CONFIRMS_OPT_OUT
from outreach.pipeline.replies.survey import NOTHING, Further
from outreach.pipeline.world import World
from outreach.storage.models import Message, Patient, Reply
from outreach.storage.unit import Unit

_BY_ACTION = {
    Action.CALL_911: "auto_call_911",
    Action.CALL_988: "auto_call_988",
    Action.PAGE_1H: "auto_page_1h",
}
RED_FLAG_ANSWERS = frozenset({"auto_at_er", *_BY_ACTION.values()})
"""What answers a red flag: it goes at once, whatever else is amiss."""
_BY_ANSWER = {
    "confirm": "auto_confirmed",
    "reschedule": "auto_reschedule",
    "done": "auto_dose_done",
    "late": "auto_dose_late",
    "skip": "auto_dose_skip",
    NONE: "auto_screen_none",
}
_HELD = "auto_screen_problem"
_HELD_FOR_STAFF = frozenset(
    {
        Label.SYMPTOM_MODERATE,
        Label.SYMPTOM_MILD,
        Label.LOGISTICS,
        Label.QUESTION,
        Label.UNCLEAR,
    }
)
_INSTEAD_OF = frozenset({None, "auto_received"})
"""Where one of these would be the answer, a check-in may ask on instead."""
_WHATEVER_ELSE = frozenset({CONFIRMS_OPT_OUT, "auto_help", "auto_opted_in"})
"""What somebody asked for by a keyword is answered beside a red flag too."""
_USEFUL = timedelta(hours=1)
_CONFIRMATION_USEFUL = timedelta(minutes=5)
"""An opt-out may be confirmed once, within five minutes (47 CFR 64.1200(a)(12))."""
_LOOP_WINDOW = timedelta(minutes=10)
_LOOP_LIMIT = 6
"""More answers than this to one address in ten minutes: two machines may be talking (14107)."""


def answer_for(
    world: World, reply: Reply, result: Triage, *, changed: bool, held: bool = False
) -> str | None:
    """The template that answers a reply, or None where silence is right.

    What the carrier answers itself (STOP, START, HELP) is not answered twice; an opt-out or opt-in
    is confirmed only when it ``changed`` something. ``held``: it held a visit, so that a nurse
    will look at it, which whoever says YES must learn too.
    """
    carrier_answers = (
        reply.channel is ChannelKind.SMS
        and world.clinic.carrier_answers_keywords
        and answered_by_carrier(reply.body)
    )
    if result.opt_out:
        # a red flag beside it is phoned: the person asked us not to text
        return CONFIRMS_OPT_OUT if changed and not carrier_answers else None
    if result.urgent:
        return "auto_at_er" if result.at_er else _BY_ACTION[result.action]
    if held:
        return _HELD
    if result.help:
        return None if carrier_answers else "auto_help"
    if result.opt_in:
        return "auto_opted_in" if changed and not carrier_answers else None
    if result.answer in _BY_ANSWER:
        return _BY_ANSWER[result.answer]
    return "auto_received" if result.label in _HELD_FOR_STAFF else None


def send_answer(
    unit: Unit,
    world: World,
    reply: Reply,
    result: Triage,
    patient: Patient | None,
    *,
    changed: bool,
    held: bool = False,
    further: Further = NOTHING,
    burst: Collection[UUID] = (),
) -> None:
    """Queues the answer in the urgent lane; the loop guard holds back all but red-flag answers.

    ``further``: what a check-in asks next stands in for the usual answer. ``burst``: the replies of
    the minute before; what answered them is not said again.
    """
    template = answer_for(world, reply, result, changed=changed, held=held)
    if further.template is not None and template in _INSTEAD_OF:
        template = further.template
    now = world.clinic_now()
    if template is None or _said_already(unit, template, burst):
        return
    asks = template == further.template and further.question is not None
    recent = unit.messages.answers_since(reply.address_index, now - _LOOP_WINDOW)
    if recent >= _LOOP_LIMIT and not result.urgent:
        return
    useful = _CONFIRMATION_USEFUL if template == CONFIRMS_OPT_OUT else _USEFUL
    unit.flush()
    unit.add_new(
        Message(
            id=world.new_id(),
            reason_key=further.reason_key if asks else f"reply:{reply.id.hex}:auto",
            channel=reply.channel,
            patient_id=None if patient is None else patient.id,
            reply_id=reply.id,
            conversation_id=further.question if asks else None,
            address=reply.address,
            address_index=reply.address_index,
            purpose=Purpose.REPLY,
            urgency=Urgency.URGENT,
            template=template,
            status=MessageStatus.QUEUED,
            not_before=now,
            useful_until=now + useful,
            attempts=0,
            retry_at=world.machine_now(),
            created_at=now,
        )
    )


def _said_already(unit: Unit, template: str, burst: Collection[UUID]) -> bool:
    """Whether an answer to one of these replies says it, or something more pressing."""
    if not burst:
        return False
    unit.flush()
    said = unit.messages.answers_to(burst)
    if template in said:
        return True
    if template == _BY_ACTION[Action.PAGE_1H]:
        return bool(said & RED_FLAG_ANSWERS)
    red = template in RED_FLAG_ANSWERS or template in _WHATEVER_ELSE
    return not red and bool(said & RED_FLAG_ANSWERS)
