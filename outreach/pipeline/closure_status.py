"""Closure status: who was told that a site is closed, who was not reached, who has a new visit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from outreach.domain import closures
from outreach.domain.clinic import Site
from outreach.domain.errors import NotFound
from outreach.domain.events import GONE
from outreach.domain.states import FollowUpStatus, SkipReason, TouchpointStatus
from outreach.pipeline.closure import call_key, question_key
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Closure, FollowUp, Touchpoint
from outreach.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Concerned:
    """One visit on a closed day, and how it stands with its patient."""

    patient_id: UUID
    visit_id: UUID
    start: datetime
    """When it was to begin (UTC)."""
    outcome: str
    """``told``, ``waiting``, ``not_reached``, ``begun``, ``moved``, ``stopped`` or
    ``booked_since``."""
    why: str
    told_at: datetime | None = None
    call: str | None = None
    """The code of the item by which staff call."""
    called: bool = False
    """Whether staff have closed that item."""
    rebooked: datetime | None = None
    """When the visit is now, or another of its kind that was booked since (UTC)."""


def status(unit: Unit, world: World, site: Site, day: date) -> tuple[Closure, list[Concerned]]:
    """What was recorded, and every visit it concerns, in order of time.

    Raises:
        NotFound: no closure is on record for that site and day.
    """
    closure = unit.closures.closure(site.code, day)
    if closure is None:
        raise NotFound(f"No closure of {site.name} is on record for {day.isoformat()}.")
    rows = unit.closures.told_between(site.code, *closures.bounds(day, site.zone))
    # what was told of a visit that was on this day before counts once: its newest version
    newest = {row.anchor_id: row for row in sorted(rows, key=lambda row: row.anchor_version)}
    visits = unit.visits.appointments(list(newest))
    found = [
        _told(unit, closure, row, visits[row.anchor_id], world.clinic_now())
        for row in newest.values()
        if row.anchor_id in visits
    ]
    found += _booked_since(unit, site, day, newest)
    return closure, sorted(found, key=lambda one: (one.start, one.visit_id))


def _told(
    unit: Unit, closure: Closure, row: Touchpoint, visit: Appointment, now: datetime
) -> Concerned:
    call = unit.followups.by_reason(call_key(row))
    heard = _heard_with(unit, row) if row.reason is SkipReason.COVERED and call is None else row
    if heard is not row:
        call = unit.followups.by_reason(call_key(heard))
    outcome = _outcome(heard, call)
    return Concerned(
        patient_id=visit.patient_id,
        visit_id=visit.id,
        start=row.anchor_at,
        outcome=outcome,
        why=heard.note if heard.status is not TouchpointStatus.SENT or call else "",
        told_at=heard.decided_at if outcome == "told" else None,
        call=None if call is None else call.code,
        called=call is not None and call.status is FollowUpStatus.CLOSED,
        rebooked=_rebooked(unit, closure, row, visit, now),
    )


def _heard_with(unit: Unit, row: Touchpoint) -> Touchpoint:
    """The touchpoint of another visit that day, whose text speaks for this one too."""
    mine = [
        other
        for other in unit.ledger.of_patient(row.patient_id)
        if other.anchor_kind is row.anchor_kind
        and other.site_code == row.site_code
        and other.created_at == row.created_at
        and other.reason is not SkipReason.COVERED
    ]
    return mine[0] if mine else row


def _outcome(row: Touchpoint, call: FollowUp | None) -> str:
    if call is not None:
        return "not_reached"
    if row.status in {TouchpointStatus.PLANNED, TouchpointStatus.QUEUED}:
        return "waiting"
    if row.status is TouchpointStatus.SENT:
        return "told"
    if row.reason is SkipReason.PAST_EVENT:
        return "begun"
    return "moved" if row.reason is SkipReason.MOVED else "stopped"


def _rebooked(
    unit: Unit, closure: Closure, row: Touchpoint, visit: Appointment, now: datetime
) -> datetime | None:
    """A new time of the same visit, else of one of its kind that was booked since."""
    if visit.version != row.anchor_version and visit.status not in GONE:
        return visit.start_at if visit.start_at != row.anchor_at else None
    later = [
        other.start_at
        for other in unit.visits.appointments_of(visit.patient_id)
        if other.id != visit.id
        and other.kind == visit.kind
        and other.status not in GONE
        and other.created_at >= closure.recorded_at
        and other.start_at is not None
        and other.start_at > now
    ]
    return min(later, default=None)


def _booked_since(
    unit: Unit, site: Site, day: date, told: dict[UUID, Touchpoint]
) -> Iterator[Concerned]:
    """Visits that came onto the day after it was closed: staff were asked about each."""
    for visit in unit.closures.visits_between(site.code, *closures.bounds(day, site.zone)):
        known = told.get(visit.id)
        if visit.status in GONE or visit.start_at is None:
            continue
        if known is not None and known.anchor_version == visit.version:
            continue
        asked = unit.followups.by_reason(question_key(visit))
        if asked is not None:
            yield Concerned(
                patient_id=visit.patient_id,
                visit_id=visit.id,
                start=visit.start_at,
                outcome="booked_since",
                why="Booked after the day was closed; staff are asked.",
                call=asked.code,
                called=asked.status is FollowUpStatus.CLOSED,
            )
