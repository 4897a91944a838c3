"""Receipt: delivery reports are durable before they are acknowledged, then applied upwards only."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from outreach.domain.reactions import Reaction, reaction_for
from outreach.domain.receipts import advances, meaning
from outreach.domain.states import MESSAGE_STEPS, AttemptOutcome, MessageStatus, check_step
from outreach.pipeline.batches import tell_operator, together_or_alone
from outreach.pipeline.outcomes import outcome
from outreach.pipeline.outcomes.loading import load
from outreach.pipeline.outcomes.outcome import Sent
from outreach.pipeline.world import World
from outreach.storage.models import Receipt
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_NOT_TAKEN = frozenset({"busy", "no-answer"})
"""Twilio's words for a call that nobody took."""
_BOUNCES = frozenset({"bounce", "dropped"})
"""SendGrid's words for a mailbox that takes nothing."""
_FINAL_BAD = frozenset({MessageStatus.FAILED, MessageStatus.UNDELIVERED})
_NOT_YET_PROVEN = frozenset({MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.UNKNOWN})
"""Queued again after an attempt that was thought lost is one of these too."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a provider says of one message."""

    provider_id: str
    status: str
    """The provider's word, in any case."""
    error_code: int | None
    message_id: UUID | None
    """Ours, where the report carries it."""


def receive(world: World, reported: Reported) -> bool:
    """Stores one report; False when it was known already. Raises as ``receive_all``."""
    return receive_all(world, [reported])[0]


def receive_all(world: World, reported: Sequence[Reported]) -> list[bool]:
    """Stores reports in one unit; for each whether it is new.

    Raises:
        Unavailable: the database cannot be reached; the provider must try again.
    """
    now = world.clinic_now()
    rows = [
        Receipt(
            id=world.new_id(),
            provider_id=one.provider_id[:80],
            message_id=one.message_id,
            status=one.status[:40].lower(),
            error_code=one.error_code,
            received_at=now,
        )
        for one in reported
    ]
    with world.db.write() as unit:
        written = unit.receipts.store(rows)
    if written:
        world.wake("receipt")
    return [row.id in written for row in rows]


def drain(world: World, limit: int = 500) -> int:
    """Applies up to ``limit`` stored reports; returns how many."""
    return together_or_alone(lambda alone: _apply_all(world, limit, alone=alone))


def _apply_all(world: World, limit: int, *, alone: bool) -> int:
    with world.db.write() as unit:
        rows = unit.receipts.take_unapplied(limit)
        known = unit.messages.by_provider_ids([row.provider_id for row in rows])
        ids = {row.id: row.message_id or known.get(row.provider_id) for row in rows}
        wanted = list(dict.fromkeys(found for found in ids.values() if found is not None))
        loaded = dict(zip(wanted, load(unit, wanted), strict=True)) if wanted else {}
        outcome.take_back(
            unit, world, {row.provider_id: row.message_id for row in rows if row.message_id}
        )
        reached: set[str] = set()
        for row in rows:
            row.applied_at = world.machine_now()

        def apply(row: Receipt) -> None:
            message_id = ids[row.id]
            sent = None if message_id is None else loaded.get(message_id)
            if sent is None:
                log.info("receipt.unmatched", receipt_id=str(row.id), status=row.status)
            else:
                _apply(unit, world, row, sent, reached)

        def give_up(_row: Receipt, error: Exception) -> None:
            tell_operator(unit, world, "receipt", error)

        unit.each(rows, apply, set_aside=give_up if alone else None)
        if reached:
            unit.people.trust_again(reached)
    return len(rows)


def _apply(unit: Unit, world: World, row: Receipt, sent: Sent, reached: set[str]) -> None:
    """One report. Any that carries our id proves that the provider has the message.

    The addresses at which texts arrived join ``reached``.
    """
    message = sent.message
    reported = meaning(row.status)
    if reported is None or _of_an_earlier_try(unit, row, sent):
        return
    if message.status in _NOT_YET_PROVEN:
        if sent.attempt is None:
            return  # it was never tried: nobody can have it
        if outcome.accepted(unit, world, sent, row.provider_id):
            unit.receipts.look_again([row.provider_id])
    if not advances(message.status, reported):
        return
    if reported not in _FINAL_BAD:
        message.status = check_step(MESSAGE_STEPS, message.status, reported)
        if reported is MessageStatus.DELIVERED:
            outcome.arrived(unit, world, sent)
            reached.add(message.address_index)
        return
    reaction = reaction_for(row.error_code, None)
    if row.status in _BOUNCES:
        reaction = Reaction.MARK_NUMBER_INVALID
    if row.status in _NOT_TAKEN:
        reaction = Reaction.UNREACHABLE_RETRY_LATER
    outcome.undelivered(unit, world, sent, reaction, reported, row.error_code)


def _of_an_earlier_try(unit: Unit, row: Receipt, sent: Sent) -> bool:
    """Whether a report is about a try that was given up, and not about the present one."""
    if sent.message.provider_id == row.provider_id:
        return False
    known = unit.messages.attempts_named([row.provider_id]).get(row.provider_id)
    return known is not None and known.outcome is AttemptOutcome.REJECTED
