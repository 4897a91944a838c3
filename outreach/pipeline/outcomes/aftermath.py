"""Aftermath: what a message that came to nothing leaves to do: marks, word to staff, calls."""

import structlog

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.reactions import Reaction
from outreach.domain.states import (
    ChannelKind,
    MessageStatus,
    Purpose,
    SkipReason,
    TouchpointStatus,
)
from outreach.domain.triage.result import Action
from outreach.pipeline import circuits, consent, due, followup
from outreach.pipeline.facts.deciding import CONFIRMS_OPT_OUT
from outreach.pipeline.facts.reading import FROM_STAFF
from outreach.pipeline.outcomes import fallback, instead
from outreach.pipeline.replies import takeover
from outreach.pipeline.replies.answer import RED_FLAG_ANSWERS
from outreach.pipeline.world import World
from outreach.storage.models import ContactStatus, Message, Touchpoint
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_CAME_TO_NOTHING = frozenset(
    {MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.SKIPPED}
)
_OPERATORS = frozenset(
    {
        Reaction.OUR_BUG,
        Reaction.ALERT,
        Reaction.SENDER_BLOCKED,
        Reaction.FILTERED,
        Reaction.PAUSE_ACCOUNT,
    }
)
"""What the clinic's own people must mend, whether it is said at once or in a receipt."""
_STOPS_ALL = frozenset({Reaction.PAUSE_ACCOUNT, Reaction.SENDER_BLOCKED})
"""Nothing goes out until somebody mends it: that is paged at once."""


def deal_with(
    unit: Unit, world: World, message: Message, row: Touchpoint | None, reaction: Reaction
) -> None:
    """Does what the reaction asks for; the message has its final status and code already."""
    if reaction is Reaction.OPTED_OUT:
        _record_carrier_opt_out(unit, world, message)
    elif reaction in {Reaction.MARK_NUMBER_INVALID, Reaction.CANNOT_TAKE_SMS}:
        unit.people.mark_contacts(message.address_index, ContactStatus.INVALID)
    not_taken = (
        message.channel is ChannelKind.VOICE and reaction is Reaction.UNREACHABLE_RETRY_LATER
    )
    if reaction is Reaction.FILTERED:
        circuits.count_filtered(unit, world, message)
    if reaction in _OPERATORS or (message.purpose is Purpose.STAFF and not not_taken):
        tell_of_refusal(unit, world, message, reaction)
    followup.page_failed(unit, world, message)
    log.warning(
        "message.failed",
        message_id=str(message.id),
        code=message.error_code,
        reaction=reaction.value,
    )
    _what_remains(unit, world, message, row)


def _what_remains(unit: Unit, world: World, message: Message, row: Touchpoint | None) -> None:
    """A touchpoint with no other message on its way has failed; a care text becomes a call."""
    code = message.error_code
    why = f"The provider refused it (code {code})." if code else "The provider did not take it."
    if message.template == FROM_STAFF:
        takeover.not_said(unit, world, message, why)
        return
    if row is None:
        if message.purpose is Purpose.REPLY and message.reply_id is not None:
            _call_about_answer(unit, world, message, why)
        return
    if others_alive(unit, row, message) or fallback.another_way(unit, world, message, row):
        return
    if row.status is TouchpointStatus.QUEUED:
        row.status = TouchpointStatus.FAILED
        row.decided_at, row.note = world.clinic_now(), why
    if row.campaign_id is not None:
        instead.recall_instead(unit, world, row, why)
    elif row.purpose is Purpose.CARE:
        due.call_instead(unit, world, row, why)


def others_alive(unit: Unit, row: Touchpoint, message: Message) -> bool:
    """Whether another message of a touchpoint is on its way or went."""
    return any(
        other.id != message.id and other.status not in _CAME_TO_NOTHING
        for other in unit.messages.of_touchpoints([row.id])[row.id]
    )


def _call_about_answer(unit: Unit, world: World, message: Message, why: str) -> None:
    """An automatic answer that did not arrive: if it answered a red flag, call at once."""
    urgent = message.template in RED_FLAG_ANSWERS
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"message:{message.id.hex}:undelivered",
            kind="call_patient",
            action=Action.CALL_911 if urgent else Action.ROUTINE,
            summary=f"Our answer did not reach this patient. {why} Call now."
            if urgent
            else f"Our answer did not reach this patient. {why}",
            patient_id=message.patient_id,
            reply_id=message.reply_id,
        ),
    )


def answer_unsaid(unit: Unit, world: World, message: Message, reason: SkipReason | None) -> None:
    """The answer to a red flag came too late to be sent: whoever wrote was told nothing.

    Of somebody who opted out staff know already that they are to phone.
    """
    told = message.template in RED_FLAG_ANSWERS - CONFIRMS_OPT_OUT
    if reason is SkipReason.LATE and told:
        _call_about_answer(unit, world, message, "It could not be sent in time.")


def answer_held(unit: Unit, world: World, message: Message) -> None:
    """The answer to a red flag waits for a sender that is stopped: staff call without waiting."""
    if message.template in RED_FLAG_ANSWERS - CONFIRMS_OPT_OUT:
        _call_about_answer(unit, world, message, "It cannot be sent at present.")


def _record_carrier_opt_out(unit: Unit, world: World, message: Message) -> None:
    if consent.opted_out(unit, message.address_index):
        return
    consent.write(
        unit,
        world,
        consent.Said(
            message.channel,
            message.address_index,
            ConsentAction.OPT_OUT,
            ConsentScope.ALL,
            source="carrier",
            actor=f"error {message.error_code}",
            patient_id=message.patient_id,
        ),
    )


def tell_of_refusal(unit: Unit, world: World, message: Message, reaction: Reaction) -> None:
    """One item a day for each kind of trouble with our own account or configuration."""
    code = message.error_code
    day = world.clinic_now().date().isoformat()
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"operator:{message.channel.value}:{reaction.value}:{code}:{day}",
            kind="operator",
            action=Action.PAGE_1H if reaction in _STOPS_ALL else Action.SAME_DAY,
            summary=f"The {message.channel.value} provider answers code {code} "
            f"({reaction.value.replace('_', ' ')}). Run 'outreach doctor'.",
        ),
    )
