"""Prepare: a claimed message is checked once more, composed, and its try is written down."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from outreach.domain.errors import ConfigurationError
from outreach.domain.policy import Decision, Verdict, window_closes
from outreach.domain.reactions import Reaction
from outreach.domain.states import (
    MESSAGE_STEPS,
    AttemptOutcome,
    MessageStatus,
    TouchpointStatus,
    check_step,
)
from outreach.pipeline import due, sign_off
from outreach.pipeline.compose import compose, language_of
from outreach.pipeline.facts.closed_days import week_of
from outreach.pipeline.facts.deciding import decide_message, place_of
from outreach.pipeline.facts.reading import FROM_STAFF, Facts
from outreach.pipeline.outcomes import aftermath, outcome
from outreach.pipeline.outcomes.fallback import is_replacement
from outreach.pipeline.outcomes.outcome import Sent
from outreach.pipeline.ports import Outgoing
from outreach.pipeline.replies import takeover
from outreach.pipeline.routing import Gate
from outreach.pipeline.world import World
from outreach.storage.models import Attempt, Message
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_MAX_VALIDITY = 36000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that may leave, with what belongs to it as it was when it was claimed."""

    outgoing: Outgoing
    sent: Sent


def prepare(
    unit: Unit, world: World, facts: Facts, gate: Gate, message: Message
) -> Prepared | None:
    """What leaves now; None where the message waits or has ended, which is written down then."""
    now = world.clinic_now()
    decision = decide_message(world, facts, message, now)
    if decision.verdict is Verdict.WAIT and decision.until is not None:
        if message.touchpoint_id is not None:
            facts.touchpoints[message.touchpoint_id].note = decision.sentence()
        _wait(world, message, decision.until)
        return None
    if decision.verdict is Verdict.SKIP:
        _skip(unit, world, facts, message, decision)
        return None
    sent = belongings(facts, message)
    if message.channel not in world.channels:
        outcome.failed(unit, world, sent, Reaction.OUR_BUG, None)
        return None
    language = language_of(world, facts, message)
    if not sign_off.may_go(unit, world, message, sent.touchpoint, language):
        _wait(world, message, now + sign_off.ASK_AGAIN)
        return None
    return _composed(unit, world, facts, gate, sent)


def belongings(facts: Facts, message: Message) -> Sent:
    """A claimed message with its touchpoint."""
    touchpoint = facts.touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
    return Sent(message, None, touchpoint)


def attempt(world: World, message: Message) -> Attempt:
    """The try that begins now (machine time)."""
    started = world.machine_now()
    return Attempt(
        id=world.new_id(),
        message_id=message.id,
        number=message.attempts,
        outcome=AttemptOutcome.IN_FLIGHT,
        detail="",
        checks=0,
        started_at=started,
        deadline=started + timedelta(seconds=world.tempo.request),
    )


def _composed(unit: Unit, world: World, facts: Facts, gate: Gate, sent: Sent) -> Prepared | None:
    message = sent.message
    try:
        rendered = compose(world, facts, message)
    except ConfigurationError as error:
        log.warning("message.not_composed", message_id=str(message.id), why=str(error))
        outcome.failed(unit, world, sent, Reaction.OUR_BUG, None)
        return None
    sender = gate.route(unit, facts, message, rendered.segments)
    if sender is None:
        return None
    message.body, message.subject = rendered.text, rendered.subject or None
    message.template_version, message.segments = rendered.version, rendered.segments
    facts.count(message.address_index, world.clinic_now())
    item = facts.followups.get(message.followup_id) if message.followup_id else None
    outgoing = Outgoing(
        message_id=message.id,
        channel=message.channel,
        to=message.address,
        text=rendered.text,
        subject=rendered.subject,
        html=rendered.html,
        validity_seconds=_validity(world, facts, message),
        purpose=message.purpose.value,
        begin_within=world.tempo.begin,
        code=item.code if item is not None else "",
        link=world.link_to(item.code) if item is not None else "",
        sender=sender.address,
    )
    begun = attempt(world, message)
    return Prepared(outgoing, Sent(message, begun, sent.touchpoint))


def _wait(world: World, message: Message, until: datetime) -> None:
    """Back into the queue until an instant (clinic time); no try was made."""
    message.not_before = until
    message.attempts -= 1
    outcome.requeue(world, message, timedelta())


def _validity(world: World, facts: Facts, message: Message) -> int:
    """Seconds the provider may still deliver in: what is left of use and of permitted hours."""
    now = world.clinic_now()
    until = message.useful_until
    touchpoint = facts.touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
    if touchpoint is not None:
        place = place_of(world, facts, touchpoint)
        usual = world.policy.week_for(touchpoint.purpose, place.states)
        week = week_of(world, touchpoint, now) or usual
        if place.zones:
            until = min(until, window_closes(now, place.zones, week))
    return max(1, min(_MAX_VALIDITY, int((until - now).total_seconds())))


def _skip(unit: Unit, world: World, facts: Facts, message: Message, decision: Decision) -> None:
    """The message ends; its touchpoint too, unless another message still speaks for it."""
    message.status = check_step(MESSAGE_STEPS, message.status, MessageStatus.SKIPPED)
    message.reason, message.lease_until = decision.reason, None
    if message.template == FROM_STAFF:
        takeover.not_said(unit, world, message, decision.sentence())
    aftermath.answer_unsaid(unit, world, message, decision.reason)
    touchpoint = facts.touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
    if touchpoint is None or aftermath.others_alive(unit, touchpoint, message):
        return
    if touchpoint.status is TouchpointStatus.QUEUED:
        explained = sign_off.explained(touchpoint, decision)
        due.skip(unit, world, touchpoint, explained, world.clinic_now())
    if is_replacement(message):
        due.call_instead(unit, world, touchpoint, f"It failed, and then: {decision.why}")
