"""Ingest: arrivals become state and plans. One arrival, one unit of work, one recorded outcome.

What cannot be understood is kept in quarantine with its reason and texts nobody.
"""

import hashlib
from dataclasses import dataclass

import structlog

from outreach.domain.errors import BadInput, Unavailable
from outreach.domain.events import EventKind, ItemKind, ParsedItem, SchedulingEvent
from outreach.pipeline.ingest import patients, regimens, visits
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent, InboxStatus
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event."""

    status: InboxStatus
    reason: str = ""


def drain(world: World, limit: int = 500) -> int:
    """Settles up to ``limit`` arrivals, oldest first; returns how many."""
    for done in range(limit):
        if not _settle_next(world):
            return done
    return limit


def _settle_next(world: World) -> bool:
    taken_id = None
    try:
        with world.db.write() as unit:
            taken = unit.inbox.take()
            if taken is None:
                return False
            taken_id = taken.id
            _settle(unit, world, taken)
    except Unavailable:
        raise
    except Exception as error:  # whatever it is, it must not block the queue
        if taken_id is None:
            raise
        with world.db.write() as unit:
            row = unit.inbox.event(taken_id)
            if row is not None:
                _quarantine_failure(row, world, error)
    return True


def _quarantine_failure(row: InboxEvent, world: World, error: Exception) -> None:
    log.warning("ingest.failed", inbox_id=str(row.id), error=type(error).__name__)
    reason = f"This program failed on it ({type(error).__name__}); it is kept for replay."
    _close(row, world, InboxStatus.QUARANTINED, reason, code="internal")


def _settle(unit: Unit, world: World, row: InboxEvent) -> None:
    items = world.parse(row.raw.encode("latin-1"), row.content_type, row.source, row.received_at)
    if len(items) == 1:
        _settle_item(unit, world, row, items[0])
    elif not items:
        _close(row, world, InboxStatus.IGNORED, "It holds no message.", code="empty")
    else:
        _split(unit, world, row, items)


def _split(unit: Unit, world: World, row: InboxEvent, items: list[ParsedItem]) -> None:
    """Each item of a batch gets a row and a fate of its own."""
    for number, item in enumerate(items, start=1):
        child = InboxEvent(
            id=world.new_id(),
            source=row.source,
            event_id=f"{row.id.hex}:{number}",
            digest=hashlib.sha256(item.raw).hexdigest(),
            content_type=row.content_type,
            parent_id=row.id,
            raw=item.raw.decode("latin-1"),
            quiet=row.quiet,
            status=InboxStatus.RECEIVED,
            warnings=[],
            received_at=row.received_at,
        )
        unit.add(child)
        unit.flush()
        _settle_item(unit, world, child, item)
        unit.flush()
    _close(row, world, InboxStatus.SPLIT, f"It held {len(items)} items.")


def _settle_item(unit: Unit, world: World, row: InboxEvent, item: ParsedItem) -> None:
    row.trigger = item.trigger[:60]
    row.warnings = list(item.warnings)
    if item.problem is not None:
        _close(row, world, InboxStatus.QUARANTINED, item.problem.message, code=item.problem.code)
    elif item.event is None or item.kind is ItemKind.IGNORED:
        _close(row, world, InboxStatus.IGNORED, "Nothing in it concerns outreach.")
    else:
        try:
            with unit.part():
                outcome = apply_event(unit, world, item.event, quiet=row.quiet)
        except BadInput as error:
            _close(row, world, InboxStatus.QUARANTINED, error.message, code=error.code)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the other items must not suffer for it
            _quarantine_failure(row, world, error)
        else:
            _close(row, world, outcome.status, outcome.reason)


def _close(
    row: InboxEvent, world: World, status: InboxStatus, reason: str, *, code: str = ""
) -> None:
    row.status = status
    row.reason = reason[:400]
    row.code = code
    row.settled_at = world.clinic_now()


def apply_event(
    unit: Unit, world: World, event: SchedulingEvent, *, quiet: bool = False
) -> Outcome:
    """Applies one event to the state, and plans what follows from it in the same unit.

    Raises:
        BadInput: the event contradicts itself or what is known; it belongs in quarantine.
            The caller undoes what was written before it was noticed.
    """
    kind = event.kind
    if kind is EventKind.PATIENT_MERGED:
        patients.merge(unit, world, event)
        return Outcome(InboxStatus.APPLIED)
    patient = patients.upsert(unit, world, event)
    if event.appointment is not None and visits.concerns(kind):
        fresh = visits.apply(unit, world, event, patient, quiet=quiet)
        return _outcome(fresh)
    if event.regimen is not None and kind.startswith("regimen."):
        return _outcome(regimens.apply(unit, world, event, patient, quiet=quiet))
    if kind.startswith("patient."):
        patients.change_state(unit, world, kind, patient)
        return Outcome(InboxStatus.APPLIED)
    if patients.tell_staff(unit, world, event, patient):
        return Outcome(InboxStatus.APPLIED)
    return Outcome(InboxStatus.IGNORED, f"No journey listens to {kind}.")


def _outcome(fresh: bool) -> Outcome:
    if fresh:
        return Outcome(InboxStatus.APPLIED)
    return Outcome(InboxStatus.STALE, "A newer event about it was applied before.")
