"""Closure: a site is closed on a day. Its reminders stop at once, its patients are told, once each.

It does not wait for the scheduling system, whose own cancellations may come hours later and then
find nothing left to say. Who cannot be told by text becomes a call.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.domain import closures
from outreach.domain.clinic import Site
from outreach.domain.errors import BadInput
from outreach.domain.events import GONE, AppointmentStatus
from outreach.domain.journeys import Anchor, AnchorPoint, Journey, Planned, steps_for
from outreach.domain.states import ChannelKind, Purpose, SkipReason, TouchpointStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import due, followup
from outreach.pipeline.facts import closed_days
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Closure, ConversationStatus, Touchpoint
from outreach.storage.unit import Unit

_STOPPED = "The site is closed that day."
_HERE = frozenset(
    {AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN, AppointmentStatus.FULFILLED}
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording a closure did."""

    new: bool
    """Whether it was not on record before; if it was, nothing was done."""
    stopped: int = 0
    """Reminders that will not leave."""
    patients: int = 0
    """Those who will hear by text, as far as can be known now."""
    calls: int = 0
    """Visits that go to staff at once, as no text is written for their kind."""


def record(world: World, site: Site, day: date, by: str, reason: str | None = None) -> Recorded:
    """Closes a site for a day, in one unit. The same site and day again changes nothing.

    Raises:
        BadInput: the day is over at the site.
    """
    if day < closures.day_of(world.clinic_now(), site.zone):
        raise BadInput("past", f"{day.isoformat()} is over at {site.name}.")
    with world.db.write() as unit:
        unit.closures.hold(site.code, day, alone=True)
        new = unit.add_new(
            Closure(
                id=world.new_id(),
                site_code=site.code,
                day=day,
                recorded_by=by[:80],
                reason=reason,
                recorded_at=world.clinic_now(),
            )
        )
        done = _stop_and_tell(unit, world, site, day) if new else Recorded(new=False)
    if new:
        world.wake("due")
    return done


def _stop_and_tell(unit: Unit, world: World, site: Site, day: date) -> Recorded:
    now = world.clinic_now()
    stopped, rows = 0, []
    for visit in unit.closures.visits_between(site.code, *closures.bounds(day, site.zone)):
        if visit.status in GONE:
            continue
        stopped += _stop_reminders(unit, visit, now)
        rows += _tell(unit, world, visit, site.zone)
    unit.flush()
    told = {row.patient_id for row in rows if row.status is TouchpointStatus.PLANNED}
    calls = [row for row in rows if unit.followups.by_reason(call_key(row)) is not None]
    return Recorded(new=True, stopped=stopped, patients=len(told), calls=len(calls))


def call_key(row: Touchpoint) -> str:
    """The reason of the call that takes the place of a touchpoint."""
    return f"touchpoint:{row.id.hex}:call"


def _stop_reminders(unit: Unit, visit: Appointment, now: datetime) -> int:
    """Ends what is planned for a visit, and what was asked: nobody is told that a C was right."""
    for row in unit.ledger.of_anchor(visit.id):
        if row.asks is None or row.anchor_kind is not Anchor.VISIT_START:
            continue
        question = unit.replies.question_of(row.id)
        if question is not None and question.status is ConversationStatus.OPEN:
            question.status = ConversationStatus.EXPIRED
    return unit.ledger.end_anchor(
        visit.id,
        TouchpointStatus.CANCELLED,
        SkipReason.CANCELLED,
        now,
        kind=Anchor.VISIT_START,
        note=_STOPPED,
    )


def _tell(unit: Unit, world: World, visit: Appointment, zone: ZoneInfo) -> list[Touchpoint]:
    """The word for one visit. Every visit has one in the ledger, whatever becomes of it."""
    now = world.clinic_now()
    planned = list(_planned(world.journeys, visit, now, zone))
    if not planned:
        row = _row(world, visit, None, None)
        _skip(row, SkipReason.COVERED, "No text is written for this kind of visit.", now)
        unit.add(row)
        due.call_instead(unit, world, row, row.note)
        return [row]
    rows = []
    for journey, item in planned:
        row = _row(world, visit, journey, item)
        if visit.status in _HERE or item.useful_until <= now:
            _skip(row, SkipReason.PAST_EVENT, "The visit has begun.", now)
        rows.append(row)
    unit.add(*rows)
    return rows


def _planned(
    journeys: Iterable[Journey], visit: Appointment, now: datetime, zone: ZoneInfo
) -> Iterable[tuple[Journey, Planned]]:
    """The steps for a visit's kind, counted from now; a kind nobody named goes to staff."""
    for journey in journeys:
        if journey.anchor is Anchor.CLOSURE and visit.kind in journey.kinds:
            for item in steps_for(journey, AnchorPoint(now, zone, visit.first_visit)):
                yield journey, item


def _row(
    world: World, visit: Appointment, journey: Journey | None, item: Planned | None
) -> Touchpoint:
    now = world.clinic_now()
    start = now if visit.start_at is None else visit.start_at
    channels = (ChannelKind.SMS,) if item is None else item.step.channels
    return Touchpoint(
        id=world.new_id(),
        journey="closure" if journey is None else journey.name,
        journey_digest="" if journey is None else journey.digest,
        step="closed" if item is None else item.step.id,
        patient_id=visit.patient_id,
        anchor_kind=Anchor.CLOSURE,
        anchor_id=visit.id,
        anchor_version=visit.version,
        anchor_at=start,
        appointment_id=visit.id,
        site_code=visit.site_code,
        template="closure" if item is None else item.message,
        purpose=Purpose.CARE if journey is None else journey.purpose,
        channels=[channel.value for channel in channels],
        also_email=item is not None and item.step.also_email,
        question_hours=0,
        due_at=now if item is None else item.due_at,
        useful_until=start if item is None else min(item.useful_until, start),
        status=TouchpointStatus.PLANNED,
        created_at=now,
    )


def _skip(row: Touchpoint, reason: SkipReason, why: str, now: datetime) -> None:
    row.status, row.reason, row.note = TouchpointStatus.SKIPPED, reason, why
    row.decided_at = now


def ask_about_booking(unit: Unit, world: World, visit: Appointment) -> None:
    """A visit that was booked or moved onto a closed day: staff are asked, no text names it.

    And a visit that moved need not be told of as one on a closed day any more.
    """
    now = world.clinic_now()
    if visit.version > 1:
        _need_not_hear(unit, world, visit)
    found = closed_days.day_of(world, visit)
    if found is None or visit.start_at is None or visit.start_at <= now:
        return
    unit.closures.hold(*found, alone=False)
    if not unit.closures.among({found}):
        return
    _stop_reminders(unit, visit, now)
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=question_key(visit),
            kind="closed_day",
            action=Action.SAME_DAY,
            summary="A visit was booked on a day on which its site is closed. Nothing is sent "
            "about it: find another day, and call the patient.",
            patient_id=visit.patient_id,
        ),
    )


def _need_not_hear(unit: Unit, world: World, visit: Appointment) -> None:
    unit.ledger.end_anchor(
        visit.id,
        TouchpointStatus.SUPERSEDED,
        SkipReason.MOVED,
        world.clinic_now(),
        kind=Anchor.CLOSURE,
        older_than=visit.version,
    )
    for row in unit.ledger.of_anchor(visit.id):
        if row.anchor_kind is Anchor.CLOSURE and row.status is TouchpointStatus.SUPERSEDED:
            due.call_about_the_others(unit, world, row)


def question_key(visit: Appointment) -> str:
    """The reason of the question about a visit that was booked on a closed day."""
    return f"visit:{visit.id.hex}:closed:{visit.version}"
