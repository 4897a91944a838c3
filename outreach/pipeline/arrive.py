"""Event in: what a scheduling system sends is durable before its sender hears yes."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from outreach.domain.errors import BadInput, NotFound
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent, InboxStatus


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
    """Stores one payload and wakes ``ingest``.

    Args:
        source: the interface it came through, such as ``http:ehr``; part of the unique key.
        event_id: the sender's own id, where the envelope names one.
        quiet: state only; nobody is texted about it (a go-live load).

    Raises:
        Unavailable: the database cannot be reached; the sender must try again.
    """
    digest = hashlib.sha256(raw).hexdigest()
    source, event_id = source[:120], event_id[:200]
    row = InboxEvent(
        id=world.new_id(),
        source=source,
        event_id=event_id,
        digest=digest,
        content_type=content_type[:120],
        raw=raw.decode("latin-1"),
        quiet=quiet,
        status=InboxStatus.RECEIVED,
        received_at=world.clinic_now(),
    )
    with world.db.write() as unit:
        new = unit.add_new(row)
        known = None if new else unit.inbox.known(source, event_id, digest)
    world.wake("ingest")
    return Arrival(row.id if known is None else known.id, new)


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
