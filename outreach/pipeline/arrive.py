"""Event in: what a scheduling system sends is durable before its sender hears yes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from outreach.domain.errors import BadInput, NotFound
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent, InboxStatus
from outreach.storage.unit import Unit

_Key: TypeAlias = tuple[str, str, str]
"""Source, event id and digest: what makes an arrival one and the same."""
_NEXT = timedelta(microseconds=1)
"""Between the payloads of one batch: ingest takes them in the order in which they arrived."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What one sender sent at once."""

    raw: bytes
    source: str
    """The interface it came through, such as ``http:ehr``; part of the unique key."""
    content_type: str
    event_id: str = ""
    """The sender's own id, where the envelope names one."""
    quiet: bool = False
    """State only; nobody is texted about it (a go-live load)."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The stored row, and whether it is new; a repeat is acknowledged and has no effect."""

    id: UUID
    new: bool


def arrive(
    world: World,
    raw: bytes,
    *,
    source: str,
    content_type: str,
    event_id: str = "",
    quiet: bool = False,
) -> Arrival:
    """Stores one payload and wakes ``ingest``; see ``Payload`` for the arguments.

    Raises:
        Unavailable: the database cannot be reached; the sender must try again.
    """
    payload = Payload(raw, source, content_type, event_id, quiet)
    [arrival] = arrive_many(world, [payload])
    world.wake("ingest")
    return arrival


def arrive_many(world: World, payloads: Sequence[Payload]) -> list[Arrival]:
    """Stores payloads in one unit of work, in their order: all of them or none.

    Wakes nobody, so that a sender may be answered first; wake ``ingest`` afterwards.

    Raises:
        Unavailable: the database cannot be reached; the senders must try again.
    """
    now = world.clinic_now()
    rows = [
        InboxEvent(
            id=world.new_id(),
            source=payload.source[:120],
            event_id=payload.event_id[:200],
            digest=hashlib.sha256(payload.raw).hexdigest(),
            content_type=payload.content_type[:120],
            raw=payload.raw.decode("latin-1"),
            quiet=payload.quiet,
            status=InboxStatus.RECEIVED,
            received_at=now + number * _NEXT,
        )
        for number, payload in enumerate(payloads)
    ]
    with world.db.write() as unit:
        written = unit.add_all_new(rows)
        known = _known(unit, [row for row in rows if (row.id,) not in written])
    return [
        Arrival(row.id, new=True) if (row.id,) in written else Arrival(known[_key(row)], new=False)
        for row in rows
    ]


def _key(row: InboxEvent) -> _Key:
    return row.source, row.event_id, row.digest


def _known(unit: Unit, repeats: Sequence[InboxEvent]) -> dict[_Key, UUID]:
    """What arrived before under the keys of ``repeats``."""
    senders = {(row.source, row.event_id) for row in repeats}
    digests = [row.digest for row in repeats]
    return {
        (source, event_id, digest): arrival_id
        for source, event_id in senders
        for digest, arrival_id in unit.inbox.known(source, event_id, digests).items()
    }


def replay(world: World, arrival_id: UUID) -> None:
    """Puts a quarantined payload back among those that wait, after what it failed on was mended.

    Raises:
        NotFound: nothing arrived under this id.
        BadInput: it is not in quarantine, and what was settled once is not settled again.
    """
    with world.db.write() as unit:
        row = unit.inbox.event(arrival_id)
        if row is None:
            raise NotFound("Nothing arrived under this id. 'outreach inbox' lists quarantine.")
        if row.status is not InboxStatus.QUARANTINED:
            raise BadInput("state", f"This arrival is {row.status.value}, not in quarantine.")
        row.status, row.code, row.reason = InboxStatus.RECEIVED, "", ""
        row.settled_at = None
    world.wake("ingest")
