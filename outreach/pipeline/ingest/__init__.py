"""Ingest: arrivals become state and plans. One arrival, one unit of work, one recorded outcome.

What cannot be understood is kept in quarantine with its reason and texts nobody.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from outreach.domain.errors import BadInput, Unavailable
from outreach.domain.events import EventKind, ItemKind, ParsedItem, SchedulingEvent
from outreach.pipeline.faults import ROW_AT_FAULT
from outreach.pipeline.ingest import batch, names, patients, quarantine, regimens, visits
from outreach.pipeline.planning import home_care, occasions
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent, InboxStatus, Patient
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_TRIES = 3
"""A race for a unique key is lost once; who loses it every time has not met a race."""
_SENDERS_CLOCK = timedelta(minutes=5)
"""How far a sender's clock may run ahead of ours."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event."""

    status: InboxStatus
    reason: str = ""


def drain(world: World, limit: int = 200) -> int:
    """Settles up to ``limit`` arrivals, oldest first; returns how many.

    Raises:
        Unavailable: the database failed. The arrival it met waits for the next drain.
    """
    for done in range(limit):
        if not _settle_next(world):
            return done
    return limit


def _settle_next(world: World) -> bool:
    """One arrival, read before the unit begins: a large one must not hold the database."""
    with world.db.read() as unit:
        found = unit.inbox.oldest()
    if found is None:
        return False
    number, row_id = 0, found.id  # kept apart: a unit that fails takes its rows' values with it
    while True:
        number += 1
        try:
            items = _items(world, found)
            if len(items) > 1 and found.parent_id is None:
                batch.split(world, found, items)
            else:
                _settle_alone(world, row_id, items)
        except Unavailable:
            raise
        except IntegrityError as error:
            if number == _TRIES:
                _set_aside(world, row_id, error)
                return True
        except ROW_AT_FAULT as error:
            _set_aside(world, row_id, error)
            return True
        else:
            return True


def _items(world: World, row: InboxEvent) -> list[ParsedItem]:
    return world.parse(row.raw.encode("latin-1"), row.content_type, row.source, row.received_at)


def _settle_alone(world: World, row_id: UUID, items: list[ParsedItem]) -> None:
    """The oldest arrival in one unit, unless another worker settled it meanwhile."""
    with world.db.write() as unit:
        row = unit.inbox.take()
        if row is None or row.id != row_id:
            return
        if not items:
            _close(row, world, InboxStatus.IGNORED, "It holds no message.", code="empty")
        elif len(items) == 1:
            _settle(unit, world, row, items[0])
        else:  # an item of a batch: messages that hold several events share their bytes
            _settle(unit, world, row, items[unit.inbox.twins_before(row) % len(items)])


def _set_aside(world: World, row_id: UUID, error: Exception) -> None:
    """What this program fails on is kept for replay, and the queue goes on."""
    name = type(error).__name__
    log.warning("ingest.failed", inbox_id=str(row_id), error=name)
    with world.db.write() as unit:
        row = unit.inbox.event(row_id)
        if row is not None and row.status is InboxStatus.RECEIVED:
            reason = f"This program failed on it ({name}); it is kept for replay."
            quarantine.put(unit, world, row, "internal", reason)


def _settle(unit: Unit, world: World, row: InboxEvent, item: ParsedItem) -> None:
    row.trigger = row.trigger or item.trigger[:60]
    row.warnings = list(item.warnings)
    if item.problem is not None:
        quarantine.put(unit, world, row, item.problem.code, item.problem.message)
    elif item.event is None or item.kind is ItemKind.IGNORED:
        _close(row, world, InboxStatus.IGNORED, batch.NOTHING_FOR_US)
    else:
        event = _not_from_the_future(item.event, row)
        _note_unknown_risks(world, event, row)
        try:
            with unit.part():  # what it wrote before it was refused is undone
                outcome = apply_event(unit, world, event, quiet=row.quiet)
        except BadInput as error:
            quarantine.put(unit, world, row, error.code, error.message)
        else:
            _close(row, world, outcome.status, outcome.reason)


def _not_from_the_future(event: SchedulingEvent, row: InboxEvent) -> SchedulingEvent:
    """A date ahead of its own arrival would make all that truly comes later look stale."""
    if event.occurred_at <= row.received_at + _SENDERS_CLOCK:
        return event
    note = "occurred_at: later than its arrival; the time of arrival was taken"
    row.warnings = [*row.warnings, note]
    return replace(event, occurred_at=row.received_at)


def _note_unknown_risks(world: World, event: SchedulingEvent, row: InboxEvent) -> None:
    """A flag that clinic.yaml does not have is left out, and not in silence; nor is it repeated."""
    unknown = [word for word in event.patient.risks or () if not world.clinic.risk_flags([word])]
    if unknown:
        note = f"patient.risks: {len(unknown)} not under risks in clinic.yaml; left out"
        row.warnings = [*row.warnings, note]


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
    names.check(event)
    unit.people.lock(names.indexes(event))
    if kind is EventKind.PATIENT_MERGED:
        patients.merge(unit, world, event)
        return Outcome(InboxStatus.APPLIED)
    patient = patients.upsert(unit, world, event)
    outcome = _apply_to(unit, world, event, patient, quiet=quiet)
    occasions.welcome(unit, world, kind, patient, quiet=quiet)
    return outcome


def _apply_to(
    unit: Unit, world: World, event: SchedulingEvent, patient: Patient, *, quiet: bool
) -> Outcome:
    kind = event.kind
    if event.appointment is not None and visits.concerns(kind):
        fresh = visits.apply(unit, world, event, patient, quiet=quiet)
        return _outcome(fresh)
    if event.regimen is not None and kind.startswith("regimen."):
        return _outcome(regimens.apply(unit, world, event, patient, quiet=quiet))
    if kind.startswith("patient."):
        patients.change_state(unit, world, kind, patient)
        return Outcome(InboxStatus.APPLIED)
    told = patients.tell_staff(unit, world, event, patient)
    shipped = home_care.follow_shipment(unit, world, event, patient, quiet=quiet)
    if occasions.apply(unit, world, event, patient, quiet=quiet) or shipped or told:
        return Outcome(InboxStatus.APPLIED)
    return Outcome(InboxStatus.IGNORED, f"No journey listens to {kind}.")


def _outcome(fresh: bool) -> Outcome:
    if fresh:
        return Outcome(InboxStatus.APPLIED)
    return Outcome(InboxStatus.STALE, "A newer event about it was applied before.")
