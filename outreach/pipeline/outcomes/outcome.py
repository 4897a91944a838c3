"""What a provider's word does to a message, its attempt, its touchpoint and its question.

The sender, the receipts and the settling of unknowns all end here, so that one thing is recorded
in one way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.journeys import Anchor
from outreach.domain.reactions import Reaction, reaction_for
from outreach.domain.receipts import advances, first_ask
from outreach.domain.retries import Failure, slowed, spread_of, wait_before_next
from outreach.domain.states import (
    MESSAGE_STEPS,
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    TouchpointStatus,
    check_step,
)
from outreach.domain.triage.result import Prompt
from outreach.pipeline import circuits, followup
from outreach.pipeline.outcomes import aftermath, unconfirmed, unreached
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

_STOPPED = frozenset({Reaction.PAUSE_ACCOUNT, Reaction.SENDER_BLOCKED})


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
        message.ask_at = first_ask(world.machine_now())
    message.sender = message.sender or sender
    message.error_code = None
    message.segments = segments or message.segments
    message.lease_until = None
    if message.accepted_at is None:
        message.accepted_at = world.clinic_now()
    if advances(message.status, MessageStatus.ACCEPTED):
        message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.ACCEPTED)
    circuits.answered(unit, world, message, arrived=False)
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


def not_sent(
    unit: Unit,
    world: World,
    sent: Sent,
    retry_after: float | None,
    detail: str,
    code: int | None = None,
) -> None:
    """It certainly did not leave: the same message waits (machine time) and is tried again.

    A page does not make staff wait for that: the next rung is paged at once.
    """
    attempt, message = sent.attempt, sent.message
    if attempt is not None:
        attempt.outcome = AttemptOutcome.NOT_SENT
        attempt.detail = detail[:80]
        attempt.error_code = code
        attempt.finished_at = world.machine_now()
        attempt.next_check_at = None
    spread = spread_of(message.id, message.attempts)
    # asked to wait beyond its use, it comes back when it is of none and ends with that reason
    wait = slowed(message.attempts, spread, retry_after)
    requeue(world, message, min(wait, max(timedelta(), _left(world, message))))
    followup.page_failed(unit, world, message)


def is_a_cap(code: int | None) -> bool:
    """Whether an answer "too many" (429) means a cap of the hour or day, and not the pace."""
    return code is not None and reaction_for(code, None) is Reaction.DEFER_PAST_RESET


def _left(world: World, message: Message) -> timedelta:
    return message.useful_until - world.clinic_now()


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


def refused(
    unit: Unit,
    world: World,
    sent: Sent,
    reaction: Reaction,
    code: int | None,
    retry_after: float | None = None,
) -> None:
    """The provider said no to this attempt: the reaction table says what follows."""
    message, attempt = sent.message, sent.attempt
    if attempt is not None:
        attempt.outcome = AttemptOutcome.REJECTED
        attempt.error_code = code
        attempt.finished_at = world.machine_now()
        attempt.next_check_at = None
    message.error_code = code
    if not _again(unit, world, sent, reaction, retry_after=retry_after, reported=False):
        failed(unit, world, sent, reaction, code)


def _again(
    unit: Unit,
    world: World,
    sent: Sent,
    reaction: Reaction,
    *,
    retry_after: float | None = None,
    reported: bool,
) -> bool:
    """Queues a message that failed once more, where its reaction says so; else it is to end.

    ``reported``: a receipt says it, and not the answer to the request.
    """
    message = sent.message
    stopped = circuits.strike(unit, world, message, sent.attempt, reaction, reported=reported)
    if reaction not in _STOPPED:
        circuits.answered(unit, world, message, arrived=reported)
    tries = _tries(unit, message, reaction)
    resting = unreached.note(unit, world, message, reaction) if reported else False
    wait = wait_before_next(
        Failure(
            reaction,
            message.error_code,
            times=tries,
            left=_left(world, message),
            spread=spread_of(message.id, message.attempts),
            now=world.machine_now(),
            retry_after=retry_after,
            patient=_may_wait(sent.touchpoint) and not resting,
            stopped=stopped,
        ),
        world.carrier_zone,
    )
    if wait is None:
        return False
    if reported:
        if sent.attempt is not None:
            sent.attempt.outcome = AttemptOutcome.REJECTED
            sent.attempt.error_code = message.error_code
        message.provider_id = None
    requeue(world, message, wait)
    followup.page_failed(unit, world, message)
    if reaction is Reaction.DEFER_PAST_RESET or (reaction in _STOPPED and not stopped):
        aftermath.tell_of_refusal(unit, world, message, reaction)
    return True


def _may_wait(row: Touchpoint | None) -> bool:
    """Whether it may wait for hours: planned, and not the word that a site is closed today."""
    return row is not None and row.anchor_kind is not Anchor.CLOSURE


def _tries(unit: Unit, message: Message, reaction: Reaction) -> int:
    """How many tries of a message failed for this reaction, the last one included."""
    if reaction is Reaction.SLOW_DOWN:
        return message.attempts
    earlier = [row for row in unit.messages.all_attempts(message.id)[:-1] if row.error_code]
    return 1 + sum(reaction_for(row.error_code, None) is reaction for row in earlier)


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

    Where its reaction leaves another try, and it is of use still, it is sent afresh: a new attempt
    of the same message. Otherwise it ends, goes another way, or care becomes a call.
    """
    message = sent.message
    message.error_code = code
    if _again(unit, world, sent, reaction, reported=True):
        return
    message.status = check_step(MESSAGE_STEPS, message.status, reported)
    message.held_by = None
    aftermath.deal_with(unit, world, message, sent.touchpoint, reaction)


def arrived(unit: Unit, world: World, sent: Sent) -> None:
    """It was delivered: that proves its sender, where it was sent to try one."""
    circuits.answered(unit, world, sent.message, arrived=True)
