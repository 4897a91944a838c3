"""Send: claim, check again, compose, write the attempt down, send, record.

The claim is committed before the request leaves, and no database session is open while it is under
way. Whatever crashes in between leaves a row that says so.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from outreach.domain.errors import ConfigurationError
from outreach.domain.policy import Decision, Verdict, window_closes
from outreach.domain.reactions import Reaction, reaction_for
from outreach.domain.states import (
    MESSAGE_STEPS,
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    TouchpointStatus,
    Urgency,
    check_step,
)
from outreach.domain.triage.result import Prompt
from outreach.pipeline import due, sign_off
from outreach.pipeline.batches import tell_operator, together_or_alone
from outreach.pipeline.compose import compose, language_of
from outreach.pipeline.facts.closed_days import week_of
from outreach.pipeline.facts.deciding import decide_message, place_of
from outreach.pipeline.facts.reading import FROM_STAFF, Facts, facts_for_messages
from outreach.pipeline.outcomes import aftermath, outcome
from outreach.pipeline.outcomes.fallback import is_replacement
from outreach.pipeline.outcomes.outcome import Sent
from outreach.pipeline.ports import NOT_BEGUN, Outgoing, ResultKind, Sending, SendResult
from outreach.pipeline.replies import takeover
from outreach.pipeline.routing import Gate
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Attempt, Message, Touchpoint
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

URGENT_LANE = (Urgency.URGENT,)
CARE_LANE = (Urgency.NORMAL,)
BULK_LANE = (Urgency.BULK,)
_MAX_VALIDITY = 36000


def drain(world: World, lanes: Collection[Urgency] = tuple(Urgency), limit: int = 5000) -> int:
    """Sends what is queued in these lanes, batch by batch; returns how many were claimed.

    The last batch is one that is not full: what is queued after it is the next drain's.
    """
    total, full = 0, True
    while full and total < limit:
        claimed = _send_batch(world, lanes)
        total += sum(claimed.values())
        full = any(count >= _batch_of(world, kind) for kind, count in claimed.items())
    return total


def _send_batch(world: World, lanes: Collection[Urgency]) -> dict[ChannelKind, int]:
    """One batch of each channel, the texts first: a slow mail server holds up nothing else."""
    with world.db.read() as unit:
        waiting = unit.messages.waiting(lanes, world.clinic_now(), world.machine_now())
    return {
        kind: _send_by(world, lanes, kind, tripped=waiting.tripped)
        for kind in ChannelKind
        if kind in waiting.kinds
    }


def _batch_of(world: World, kind: ChannelKind) -> int:
    channel = world.channels.get(kind)
    return world.tempo.batch if channel is None else min(world.tempo.batch, channel.capacity)


def _send_by(
    world: World, lanes: Collection[Urgency], kind: ChannelKind, *, tripped: bool = True
) -> int:
    claim_id = world.new_id()
    channel = world.channels.get(kind)
    last = world.machine_now() + timedelta(seconds=world.tempo.lease - world.tempo.request)
    ready: list[Outgoing] = []
    gate = Gate(world, kind, lanes, _batch_of(world, kind), tripped=tripped)

    def work(alone: bool) -> int:
        ready.clear()
        return _claim(world, claim_id, lanes, kind, gate, ready, alone=alone)

    try:
        claimed = together_or_alone(work) if gate.limit else 0
    finally:
        gate.done()
    if ready and world.machine_now() > last:
        # a worker that slept here may not be done before its lease ends and others send them
        given_back = [
            SendResult(one.message_id, ResultKind.NOT_SENT, detail=NOT_BEGUN) for one in ready
        ]
        _record(world, claim_id, given_back)
    elif ready and channel is not None:
        _dispatch(world, claim_id, channel.send(ready))
    return claimed


def _dispatch(world: World, claim_id: UUID, sending: Sending) -> None:
    """Records results as they come. Interrupted (a time limit), it begins nothing more, records
    what became of all that had begun, and lets the interruption go on.
    """
    try:
        for results in sending:
            _record(world, claim_id, results)
    except BaseException:
        sending.cancel()
        for results in sending:
            _record(world, claim_id, results)
        raise


def _claim(
    world: World,
    claim_id: UUID,
    lanes: Collection[Urgency],
    kind: ChannelKind,
    gate: Gate,
    ready: list[Outgoing],
    *,
    alone: bool,
) -> int:
    """Claims a batch; checks, composes and notes the attempt of each, in one unit.

    Until it is over nobody else can have them, and nothing of them has left.
    """
    with world.db.write() as unit:
        mine = unit.messages.claim(
            lanes,
            kind,
            claim_id=claim_id,
            clinic_now=world.clinic_now(),
            machine_now=world.machine_now(),
            lease_until=world.machine_now() + timedelta(seconds=world.tempo.lease),
            limit=gate.limit,
        )
        if not mine:
            return 0
        facts = facts_for_messages(unit, world, mine)
        gate.read(unit, mine)

        def prepare(message: Message) -> None:
            outgoing = _prepare_one(unit, world, facts, gate, message)
            if outgoing is not None:
                ready.append(outgoing)

        def give_up(message: Message, error: Exception) -> None:
            outcome.failed(unit, world, _belongings(facts, message), Reaction.OUR_BUG, None)
            tell_operator(unit, world, "send", error)

        unit.each(mine, prepare, set_aside=give_up if alone else None)
        gate.keep(unit)
    return len(mine)


def _prepare_one(
    unit: Unit, world: World, facts: Facts, gate: Gate, message: Message
) -> Outgoing | None:
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
    sent = _belongings(facts, message)
    if message.channel not in world.channels:
        outcome.failed(unit, world, sent, Reaction.OUR_BUG, None)
        return None
    language = language_of(world, facts, message)
    if not sign_off.may_go(unit, world, message, sent.touchpoint, language):
        _wait(world, message, now + sign_off.ASK_AGAIN)
        return None
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
    unit.add(_attempt(world, message))
    facts.count(message.address_index, world.clinic_now())
    item = facts.followups.get(message.followup_id) if message.followup_id else None
    return Outgoing(
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


def _wait(world: World, message: Message, until: datetime) -> None:
    """Back into the queue until an instant (clinic time); no try was made."""
    message.not_before = until
    message.attempts -= 1
    outcome.requeue(world, message, timedelta())


def _attempt(world: World, message: Message) -> Attempt:
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


def _belongings(facts: Facts, message: Message) -> Sent:
    touchpoint = facts.touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
    return Sent(message, None, touchpoint)


def _record(world: World, claim_id: UUID, results: list[SendResult]) -> None:
    """Writes a group of results down. A receipt may have come first; nothing goes backwards."""
    ids = [result.message_id for result in results]
    with world.db.write() as unit:
        outcome.take_back(
            unit, world, {row.provider_id: row.message_id for row in results if row.provider_id}
        )
        named = [
            result.provider_id
            for result, sent in zip(results, load(unit, ids), strict=True)
            if sent is not None and _record_one(unit, world, claim_id, sent, result)
        ]
        unit.receipts.look_again([name for name in named if name is not None])


def load(unit: Unit, ids: Sequence[UUID]) -> list[Sent | None]:
    """Messages with their latest attempts and touchpoints, locked, in the order of ``ids``."""
    messages = unit.messages.messages(ids, lock=True)
    attempts = unit.messages.attempts_of(ids)
    owners = [row.touchpoint_id for row in messages.values() if row.touchpoint_id is not None]
    touchpoints = unit.ledger.touchpoints(owners) if owners else {}
    asked = unit.replies.asked_by(row.id for row in touchpoints.values() if row.asks is not None)
    visits = _to_confirm(unit, touchpoints.values())
    found: list[Sent | None] = []
    for message_id in ids:
        message = messages.get(message_id)
        if message is None:
            found.append(None)
            continue
        touchpoint = touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
        found.append(Sent(message, attempts.get(message_id), touchpoint, asked, visits))
    return found


def _to_confirm(unit: Unit, rows: Iterable[Touchpoint]) -> dict[UUID, Appointment]:
    ids = {row.appointment_id for row in rows if row.asks is Prompt.CONFIRM}
    named = [one for one in ids if one is not None]
    return unit.visits.appointments(named) if named else {}


def _record_one(unit: Unit, world: World, claim_id: UUID, sent: Sent, result: SendResult) -> bool:
    """One result; says whether the provider's name for the message was news."""
    mine = sent.message.claim_id == claim_id
    if result.kind is ResultKind.ACCEPTED:
        if not mine and sent.message.claim_id is not None:
            sent = replace(sent, attempt=None)  # the latest attempt is another worker's
        return outcome.accepted(
            unit,
            world,
            sent,
            result.provider_id,
            sender=result.sender,
            segments=result.segments or None,
        )
    if not mine or sent.message.status is not MessageStatus.CLAIMED:
        log.warning("send.late_result", message_id=str(sent.message.id), kind=result.kind.value)
    elif result.kind is ResultKind.NOT_SENT and result.detail == NOT_BEGUN:
        outcome.not_begun(world, sent)
    elif result.kind is ResultKind.NOT_SENT and not outcome.is_a_cap(result.error_code):
        after, code = result.retry_after, result.error_code
        outcome.not_sent(unit, world, sent, after, result.detail, code)
    elif result.kind is ResultKind.UNKNOWN:
        outcome.unknown(world, sent, result.detail)
    else:
        reaction = reaction_for(result.error_code, result.http_status)
        if reaction is Reaction.UNKNOWN_OUTCOME:
            outcome.unknown(world, sent, result.detail)
        else:
            outcome.refused(unit, world, sent, reaction, result.error_code, result.retry_after)
    return False
