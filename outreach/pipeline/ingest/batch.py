"""An arrival that holds several items: each gets a row and a fate of its own.

Splitting writes rows and decides nothing: the drain settles each item in a unit of its own, so
that a file of many thousand rows never holds the database for longer than one chunk takes.
"""

import hashlib

from outreach.domain.events import ItemKind, ParsedItem
from outreach.pipeline.ingest import quarantine
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent, InboxStatus

_CHUNK = 500
NOTHING_FOR_US = "Nothing in it concerns outreach."


def split(world: World, parent: InboxEvent, items: list[ParsedItem]) -> None:
    """Writes the items of ``parent`` as rows that wait, and closes it last.

    Interrupted, it is done again from the start; what was written before stays as it is.
    """
    for begin in range(0, len(items), _CHUNK):
        chunk = items[begin : begin + _CHUNK]
        rows = [_row(world, parent, begin + at, item) for at, item in enumerate(chunk, start=1)]
        with world.db.write() as unit:
            for settled in (True, False):  # one statement writes rows with the same columns
                unit.add_all_new([row for row in rows if bool(row.settled_at) is settled])
            for code in sorted({row.code for row in rows if row.code}):
                quarantine.tell_operator(unit, world, parent.source, code)
    with world.db.write() as unit:
        row = unit.inbox.event(parent.id)
        if row is not None and row.status is InboxStatus.RECEIVED:
            row.status, row.reason = InboxStatus.SPLIT, f"It held {len(items)} items."
            row.settled_at = world.clinic_now()


def _row(world: World, parent: InboxEvent, number: int, item: ParsedItem) -> InboxEvent:
    status, code, reason = _fate(item)
    return InboxEvent(
        id=world.new_id(),
        source=parent.source,
        event_id=f"{parent.id.hex}:{number}",
        digest=hashlib.sha256(item.raw).hexdigest(),
        content_type=parent.content_type,
        parent_id=parent.id,
        raw=item.raw.decode("latin-1"),
        quiet=parent.quiet,
        status=status,
        trigger=item.trigger[:60],
        code=code[:60],
        reason=reason[:400],
        warnings=list(item.warnings),
        received_at=parent.received_at,
        settled_at=None if status is InboxStatus.RECEIVED else world.clinic_now(),
    )


def _fate(item: ParsedItem) -> tuple[InboxStatus, str, str]:
    """Its status, code and reason: what can be told without looking at the state is told now."""
    if item.problem is not None:
        return InboxStatus.QUARANTINED, item.problem.code, item.problem.message
    if item.event is None or item.kind is ItemKind.IGNORED:
        return InboxStatus.IGNORED, "", NOTHING_FOR_US
    return InboxStatus.RECEIVED, "", ""
