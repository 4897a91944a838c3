"""The automatic answer to a reply: by action, at any hour, one at most, and never a question."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.states import ChannelKind, MessageStatus, Purpose, Urgency
from outreach.domain.triage.result import Action, Label, Triage
from outreach.domain.triage.screening import NONE
from outreach.pipeline.facts.deciding import CONFIRMS_OPT_OUT
from outreach.pipeline.replies.survey import NOTHING, Further
from outreach.pipeline.reply import carrier_acted
from outreach.pipeline.world import World
from outreach.storage.models import Message, Patient, Reply
from outreach.storage.unit import Unit

_BY_ACTION = {
    Action.CALL_911: "auto_call_911",
    Action.CALL_988: "auto_call_988",
    Action.PAGE_1H: "auto_page_1h",
}
_LAST_BY_ACTION = {
    Action.CALL_911: "auto_opted_out_call_911",
    Action.CALL_988: "auto_opted_out_call_988",
    Action.PAGE_1H: "auto_opted_out_page_1h",
}
"""One text that ends the texting and says what to do: a symptom stood beside the opt-out."""
RED_FLAG_ANSWERS = frozenset(
    {
        "auto_at_er",
        "auto_opted_out_at_er",
        *_BY_ACTION.values(),
        *_LAST_BY_ACTION.values(),
    }
)
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
_WHATEVER_ELSE = CONFIRMS_OPT_OUT | {"auto_help", "auto_opted_in"}
"""What somebody asked for by a keyword is answered beside a red flag too."""
_USEFUL = timedelta(hours=1)
_CONFIRMATION_USEFUL = timedelta(minutes=5)
"""An opt-out may be confirmed once, within five minutes (47 CFR 64.1200(a)(12))."""
_LOOP_WINDOW = timedelta(minutes=10)
_LOOP_LIMIT = 6
"""More answers than this to one address in ten minutes: two machines may be talking (14107)."""
_RED_FLAG_LOOP_LIMIT = 12
"""Nor more than this where each answers a red flag: a machine's greeting may name 911. Each is
read, and staff are paged for it, all the same."""


def answer_for(
    world: World, reply: Reply, result: Triage, *, changed: bool, held: bool = False
) -> str | None:
    """The template that answers a reply, or None where silence is right.

    What the carrier answers itself (STOP, START) is not answered twice, and HELP only where the
    carrier's own words name the clinic; an opt-out or opt-in is confirmed only when it ``changed``
    something. A YES that answers a question is answered as that. ``held``: it held a visit, so that
    a nurse will look at it, which whoever says YES must learn too.
    """
    carrier_answers = carrier_acted(world, reply)
    if result.opt_out:
        return _last_words(result) if changed and not carrier_answers else None
    if result.urgent:
        return "auto_at_er" if result.at_er else _BY_ACTION[result.action]
    if held:
        return _HELD
    if result.answer in _BY_ANSWER:
        return _BY_ANSWER[result.answer]
    if result.help:
        return None if carrier_answers and world.clinic.carrier_help_names_us else "auto_help"
    if result.opt_in:
        return "auto_opted_in" if changed and not carrier_answers else None
    return "auto_received" if result.label in _HELD_FOR_STAFF else None


def _last_words(result: Triage) -> str:
    """What confirms an opt-out, once and in one text (47 CFR 64.1200(a)(12)).

    Where a red flag stands beside it, staff phone; the text says what to do until then.
    """
    if not result.urgent:
        return "auto_opted_out"
    return "auto_opted_out_at_er" if result.at_er else _LAST_BY_ACTION[result.action]


def can_be_answered(world: World, channel: ChannelKind, template: str = "auto_received") -> bool:
    """Whether an answer can go the way a reply came: an email, where emails may leave at all."""
    return channel in world.channels and world.renderer.offers(
        template, world.clinic.default_language, channel
    )


def phone_instead(reply: Reply, result: Triage) -> str:
    """What the item of a red flag says where texts or emails do not reach whoever wrote."""
    if result.opt_out:
        return " They want no more messages: phone now."
    if reply.channel is ChannelKind.SMS:
        return " Opted out, so not answered by text: phone now."
    return " Not answered, because no email may go there: phone now."


def _from_a_stranger(reply: Reply, result: Triage, patient: Patient | None) -> bool:
    """An email from nobody we know is answered only where it may be an emergency or wants no more:
    who it names as its sender may never have written it.
    """
    stranger = reply.channel is ChannelKind.EMAIL and patient is None
    return stranger and not (result.urgent or result.opt_out)


def _may_be_a_loop(unit: Unit, reply: Reply, result: Triage, now: datetime) -> bool:
    """Whether two machines seem to be talking. What a machine wrote is answered where it may be an
    emergency, once.
    """
    recent = unit.messages.answers_since(reply.address_index, now - _LOOP_WINDOW)
    if reply.automatic:
        return recent > 0 or not (result.urgent or result.opt_out)
    return recent >= (_RED_FLAG_LOOP_LIMIT if result.urgent else _LOOP_LIMIT)


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
    """Queues the answer in the urgent lane, unless two machines seem to be talking.

    ``further``: what a check-in asks next stands in for the usual answer. ``burst``: the replies of
    the minute before; what answered them is not said again.
    """
    template = answer_for(world, reply, result, changed=changed, held=held)
    if further.template is not None and template in _INSTEAD_OF:
        template = further.template
    now = world.clinic_now()
    if template is None or _from_a_stranger(reply, result, patient):
        return
    if _said_already(unit, template, burst):
        return
    if not can_be_answered(world, reply.channel, template) or _may_be_a_loop(
        unit, reply, result, now
    ):
        return
    asks = template == further.template and further.question is not None
    useful = _CONFIRMATION_USEFUL if template in CONFIRMS_OPT_OUT else _USEFUL
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
