"""What a provider's word does to a message, its attempt, its touchpoint and its question.

The sender, the receipts and the settling of unknowns all end here, so that one thing is recorded
in one way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.reactions import Reaction
from outreach.domain.receipts import advances
from outreach.domain.states import (
    MESSAGE_STEPS,
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    Purpose,
    TouchpointStatus,
    check_step,
)
from outreach.domain.triage.result import Action
from outreach.pipeline import due, followup
from outreach.pipeline.world import World
from outreach.storage.models import (
    Attempt,
    Consent,
    ContactStatus,
    Conversation,
    ConversationStatus,
    Message,
    Touchpoint,
)
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_CAME_TO_NOTHING = frozenset(
    {MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.SKIPPED}
)
_SAFE_RESENDS = 2
_RETRY = frozenset({Reaction.SLOW_DOWN, Reaction.DEFER_PAST_RESET, Reaction.PAUSE_ACCOUNT})
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
_WAIT = {
    Reaction.DEFER_PAST_RESET: timedelta(hours=1),
    Reaction.PAUSE_ACCOUNT: timedelta(minutes=5),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A message with all that belongs to it."""

    message: Message
    attempt: Attempt | None
    touchpoint: Touchpoint | None


def accepted(
    unit: Unit,
    world: World,
    sent: Sent,
    provider_id: str | None,
    *,
    sender: str | None = None,
    segments: int | None = None,
) -> None:
    """The provider has it: the touchpoint is sent, and what it asks is open from now on."""
    message, attempt = sent.message, sent.attempt
    if attempt is not None and attempt.outcome is not AttemptOutcome.ACCEPTED:
        attempt.outcome = AttemptOutcome.ACCEPTED
        attempt.provider_id = provider_id
        attempt.finished_at = world.machine_now()
        attempt.next_check_at = None
    if message.provider_id is None and provider_id is not None:
        message.provider_id = provider_id
        unit.receipts.look_again(provider_id)
    message.sender = sender or message.sender
    message.segments = segments or message.segments
    message.lease_until = None
    if message.accepted_at is None:
        message.accepted_at = world.clinic_now()
    if advances(message.status, MessageStatus.ACCEPTED):
        message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.ACCEPTED)
    if sent.touchpoint is not None:
        _touchpoint_sent(unit, world, sent.touchpoint, message)


def _touchpoint_sent(unit: Unit, world: World, row: Touchpoint, message: Message) -> None:
    if row.status is TouchpointStatus.QUEUED:
        row.status = TouchpointStatus.SENT
        row.decided_at = world.clinic_now()
    asks_here = row.asks is not None and message.channel is ChannelKind.SMS
    if asks_here and row.asks is not None and unit.replies.question_of(row.id) is None:
        now = world.clinic_now()
        unit.add(
            Conversation(
                id=world.new_id(),
                patient_id=row.patient_id,
                touchpoint_id=row.id,
                address_index=message.address_index,
                prompt=row.asks,
                status=ConversationStatus.OPEN,
                opened_at=now,
                closes_at=now + timedelta(hours=row.question_hours),
            )
        )


def not_sent(world: World, sent: Sent, retry_after: float | None, detail: str) -> None:
    """It certainly did not leave: the same message waits (machine time) and is tried again."""
    attempt, message = sent.attempt, sent.message
    if attempt is not None:
        attempt.outcome = AttemptOutcome.NOT_SENT
        attempt.detail = detail[:80]
        attempt.finished_at = world.machine_now()
        attempt.next_check_at = None
    waits = world.tempo.retry
    wait = waits[min(message.attempts, len(waits)) - 1]
    requeue(world, message, timedelta(seconds=max(wait, retry_after or 0.0)))


def not_begun(world: World, sent: Sent) -> None:
    """Its turn did not come in time: it is queued again at once and checked again."""
    if sent.attempt is not None:
        sent.attempt.outcome = AttemptOutcome.NOT_SENT
        sent.attempt.detail = "not begun in time"
        sent.attempt.finished_at = world.machine_now()
    requeue(world, sent.message, timedelta())


def take_back(unit: Unit, world: World, named: Mapping[str, UUID]) -> None:
    """A look-up may have given a provider id to the wrong one of two equal messages.

    The provider's own answer, or a receipt that carries our id, is stronger (``named``: provider
    id -> message): the wrong one is unknown again, and is settled anew.
    """
    if not named:
        return
    for provider_id, attempt in unit.messages.attempts_named(list(named)).items():
        if attempt.message_id == named[provider_id]:
            continue
        message = unit.messages.messages([attempt.message_id], lock=True)[attempt.message_id]
        attempt.provider_id, attempt.outcome = None, AttemptOutcome.UNKNOWN
        attempt.next_check_at = world.machine_now() + timedelta(seconds=world.tempo.settle[0])
        if message.provider_id == provider_id:
            message.provider_id = None
            if message.status is MessageStatus.ACCEPTED:
                message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.UNKNOWN)
    unit.flush()


def requeue(world: World, message: Message, wait: timedelta) -> None:
    """Back into the queue; the last-moment check decides whether it is still of use then."""
    message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.QUEUED)
    message.claim_id, message.lease_until = None, None
    message.retry_at = world.machine_now() + wait


def unknown(world: World, sent: Sent, detail: str) -> None:
    """It may or may not have been sent: wait for evidence."""
    message, attempt = sent.message, sent.attempt
    if attempt is not None:
        attempt.outcome = AttemptOutcome.UNKNOWN
        attempt.detail = detail[:80]
        attempt.checks = 0
        attempt.next_check_at = attempt.deadline + timedelta(seconds=world.tempo.settle[0])
    message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.UNKNOWN)
    message.lease_until = None


def refused(unit: Unit, world: World, sent: Sent, reaction: Reaction, code: int | None) -> None:
    """The provider said no to this attempt: the reaction table says what follows."""
    message, attempt = sent.message, sent.attempt
    if attempt is not None:
        attempt.outcome = AttemptOutcome.REJECTED
        attempt.error_code = code
        attempt.finished_at = world.machine_now()
        attempt.next_check_at = None
    message.error_code = code
    if reaction in _RETRY:
        requeue(world, message, _WAIT.get(reaction, timedelta(seconds=30)))
        if reaction is not Reaction.SLOW_DOWN:
            _tell_operator(unit, world, message, reaction, code)
        return
    failed(unit, world, sent, reaction, code)


def failed(unit: Unit, world: World, sent: Sent, reaction: Reaction, code: int | None) -> None:
    """A message ends undone: its address or sender is marked, and care becomes a call."""
    message = sent.message
    message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.FAILED)
    message.lease_until, message.error_code = None, code
    _aftermath(unit, world, sent, reaction, code)


def _aftermath(unit: Unit, world: World, sent: Sent, reaction: Reaction, code: int | None) -> None:
    """What a message that came to nothing leaves to do: marks, people to tell, calls to make."""
    message = sent.message
    if reaction is Reaction.OPTED_OUT:
        _record_carrier_opt_out(unit, world, message)
    elif reaction in {Reaction.MARK_NUMBER_INVALID, Reaction.CANNOT_TAKE_SMS}:
        unit.people.mark_contacts(message.address_index, ContactStatus.INVALID)
    if reaction in _OPERATORS or message.purpose is Purpose.STAFF:
        _tell_operator(unit, world, message, reaction, code)
    if message.followup_id is not None:
        followup.page_failed(unit, world, message.followup_id)
    log.warning("message.failed", message_id=str(message.id), code=code, reaction=reaction.value)
    _what_remains(unit, world, sent, code)


def undelivered(
    unit: Unit,
    world: World,
    sent: Sent,
    reaction: Reaction,
    reported: MessageStatus,
    code: int | None,
) -> None:
    """The provider had it and it did not arrive.

    Lost in transit for certain, it is sent afresh (twice at most, and while it is of use): a new
    attempt of the same message. Otherwise it ends, and care becomes a call.
    """
    message, attempt = sent.message, sent.attempt
    message.error_code = code
    in_use = world.clinic_now() < message.useful_until
    if reaction is Reaction.RESEND_SAFELY and in_use and message.attempts <= _SAFE_RESENDS:
        if attempt is not None:
            attempt.outcome, attempt.error_code = AttemptOutcome.REJECTED, code
        message.provider_id = None
        requeue(world, message, timedelta(seconds=world.tempo.retry[0]))
        return
    message.status = check_step(MESSAGE_STEPS, message.status, reported)
    _aftermath(unit, world, sent, reaction, code)


def _what_remains(unit: Unit, world: World, sent: Sent, code: int | None) -> None:
    """A touchpoint with no other message on its way has failed; a care text becomes a call."""
    row, message = sent.touchpoint, sent.message
    why = f"The provider refused it (code {code})." if code else "The provider did not take it."
    if row is None:
        if message.purpose is Purpose.REPLY and message.reply_id is not None:
            _call_about_answer(unit, world, message, why)
        return
    if others_alive(unit, row, message):
        return
    if row.status is TouchpointStatus.QUEUED:
        row.status = TouchpointStatus.FAILED
        row.decided_at, row.note = world.clinic_now(), why
    if row.purpose is Purpose.CARE:
        due.call_instead(unit, world, row, why)


def others_alive(unit: Unit, row: Touchpoint, message: Message) -> bool:
    """Whether another message of a touchpoint is on its way or went."""
    return any(
        other.id != message.id and other.status not in _CAME_TO_NOTHING
        for other in unit.messages.of_touchpoints([row.id])[row.id]
    )


def _call_about_answer(unit: Unit, world: World, message: Message, why: str) -> None:
    """An automatic answer that did not arrive: if it answered a red flag, call at once."""
    urgent = message.template in {"auto_call_911", "auto_page_1h", "auto_call_988", "auto_at_er"}
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


def _record_carrier_opt_out(unit: Unit, world: World, message: Message) -> None:
    if not unit.people.consent_of([message.address_index])[message.address_index].opted_out:
        unit.add(
            Consent(
                id=world.new_id(),
                channel=message.channel,
                address_index=message.address_index,
                patient_id=message.patient_id,
                action=ConsentAction.OPT_OUT,
                scope=ConsentScope.ALL,
                source="carrier",
                actor="error 21610",
                recorded_at=world.clinic_now(),
            )
        )


def _tell_operator(
    unit: Unit, world: World, message: Message, reaction: Reaction, code: int | None
) -> None:
    """One item a day for each kind of trouble with our own account or configuration."""
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
