"""Event in: what a scheduling system sends is durable before its sender hears yes."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

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
