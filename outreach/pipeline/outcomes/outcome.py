"""What a provider's word does to a message, its attempt, its touchpoint and its question.

The sender, the receipts and the settling of unknowns all end here, so that one thing is recorded
in one way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.journeys import Anchor
from outreach.domain.reactions import Reaction
from outreach.domain.receipts import advances
from outreach.domain.states import (
    MESSAGE_STEPS,
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    TouchpointStatus,
    check_step,
)
from outreach.domain.triage.result import Prompt
from outreach.pipeline import followup
from outreach.pipeline.outcomes import aftermath, unconfirmed
from outreach.pipeline.world import World
from outreach.storage.models import (
    Appointment,
    Attempt,
    Conversation,
    ConversationStatus,
    Message,
    Touchpoint,
)
from outreach.storage.unit import Unit

_SAFE_RESENDS = 2
_RETRY = frozenset({Reaction.SLOW_DOWN, Reaction.DEFER_PAST_RESET, Reaction.PAUSE_ACCOUNT})
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
    asked: set[UUID] = field(default_factory=set)
    """Touchpoints whose question is written down; shared by all that were loaded at once."""
    visits: Mapping[UUID, Appointment] = field(default_factory=dict)
    """The visits that these messages ask to confirm."""


def accepted(
    unit: Unit,
    world: World,
    sent: Sent,
    provider_id: str | None,
    *,
    sender: str | None = None,
    segments: int | None = None,
) -> bool:
    """The provider has it: the touchpoint is sent, and what it asks is open from now on.

    Says whether its name at the provider was news: reports that came before we knew whose they were
    are to be applied once more then.
    """
    message, attempt = sent.message, sent.attempt
    if attempt is not None and attempt.outcome is not AttemptOutcome.ACCEPTED:
        attempt.outcome = AttemptOutcome.ACCEPTED
        attempt.provider_id = provider_id
        attempt.finished_at = world.machine_now()
        attempt.next_check_at = None
    news = message.provider_id is None and provider_id is not None
    if news:
        message.provider_id = provider_id
    message.sender = sender or message.sender
    message.segments = segments or message.segments
    message.lease_until = None
    if message.accepted_at is None:
        message.accepted_at = world.clinic_now()
    if advances(message.status, MessageStatus.ACCEPTED):
        message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.ACCEPTED)
    if sent.touchpoint is not None:
        _touchpoint_sent(unit, world, sent.touchpoint, sent)
    if message.conversation_id is not None:
        _further_question_sent(unit, world, message.conversation_id)
    return news


def _touchpoint_sent(unit: Unit, world: World, row: Touchpoint, sent: Sent) -> None:
    if row.status is TouchpointStatus.QUEUED:
        row.status = TouchpointStatus.SENT
        row.decided_at = world.clinic_now()
    asks = question(world, sent)
    if asks is not None and row.id not in sent.asked:
        sent.asked.add(row.id)
        unit.add(asks)
        if row.asks is Prompt.CONFIRM and row.appointment_id is not None:
            unconfirmed.asked(world, row, sent.visits.get(row.appointment_id))


def question(world: World, sent: Sent) -> Conversation | None:
    """What a text asks, open from now on (clinic time); None where it asks nothing."""
    row, message = sent.touchpoint, sent.message
    if row is None or row.asks is None or message.channel is not ChannelKind.SMS:
        return None
    now = world.clinic_now()
    return Conversation(
        id=world.new_id(),
        patient_id=row.patient_id,
        touchpoint_id=row.id,
        address_index=message.address_index,
        prompt=row.asks,
        status=ConversationStatus.OPEN,
        opened_at=now,
        closes_at=_closes(row, now),
    )


def _further_question_sent(unit: Unit, world: World, question_id: UUID) -> None:
    """The next question of a survey is open from now on, for as long as it was to be."""
    row = unit.replies.questions([question_id]).get(question_id)
    if row is not None and row.status is ConversationStatus.WAITING:
        now = world.clinic_now()
        row.status = ConversationStatus.OPEN
        row.closes_at, row.opened_at = now + (row.closes_at - row.opened_at), now


def _closes(row: Touchpoint, now: datetime) -> datetime:
    """No question about a visit to come stays open once it has begun (clinic time)."""
    closes = now + timedelta(hours=row.question_hours)
    return min(closes, row.anchor_at) if row.anchor_kind is Anchor.VISIT_START else closes


def not_sent(unit: Unit, world: World, sent: Sent, retry_after: float | None, detail: str) -> None:
    """It certainly did not leave: the same message waits (machine time) and is tried again.

    A page does not make staff wait for that: the next rung is paged at once.
    """
    attempt, message = sent.attempt, sent.message
    if attempt is not None:
        attempt.outcome = AttemptOutcome.NOT_SENT
        attempt.detail = detail[:80]
        attempt.finished_at = world.machine_now()
        attempt.next_check_at = None
    waits = world.tempo.retry
    wait = waits[min(message.attempts, len(waits)) - 1]
    requeue(world, message, timedelta(seconds=max(wait, retry_after or 0.0)))
    followup.page_failed(unit, world, message)


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
        followup.page_failed(unit, world, message)
        if reaction is not Reaction.SLOW_DOWN:
            aftermath.tell_of_refusal(unit, world, message, reaction)
        return
    failed(unit, world, sent, reaction, code)


def failed(unit: Unit, world: World, sent: Sent, reaction: Reaction, code: int | None) -> None:
    """A message ends undone: its address or sender is marked, and care becomes a call."""
    message = sent.message
    message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.FAILED)
    message.lease_until, message.error_code = None, code
    aftermath.deal_with(unit, world, message, sent.touchpoint, reaction)


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
        followup.page_failed(unit, world, message)
        return
    message.status = check_step(MESSAGE_STEPS, message.status, reported)
    aftermath.deal_with(unit, world, message, sent.touchpoint, reaction)
