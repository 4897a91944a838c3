"""Visits: booked, moved, cancelled, begun and completed; and what that does to their plans."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from outreach.domain import closures
from outreach.domain.events import (
    GONE,
    AppointmentData,
    AppointmentStatus,
    EventKind,
    SchedulingEvent,
)
from outreach.domain.journeys import Anchor
from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import calls, closure, completion, followup, plan
from outreach.pipeline.ingest import names, neighbours
from outreach.pipeline.lots import keeping
from outreach.pipeline.replies import hold
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, IdentifierKind, Patient, Site
from outreach.storage.unit import Unit

_STATUS = {
    EventKind.APPOINTMENT_BOOKED: AppointmentStatus.BOOKED,
    EventKind.APPOINTMENT_RESCHEDULED: AppointmentStatus.BOOKED,
    EventKind.APPOINTMENT_CANCELLED: AppointmentStatus.CANCELLED,
    EventKind.APPOINTMENT_NOSHOW: AppointmentStatus.NOSHOW,
    EventKind.APPOINTMENT_CHECKED_IN: AppointmentStatus.CHECKED_IN,
    EventKind.INFUSION_STARTED: AppointmentStatus.ARRIVED,
    EventKind.INFUSION_COMPLETED: AppointmentStatus.FULFILLED,
    EventKind.INFUSION_STOPPED: AppointmentStatus.FULFILLED,
}


def concerns(kind: EventKind) -> bool:
    """Whether events of this kind are about a visit."""
    return kind in _STATUS


def read_ahead(unit: Unit, world: World, events: Iterable[SchedulingEvent]) -> None:
    """Holds the days on which some events book, and reads at once which of them are closed."""
    days = set()
    for event in events:
        data = event.appointment
        site = None if data is None else world.clinic.site_named(data.site)
        if data is not None and data.start is not None and site is not None:
            days.add((site.code, closures.day_of(data.start, site.zone)))
    unit.closures.hold_open(days)
    unit.closures.among(days)


def apply(
    unit: Unit, world: World, event: SchedulingEvent, patient: Patient, *, quiet: bool
) -> bool:
    """Brings one visit up to date and re-plans it; False when the event is older than what we know.

    A cancellation of an unknown visit is kept, so that an older booking cannot revive it.
    """
    data = event.appointment
    if data is None:
        return False
    visit = unit.visits.appointment_named_by(data.identifiers)
    if visit is None:
        visit = _create(unit, world, event, patient)
    elif event.occurred_at < visit.last_event_at:
        keeping.administered(unit, world, event, visit, data)  # late, and true all the same
        return False
    names.keep(unit, world, IdentifierKind.APPOINTMENT, visit.id, data.identifiers)
    visit.last_event_at = event.occurred_at
    before = neighbours.Stood(visit.patient_id, visit.start_at, visit.site_code)
    handed_over = visit.patient_id != patient.id
    if handed_over:
        _hand_over(unit, world, visit, patient)
    keeping.administered(unit, world, event, visit, data)
    planned_end = visit.end_at
    status = _status(event.kind, data)
    was_gone, visit.status = visit.status in GONE, status
    if status in GONE:
        _take_details(world, visit, data)
        _end(unit, world, visit)
        if status is AppointmentStatus.NOSHOW and not (quiet or visit.quiet):
            calls.after_no_show(unit, world, visit, patient)
        neighbours.left(unit, world, visit, before)
        return True
    _move_or_revive(
        unit, world, visit, data, revived=was_gone, handed_over=handed_over, quiet=quiet
    )
    stayed = neighbours.day_of(world, before) == neighbours.day_now(world, visit)
    if not was_gone and (handed_over or not stayed):
        neighbours.left(unit, world, visit, before)
    if event.kind in _ENDED:
        _take_end(unit, world, visit, event, planned_end, handed_over=handed_over, quiet=quiet)
    else:
        _follow_up(unit, world, visit, handed_over=handed_over)
    plan.expect_report(world, visit, present=visit.status in completion.PRESENT)
    return True


_ENDED = frozenset({EventKind.INFUSION_COMPLETED, EventKind.INFUSION_STOPPED})
_OVERRUNS = timedelta(hours=6)
"""No infusion takes so much longer than planned: the report came late, and names no end."""


def _take_end(
    unit: Unit,
    world: World,
    visit: Appointment,
    event: SchedulingEvent,
    planned_end: datetime | None,
    *,
    handed_over: bool,
    quiet: bool,
) -> None:
    if handed_over:
        visit.actual_end = None  # another patient's infusion: counted from the beginning
    end, estimated = _end_of(world, visit, event, planned_end)
    stopped = event.kind is EventKind.INFUSION_STOPPED
    completion.ended(
        unit, world, visit, end, estimated=estimated, stopped_early=stopped, quiet=quiet
    )


def _end_of(
    world: World, visit: Appointment, event: SchedulingEvent, planned_end: datetime | None
) -> tuple[datetime, bool]:
    """When an infusion ended, and whether that is an estimate.

    The actual end; without one an ``end`` that is news and not still to come; else when the event
    occurred. Where that is long after the planned end, nobody knows better than the plan.
    """
    data = event.appointment
    if data is not None and data.actual_end is not None:
        return data.actual_end, False
    said = None if data is None else data.end
    if said is not None and said != planned_end and said <= event.occurred_at:
        return said, False
    planned = visit.end_at
    if planned is None and visit.start_at is not None:
        planned = visit.start_at + plan.usual_length(world, visit.kind)
    if planned is not None and event.occurred_at - planned > _OVERRUNS:
        return planned, True
    return event.occurred_at, False


def _follow_up(unit: Unit, world: World, visit: Appointment, *, handed_over: bool) -> None:
    """What an event means beyond the plan: an ended infusion's new patient, what is missing."""
    if handed_over and visit.actual_end is not None:
        completion.recount(unit, world, visit)
    elif visit.start_at is None or visit.start_at > world.clinic_now():
        _ask_about_gaps(unit, world, visit)


def _hand_over(unit: Unit, world: World, visit: Appointment, patient: Patient) -> None:
    """The visit was booked under the wrong record: that person hears no more of it."""
    unit.forget()
    unit.flush()
    unit.ledger.end_anchor(
        visit.id, TouchpointStatus.SUPERSEDED, SkipReason.MOVED, world.clinic_now()
    )
    visit.patient_id = patient.id
    unit.lots.hand_over(visit.id, patient.id)


def _status(kind: EventKind, data: AppointmentData) -> AppointmentStatus:
    """The trigger wins over the status field, except that a booking may say more of itself."""
    if data.status is not None and kind is EventKind.APPOINTMENT_BOOKED:
        return data.status
    if data.status is AppointmentStatus.ENTERED_IN_ERROR:
        return data.status
    return _STATUS[kind]


def _create(unit: Unit, world: World, event: SchedulingEvent, patient: Patient) -> Appointment:
    visit = Appointment(
        id=world.new_id(),
        patient_id=patient.id,
        status=AppointmentStatus.PROPOSED,
        version=0,
        end_version=0,
        first_visit=False,
        confirmed=False,
        quiet=False,
        last_event_at=event.occurred_at,
        created_at=world.clinic_now(),
    )
    unit.add(visit)
    unit.flush()
    return visit


def _take_details(world: World, visit: Appointment, data: AppointmentData) -> None:
    """Every field the event speaks of; silence changes nothing."""
    if data.service is not None:
        visit.service = data.service[:200]
        visit.kind = world.clinic.visit_kind(data.service)
    if data.end is not None:
        visit.end_at = data.end
    if data.first_visit is not None:
        visit.first_visit = data.first_visit
    if data.actual_start is not None:
        visit.actual_start = data.actual_start


def _move_or_revive(
    unit: Unit,
    world: World,
    visit: Appointment,
    data: AppointmentData,
    *,
    revived: bool,
    handed_over: bool,
    quiet: bool,
) -> None:
    """A new time or place, or a revival, makes a new version: old plans end, new ones are made."""
    kind = visit.kind
    _take_details(world, visit, data)
    start = visit.start_at if data.start is None else data.start
    if data.date_only:
        start = None  # a day without an hour anchors no timed reminder: staff ask for the hour
    site_code = visit.site_code
    if data.site or site_code is None:
        site = world.clinic.site_named(data.site)
        site_code = None if site is None else site.code  # an unknown place is not the old one
    changed = (start, site_code) != (visit.start_at, visit.site_code) or visit.version == 0
    if not changed and not revived and not handed_over:
        if visit.kind != kind:
            _plan_as_another_kind(unit, world, visit)
        return
    if visit.actual_end is not None and start is not None and start > visit.actual_end:
        visit.actual_end, visit.end_estimated = None, False  # the record is used for a new visit
    first_time = visit.version == 0
    if data.end is None and visit.end_at and visit.start_at and start:
        visit.end_at += start - visit.start_at  # a move that names no end keeps the length
    _keep_site(unit, world, site_code)
    visit.start_at, visit.site_code = start, site_code
    visit.version += 1
    visit.confirmed = False
    hold.release(unit, world, visit)
    visit.quiet = quiet and first_time
    unit.flush()
    unit.ledger.end_anchor(
        visit.id,
        TouchpointStatus.SUPERSEDED,
        SkipReason.MOVED,
        world.clinic_now(),
        kind=Anchor.VISIT_START,
        older_than=visit.version,
    )
    if not visit.quiet:
        plan.plan_visit(unit, world, visit, revived=revived)
    closure.ask_about_booking(unit, world, visit)


def _plan_as_another_kind(unit: Unit, world: World, visit: Appointment) -> None:
    """The service was corrected: what was planned of the other kind ends, its own is planned."""
    unit.flush()
    unit.ledger.end_anchor(
        visit.id,
        TouchpointStatus.SUPERSEDED,
        SkipReason.MOVED,
        world.clinic_now(),
        kind=Anchor.VISIT_START,
    )
    if not visit.quiet:
        plan.plan_visit(unit, world, visit)


def _keep_site(unit: Unit, world: World, code: str | None) -> None:
    """A site that clinic.yaml has and this database has not met yet, as after an edit of it."""
    site = world.clinic.find_site(code)
    if site is not None:
        unit.people.add_site(
            Site(code=site.code, name=site.name, zone=site.zone.key, phone=site.phone)
        )


def _end(unit: Unit, world: World, visit: Appointment) -> None:
    visit.report_by = None
    unit.flush()
    unit.ledger.end_anchor(
        visit.id, TouchpointStatus.CANCELLED, SkipReason.CANCELLED, world.clinic_now()
    )


def _ask_about_gaps(unit: Unit, world: World, visit: Appointment) -> None:
    """A visit without an hour, service or place we know goes to staff, never to a guess."""
    missing = next(
        (
            name
            for name, value in (
                ("time", visit.start_at or visit.actual_end),
                ("service", visit.kind),
                ("place", world.clinic.zone_at(visit.site_code)),
            )
            if not value
        ),
        None,
    )
    if visit.quiet or missing is None:
        return
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"visit:{visit.id.hex}:unclear:{missing}",
            kind="unclear_visit",
            action=Action.ROUTINE,
            summary=f"A visit was booked and its {missing} is missing or not in clinic.yaml. "
            "Nothing is sent about it: call the patient.",
            patient_id=visit.patient_id,
        ),
    )
