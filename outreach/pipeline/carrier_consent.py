"""Carrier consent: opt-outs and opt-ins that the carrier does not know of are told to it.

What a patient says in words of their own, and what staff record, binds us at once and without the
carrier. Telling it as well stops what others send through the same account, and lifts the block
that an earlier STOP left there. Off unless it is configured: see ``docs/interfaces.md``.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.errors import Unavailable
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import CarrierConsent, ConsentWord
from outreach.pipeline.world import World
from outreach.storage.models import CarrierWord, Consent
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

WAITS = (10.0, 60.0, 600.0, 3600.0, 21600.0)
"""Seconds (machine time) before each further try; the last one repeats."""
_LEASE = timedelta(seconds=60)
_CARRIER = "carrier"
"""The source of a line that the carrier itself told us."""


def note(unit: Unit, world: World, line: Consent, address: str | None) -> None:
    """Queues a line of the ledger for the carrier, in the unit that writes it.

    Not what the carrier told us, nor an attestation, nor what allows less than all texts alone.
    """
    told = line.channel is ChannelKind.SMS and line.source != _CARRIER
    if world.carrier_consent is None or not told or line.action is ConsentAction.ATTESTED:
        return
    if line.scope is ConsentScope.MARKETING:
        return  # an authorisation undoes no opt-out
    number = address or unit.inbound.address_of(line.address_index)
    if number is None:
        return
    unit.inbound.supersede_words(line.address_index)
    unit.add(
        CarrierWord(
            id=world.new_id(),
            address=number,
            address_index=line.address_index,
            action=line.action,
            said_at=line.recorded_at,
            attempts=0,
            retry_at=world.machine_now(),
        )
    )


def drain(world: World) -> int:
    """Tells the carrier of what waits, in one call; returns how many were tried."""
    port = world.carrier_consent
    if port is None:
        return _forget(world)
    words = _take(world, port.most)
    if words:
        _record(world, [word.word_id for word in words], _told(port, words))
    return len(words)


def _forget(world: World) -> int:
    """It was switched off since: nothing is told any more."""
    with world.db.write() as unit:
        rows = unit.inbound.untold_words(world.machine_now(), 500)
        for row in rows:
            row.retry_at = None
    return len(rows)


def _take(world: World, limit: int) -> list[ConsentWord]:
    now = world.machine_now()
    with world.db.write() as unit:
        rows = unit.inbound.untold_words(now, limit)
        for row in rows:
            row.attempts += 1
            row.retry_at = now + _LEASE
        return [
            ConsentWord(row.id, row.address, row.action is ConsentAction.OPT_OUT, row.said_at)
            for row in rows
        ]


def _told(port: CarrierConsent, words: Sequence[ConsentWord]) -> Mapping[UUID, int]:
    try:
        return port.tell(words)
    except Unavailable as error:
        log.warning("carrier_consent.not_told", why=str(error))
        return {}


def _record(world: World, ids: Sequence[UUID], codes: Mapping[UUID, int]) -> None:
    """What the carrier refused is refused for good; what it did not answer for is told again."""
    with world.db.write() as unit:
        for row in unit.inbound.words(ids).values():
            if row.retry_at is None:
                continue  # a newer word came meanwhile
            code = codes.get(row.id)
            if code is None:
                wait = WAITS[min(row.attempts, len(WAITS)) - 1]
                row.retry_at = world.machine_now() + timedelta(seconds=wait)
                continue
            row.retry_at, row.error_code = None, code
            if code:
                log.warning("carrier_consent.refused", word_id=str(row.id), code=code)
