"""Ingest: arrivals become state and plans, many in one unit of work, each with its own outcome.

What cannot be understood is kept in quarantine with its reason and texts nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from outreach.domain.errors import BadInput, Unavailable
from outreach.domain.events import EventKind, ItemKind, ParsedItem, SchedulingEvent
from outreach.pipeline.faults import ROW_AT_FAULT
from outreach.pipeline.ingest import batch, names, patients, quarantine, regimens, visits
from outreach.pipeline.lots import keeping
from outreach.pipeline.planning import home_care, occasions
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent, InboxStatus, Patient
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_TRIES = 3
"""A race for a unique key is lost once; who loses it every time has not met a race."""
_SENDERS_CLOCK = timedelta(minutes=5)
"""How far a sender's clock may run ahead of ours."""
_TOGETHER = 100
"""Arrivals in one unit of work: enough to share its statements, few enough to hold the database
for less than half a second."""
_BYTES = 4_000_000
"""What is read at once holds about so much, or is one arrival."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event."""

    status: InboxStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One that waits, read and parsed before the unit begins."""

    id: UUID
    items: list[ParsedItem]


def drain(world: World, limit: int = 200) -> int:
    """Settles up to ``limit`` arrivals, oldest first; returns how many.

    Raises:
        Unavailable: the database failed. What it had not settled waits for the next drain.
    """
    done = 0
    while done < limit:
        settled = _settle_next(world, min(limit - done, _TOGETHER))
        if not settled:
            break
        done += settled
    return done


def _settle_next(world: World, limit: int) -> int:
    """The oldest arrivals, read before the unit begins: large ones must not hold the database.

    One that holds several events, or cannot even be read, has its turn alone.
    """
    with world.db.read() as unit:
        found = unit.inbox.oldest(limit, _BYTES)
    ready: list[_Arrival] = []
    for row in found:
        row_id = row.id
        try:
            items = world.parse(
                row.raw.encode("latin-1"), row.content_type, row.source, row.received_at
            )
        except Unavailable:
            raise
        except ROW_AT_FAULT as error:
            if ready:
                break
            _set_aside(world, _Arrival(row_id, []), error)
            return 1
        if len(items) > 1 and row.parent_id is None:
            if not ready:
                _split(world, row, items)
                return 1
            break
        ready.append(_Arrival(row_id, items))
    return _settle_all(world, ready)


def _split(world: World, row: InboxEvent, items: list[ParsedItem]) -> None:
    for number in range(1, _TRIES + 1):
        try:
            batch.split(world, row, items)
        except Unavailable:
            raise
        except ROW_AT_FAULT as error:
            if isinstance(error, IntegrityError) and number < _TRIES:
                continue
            _set_aside(world, _Arrival(row.id, []), error)
        return


def _settle_all(world: World, arrivals: Sequence[_Arrival]) -> int:
    """All of them in order, as many in one unit as go together; returns for how many it is done."""
    done = 0
    while done < len(arrivals):
        settled = _settle_together(world, arrivals[done:])
        done += max(settled, 1)  # none: another worker was faster
        if not settled:
            break
    return done


def _settle_together(world: World, arrivals: Sequence[_Arrival], tries: int = 1) -> int:
    """The oldest arrivals in one unit, each settled as if it were alone; returns how many.

    Nothing of a unit that fails is kept. Those before the one it failed on are done once more, and
    that one alone; where nobody can say which it was, each is done alone.
    """
    at = None
    try:
        with world.db.write() as unit:
            rows = _taken(unit, world, arrivals)
            for at, (row, item) in enumerate(rows):  # noqa: B007 - tells whose fault it was
                _settle(unit, world, row, item)
            at = None
    except Unavailable:
        raise
    except ROW_AT_FAULT as error:
        if len(arrivals) > 1:
            return _settle_apart(world, arrivals, at)
        if isinstance(error, IntegrityError) and tries < _TRIES:
            return _settle_together(world, arrivals, tries + 1)
        _set_aside(world, arrivals[0], error)
        return 1
    return len(rows)


def _settle_apart(world: World, arrivals: Sequence[_Arrival], at: int | None) -> int:
    """What is left to do where ``arrivals[at]``, or any of them, made a unit fail."""
    if at is None:
        for number in range(len(arrivals)):
            _settle_together(world, arrivals[number : number + 1])
        return len(arrivals)
    _settle_all(world, arrivals[:at])
    _settle_together(world, arrivals[at : at + 1], tries=2)
    return at + 1


def _taken(
    unit: Unit, world: World, arrivals: Sequence[_Arrival]
) -> list[tuple[InboxEvent, ParsedItem | None]]:
    """The rows of those that are still the oldest, held, each with its item.

    What all their events need to know is read at once. Another worker may have settled some.
    """
    rows = unit.inbox.take(len(arrivals))
    same = [(row, one) for row, one in zip(rows, arrivals, strict=False) if row.id == one.id]
    if [row for row, _ in same] != rows[: len(same)]:
        return []
    taken = [(row, _item(unit, row, one.items)) for row, one in same]
    events = [item.event for _, item in taken if item is not None and item.event is not None]
    names.read_ahead(unit, events)
    visits.read_ahead(unit, world, events)
    return taken


def _item(unit: Unit, row: InboxEvent, items: Sequence[ParsedItem]) -> ParsedItem | None:
    """What an arrival holds; one of a batch may share its bytes with others of its message."""
    if len(items) > 1:
        return items[unit.inbox.twins_before(row) % len(items)]
    return items[0] if items else None


def _set_aside(world: World, arrival: _Arrival, error: Exception) -> None:
    """What is refused, or what this program fails on, is kept for replay; the queue goes on."""
    with world.db.write() as unit:
        row = unit.inbox.event(arrival.id)
        if row is None or row.status is not InboxStatus.RECEIVED:
            return
        item = _item(unit, row, arrival.items)
        if item is not None:
            _describe(row, item)
        if isinstance(error, BadInput):
            quarantine.put(unit, world, row, error.code, error.message)
            return
        name = type(error).__name__
        log.warning("ingest.failed", inbox_id=str(arrival.id), error=name)
        reason = f"This program failed on it ({name}); it is kept for replay."
        quarantine.put(unit, world, row, "internal", reason)


def _describe(row: InboxEvent, item: ParsedItem) -> None:
    row.trigger = row.trigger or item.trigger[:60]
    row.warnings = list(item.warnings)


def _settle(unit: Unit, world: World, row: InboxEvent, item: ParsedItem | None) -> None:
    if item is None:
        _close(row, world, InboxStatus.IGNORED, "It holds no message.", code="empty")
        return
    _describe(row, item)
    if item.problem is not None:
        quarantine.put(unit, world, row, item.problem.code, item.problem.message)
    elif item.event is None or item.kind is ItemKind.IGNORED:
        _close(row, world, InboxStatus.IGNORED, batch.NOTHING_FOR_US)
    else:
        event = _not_from_the_future(item.event, row)
        _note_unknown_risks(world, event, row)
        try:
            _examine(unit, event)
        except BadInput as error:
            quarantine.put(unit, world, row, error.code, error.message)
        else:
            outcome = _carry_out(unit, world, event, quiet=row.quiet)
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
            Nothing was written.
    """
    names.read_ahead(unit, [event])
    _examine(unit, event)
    return _carry_out(unit, world, event, quiet=quiet)


def _examine(unit: Unit, event: SchedulingEvent) -> None:
    """Refuses what cannot be applied, before anything is written.

    Raises:
        BadInput: why.
    """
    names.check(event)
    patients.check(unit, event)


def _carry_out(unit: Unit, world: World, event: SchedulingEvent, *, quiet: bool) -> Outcome:
    kind = event.kind
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
    told = keeping.dispensed(unit, world, event, patient) or told
    shipped = home_care.follow_shipment(unit, world, event, patient, quiet=quiet)
    if occasions.apply(unit, world, event, patient, quiet=quiet) or shipped or told:
        return Outcome(InboxStatus.APPLIED)
    return Outcome(InboxStatus.IGNORED, f"No journey listens to {kind}.")


def _outcome(fresh: bool) -> Outcome:
    if fresh:
        return Outcome(InboxStatus.APPLIED)
    return Outcome(InboxStatus.STALE, "A newer event about it was applied before.")
