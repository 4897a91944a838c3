"""Settle: an unknown outcome is resolved by evidence before anything is sent again.

A receipt that carries our message id proves acceptance (``receipt`` records it). Two successful
look-ups, well after the deadline, that find no unclaimed provider record with this recipient, body
and time prove the contrary. What offers no evidence in time goes to staff.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.reactions import Reaction
from outreach.domain.states import ChannelKind, MessageStatus, Purpose
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.lookups import look_up
from outreach.pipeline.outcomes import outcome
from outreach.pipeline.outcomes.loading import load
from outreach.pipeline.outcomes.outcome import Sent
from outreach.pipeline.ports import ProviderRecord
from outreach.pipeline.world import World
from outreach.storage.models import Attempt
from outreach.storage.unit import Unit

_CLOCK_SLACK = timedelta(minutes=10)
"""How far the provider's clock may differ from ours. Wide: recipient, words and a provider id
that no other attempt has are what identify a message."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What to look for at the provider."""

    message_id: UUID
    channel: ChannelKind
    to: str
    body: str
    started_at: datetime
    deadline: datetime


def drain(world: World, limit: int = 50) -> int:
    """Looks up what is due for it (machine time); returns how many attempts."""
    questions = _take(world, limit)
    answers = look_up(
        world, questions, lambda to, one: to.find(one.to, one.started_at - _CLOCK_SLACK)
    )
    for question, records in answers:
        _answer(world, question, records)
    return len(questions)


def _take(world: World, limit: int) -> list[_Question]:
    """Claims attempts by moving their next look-up on, so that no two workers ask at once."""
    now = world.machine_now()
    with world.db.write() as unit:
        attempts = unit.messages.take_unsettled(now, limit)
        messages = unit.messages.messages([row.message_id for row in attempts])
        questions = []
        for attempt in attempts:
            message = messages[attempt.message_id]
            attempt.next_check_at = now + timedelta(seconds=world.tempo.settle[0])
            questions.append(
                _Question(
                    message.id,
                    message.channel,
                    message.address,
                    message.body or "",
                    attempt.started_at,
                    attempt.deadline,
                )
            )
    return questions


def _answer(world: World, question: _Question, records: list[ProviderRecord] | None) -> None:
    with world.db.write() as unit:
        sent = load(unit, [question.message_id])[0]
        if sent is None or sent.attempt is None:
            return
        if sent.message.status is not MessageStatus.UNKNOWN:
            return  # a receipt was faster
        if records is None:
            _no_evidence(unit, world, sent)
            return
        match = _match(unit, question, records)
        if match is not None:
            if outcome.accepted(unit, world, sent, match.provider_id):
                unit.receipts.look_again([match.provider_id])
        else:
            _found_nothing(unit, world, sent)


def _match(
    unit: Unit, question: _Question, records: Sequence[ProviderRecord]
) -> ProviderRecord | None:
    taken = unit.messages.claimed_provider_ids([row.provider_id for row in records])
    for record in records:
        in_time = record.created_at <= question.deadline + _CLOCK_SLACK
        if record.body == question.body and in_time and record.provider_id not in taken:
            return record
    return None


def _found_nothing(unit: Unit, world: World, sent: Sent) -> None:
    attempt = sent.attempt
    if attempt is None:
        return
    attempt.checks += 1
    if attempt.checks < len(world.tempo.settle):
        attempt.next_check_at = _next_check(world, attempt)
    else:
        outcome.not_sent(unit, world, sent, None, "look-ups found nothing")


def _next_check(world: World, attempt: Attempt) -> datetime:
    """As long after the deadline as it should be, and as long after the look-up before it."""
    waits, done = world.tempo.settle, attempt.checks
    gap = timedelta(seconds=waits[done] - waits[done - 1])
    return max(attempt.deadline + timedelta(seconds=waits[done]), world.machine_now() + gap)


def _no_evidence(unit: Unit, world: World, sent: Sent) -> None:
    """This provider cannot be asked: after the last wait a person decides; nothing is resent."""
    attempt, message = sent.attempt, sent.message
    if attempt is None:
        return
    attempt.checks += 1
    if attempt.checks < len(world.tempo.settle):
        attempt.next_check_at = _next_check(world, attempt)
        return
    attempt.next_check_at = None
    attempt.finished_at = world.machine_now()
    outcome.failed(unit, world, sent, Reaction.MAY_HAVE_ARRIVED, None)
    if message.purpose is Purpose.STAFF:
        return  # a page: the next rung was paged meanwhile
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"message:{message.id.hex}:unsettled",
            kind="unsettled",
            action=Action.ROUTINE,
            summary="It is not known whether a message reached this patient. Check, then decide.",
            patient_id=message.patient_id,
        ),
    )
