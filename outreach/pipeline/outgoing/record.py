"""Record: what the providers answered is written down, many answers in one unit.

Nearly every answer is plain: accepted, of a message that is still as it was claimed. Those are
written without reading again what is known from the claim. All others go one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from outreach.domain.reactions import Reaction, reaction_for
from outreach.domain.receipts import first_ask
from outreach.domain.states import MessageStatus
from outreach.domain.triage.result import Prompt
from outreach.pipeline.outcomes import outcome, unconfirmed
from outreach.pipeline.outcomes.loading import load, to_confirm
from outreach.pipeline.outcomes.outcome import Sent
from outreach.pipeline.ports import NOT_BEGUN, ResultKind, SendResult
from outreach.pipeline.world import World
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)


def record(
    world: World, claim_id: UUID, results: Sequence[SendResult], claimed: Mapping[UUID, Sent]
) -> None:
    """Writes a group of results down; ``claimed`` is each message as it was when it left.

    A receipt may have come first; nothing goes backwards.
    """
    try:
        _record(world, claim_id, results, claimed)
    except IntegrityError:
        # a look-up has given a provider's name of a message to another one: it is taken back
        _record(world, claim_id, results, {})


def _record(
    world: World, claim_id: UUID, results: Sequence[SendResult], claimed: Mapping[UUID, Sent]
) -> None:
    with world.db.write() as unit:
        done = _plain_ones(unit, world, claim_id, results, claimed)
        rest = [result for result in results if result.message_id not in done]
        news = [
            result.provider_id
            for result in results
            if result.message_id in done and result.provider_id is not None
        ]
        if rest:
            news += _one_by_one(unit, world, claim_id, rest)
        unit.receipts.look_again(news)


def _plain_ones(
    unit: Unit,
    world: World,
    claim_id: UUID,
    results: Sequence[SendResult],
    claimed: Mapping[UUID, Sent],
) -> set[UUID]:
    """Records what can be recorded at once; the messages this was done for."""
    plain = {
        result.message_id: result
        for result in results
        if result.kind is ResultKind.ACCEPTED
        and result.provider_id is not None
        and (sent := claimed.get(result.message_id)) is not None
        and sent.message.conversation_id is None
        and sent.message.held_by is None
    }
    # all in one order, so that nobody who has some of them waits for others of them
    everyone = [result.message_id for result in results]
    still = unit.claims.still_held(claim_id, everyone) & plain.keys() if plain else set()
    if still:
        _accepted(unit, world, {one: (claimed[one], plain[one]) for one in still})
    return still


def _accepted(unit: Unit, world: World, rows: Mapping[UUID, tuple[Sent, SendResult]]) -> None:
    """What ``outcome.accepted`` does for one, for messages of which only that can be said."""
    now, machine_now = world.clinic_now(), world.machine_now()
    unit.claims.accepted(
        [
            {
                "id": sent.message.id,
                "provider_id": result.provider_id,
                "sender": sent.message.sender or result.sender,
                "segments": result.segments or sent.message.segments,
                "error_code": None,
                "lease_until": None,
                "ask_at": first_ask(machine_now),
                "accepted_at": sent.message.accepted_at or now,
            }
            for sent, result in rows.values()
        ],
        [
            {
                "id": sent.attempt.id,
                "provider_id": result.provider_id,
                "finished_at": machine_now,
                "next_check_at": None,
            }
            for sent, result in rows.values()
            if sent.attempt is not None
        ],
    )
    about = [sent for sent, _ in rows.values() if sent.touchpoint is not None]
    touchpoints = [sent.touchpoint for sent in about if sent.touchpoint is not None]
    if touchpoints:
        unit.claims.touchpoints_sent([row.id for row in touchpoints], now)
        unit.add_all_new([asked for sent in about if (asked := outcome.question(world, sent))])
        visits = to_confirm(unit, touchpoints)
        for row in touchpoints:
            if row.asks is Prompt.CONFIRM and row.appointment_id is not None:
                unconfirmed.asked(world, row, visits.get(row.appointment_id))


def _one_by_one(
    unit: Unit, world: World, claim_id: UUID, results: Sequence[SendResult]
) -> list[str]:
    """The provider's names of messages that were news."""
    outcome.take_back(
        unit, world, {row.provider_id: row.message_id for row in results if row.provider_id}
    )
    loaded = load(unit, [result.message_id for result in results])
    named = [
        result.provider_id
        for result, sent in zip(results, loaded, strict=True)
        if sent is not None and _record_one(unit, world, claim_id, sent, result)
    ]
    return [name for name in named if name is not None]


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
