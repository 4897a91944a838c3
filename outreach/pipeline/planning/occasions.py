"""Occasions: what is neither a visit nor a dose becomes something to plan from, and ends again.

A welcome for a number that is new to us, an approval that runs out, a late delivery, and the last
doses of a schedule. Each is planned as doses are, and checked again before anything goes.
"""

from datetime import UTC, date, datetime, time
from uuid import UUID

from outreach.domain.events import EventKind, SchedulingEvent
from outreach.domain.occasions import OccasionKind, OccasionStatus
from outreach.domain.states import ChannelKind, SkipReason, TouchpointStatus
from outreach.pipeline import plan
from outreach.pipeline.facts.reach import contacts_for
from outreach.pipeline.world import World
from outreach.storage.models import (
    Dose,
    DoseStatus,
    Occasion,
    Patient,
    Regimen,
    RegimenStatus,
    Touchpoint,
)
from outreach.storage.repositories.occasions import reference_index
from outreach.storage.unit import Unit

_KIND = {
    EventKind.AUTHORIZATION_EXPIRING: OccasionKind.AUTHORIZATION,
    EventKind.AUTHORIZATION_APPROVED: OccasionKind.AUTHORIZATION,
    EventKind.AUTHORIZATION_DENIED: OccasionKind.AUTHORIZATION,
    EventKind.SHIPMENT_DELAYED: OccasionKind.SHIPMENT,
    EventKind.SHIPMENT_DELIVERED: OccasionKind.SHIPMENT,
}
_ENDS = frozenset(
    {
        EventKind.AUTHORIZATION_APPROVED,
        EventKind.AUTHORIZATION_DENIED,
        EventKind.SHIPMENT_DELIVERED,
    }
)
_LEFT = 2
"""How many doses are left when a patient is asked what is left at home."""


def occasion_gone(occasion: Occasion | None, row: Touchpoint) -> SkipReason | None:
    """Why an occasion is no longer as it was planned from, if it is not."""
    if occasion is None or occasion.status is OccasionStatus.ENDED:
        return SkipReason.CANCELLED
    return None if occasion.version == row.anchor_version else SkipReason.MOVED


def apply(
    unit: Unit, world: World, event: SchedulingEvent, patient: Patient, *, quiet: bool
) -> bool:
    """What an event about an approval or a delivery does; says whether it did anything.

    An approval or a refusal ends the matter it names, or every one where it names none that we
    know: an approval has a number of its own. An end that comes before its beginning is kept, so
    that an older event cannot open the matter again.
    """
    kind = _KIND.get(event.kind)
    if kind is None:
        return False
    name = event.details.get("reference") or event.details.get("tracking") or ""
    reference = reference_index(name)
    known = unit.occasions.of_patient(patient.id, kind)
    mine = next((row for row in known if row.reference == reference), None)
    if event.kind in _ENDS:
        if mine is None:
            mine = create(unit, world, patient.id, kind, reference, event.occurred_at)
            meant = [mine, *(row for row in known if row.status is OccasionStatus.ACTIVE)]
        else:
            meant = [mine]
        ended = [_end(unit, world, row, event) for row in meant]
        return any(ended)
    at = _time_of(world, event, patient, mine, unit)
    if at is None:
        return False
    row = mine or create(unit, world, patient.id, kind, reference, event.occurred_at)
    return begin(unit, world, row, at, event.occurred_at, quiet=quiet)


def _time_of(
    world: World, event: SchedulingEvent, patient: Patient, known: Occasion | None, unit: Unit
) -> datetime | None:
    """What the steps count from; None when there is nothing to tell the patient."""
    if event.kind is EventKind.AUTHORIZATION_EXPIRING:
        day = _day(event.details.get("expires", ""))
        zone = plan.patient_zone(patient, world)
        return None if day is None else datetime.combine(day, time(12), zone).astimezone(UTC)
    if known is not None and known.status is OccasionStatus.ACTIVE:
        return known.at  # it is late still: that was said
    now = world.clinic_now()
    return now if unit.visits.upcoming_doses(patient.id, now) else None


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def create(
    unit: Unit,
    world: World,
    patient_id: UUID,
    kind: OccasionKind,
    reference: str,
    event_at: datetime,
) -> Occasion:
    """An occasion that is known and has not begun: nothing is planned from it yet."""
    row = Occasion(
        id=world.new_id(),
        patient_id=patient_id,
        kind=kind,
        reference=reference,
        at=event_at,
        version=0,
        status=OccasionStatus.ENDED,
        last_event_at=event_at,
        created_at=world.clinic_now(),
    )
    unit.add(row)
    unit.flush()
    return row


def begin(
    unit: Unit, world: World, row: Occasion, at: datetime, event_at: datetime, *, quiet: bool
) -> bool:
    """A new time or a revival makes a new version: old plans end, new ones are made."""
    if event_at < row.last_event_at:
        return False
    row.last_event_at = event_at
    if row.status is OccasionStatus.ACTIVE and row.at == at and row.version:
        return True
    row.at, row.status = at, OccasionStatus.ACTIVE
    row.version += 1
    unit.flush()
    unit.ledger.end_anchor(
        row.id,
        TouchpointStatus.SUPERSEDED,
        SkipReason.MOVED,
        world.clinic_now(),
        older_than=row.version,
    )
    if not quiet:
        plan.plan_occasion(unit, world, row)
    return True


def _end(unit: Unit, world: World, row: Occasion, event: SchedulingEvent) -> bool:
    """Ends an occasion that no newer event has spoken of; says whether it was open."""
    if event.occurred_at < row.last_event_at:
        return False
    row.last_event_at = event.occurred_at
    was_open = row.status is OccasionStatus.ACTIVE
    stop(unit, world, row)
    return was_open


def stop(unit: Unit, world: World, row: Occasion) -> None:
    """There is nothing more to speak of: what has not left yet ends."""
    row.status = OccasionStatus.ENDED
    unit.flush()
    unit.ledger.end_anchor(
        row.id, TouchpointStatus.CANCELLED, SkipReason.CANCELLED, world.clinic_now()
    )


def meet(unit: Unit, world: World, patient: Patient, index: str) -> None:
    """A number that is new with a patient: ``welcome`` greets it when its time has come."""
    met = unit.occasions.of_patient(patient.id, OccasionKind.ENROLMENT)
    if any(row.reference == index for row in met):
        return
    now = world.clinic_now()
    unit.add(
        Occasion(
            id=world.new_id(),
            patient_id=patient.id,
            kind=OccasionKind.ENROLMENT,
            reference=index,
            at=now,
            version=0,
            status=OccasionStatus.ACTIVE,
            last_event_at=now,
            created_at=now,
        )
    )


def welcome(unit: Unit, world: World, kind: EventKind, patient: Patient, *, quiet: bool) -> None:
    """Greets a patient at the number that texts go to, once for each patient and number.

    Only who is registered (``patient.updated``): a booking alone already has its own text, and a
    second one beside it would only crowd it. Those loaded at go-live are not greeted.
    """
    met = unit.occasions.of_patient(patient.id, OccasionKind.ENROLMENT)
    waiting = [row for row in met if not row.version and row.status is OccasionStatus.ACTIVE]
    if not waiting:
        return
    if quiet:
        for row in waiting:
            row.status = OccasionStatus.ENDED
        return
    if patient.deceased or kind is not EventKind.PATIENT_UPDATED:
        return
    contacts = contacts_for(unit, world, patient)
    first = next((one for one in contacts if one.channel is ChannelKind.SMS), None)
    greeted = next((row for row in waiting if first and row.reference == first.address_index), None)
    if greeted is None:
        return
    for row in met:
        if row.version and row.status is OccasionStatus.ACTIVE:
            stop(unit, world, row)  # the greeting of a number that is not used any more
    now = world.clinic_now()
    begin(unit, world, greeted, now, now, quiet=False)


def follow_regimen(
    unit: Unit, world: World, regimen: Regimen, event_at: datetime, *, quiet: bool
) -> None:
    """What a schedule of home doses brings beside its doses: its beginning and its last ones."""
    doses = [
        dose for dose in unit.visits.doses_of(regimen.id) if dose.status is not DoseStatus.WITHDRAWN
    ]
    _home_start(unit, world, regimen, doses, event_at, quiet=quiet)
    _refill(unit, world, regimen, doses, event_at, quiet=quiet)


def _home_start(
    unit: Unit,
    world: World,
    regimen: Regimen,
    doses: list[Dose],
    event_at: datetime,
    *,
    quiet: bool,
) -> None:
    """Once for each patient, until every schedule has stopped."""
    known = unit.occasions.of_patient(regimen.patient_id, OccasionKind.HOME_START)
    row = known[0] if known else None
    if regimen.status is RegimenStatus.STOPPED or not doses:
        others = unit.visits.regimens_of(regimen.patient_id)
        if row is not None and all(one.status is RegimenStatus.STOPPED for one in others):
            stop(unit, world, row)
        return
    if row is None or row.status is OccasionStatus.ENDED:
        reference = reference_index("")
        row = row or create(
            unit, world, regimen.patient_id, OccasionKind.HOME_START, reference, event_at
        )
        begin(unit, world, row, doses[0].due_at, max(event_at, row.last_event_at), quiet=quiet)


def _refill(
    unit: Unit,
    world: World,
    regimen: Regimen,
    doses: list[Dose],
    event_at: datetime,
    *,
    quiet: bool,
) -> None:
    """Plans the question what is left at home, for when two doses of a schedule are left.

    A schedule that had no more than two from the start never comes down to two.
    """
    known = unit.occasions.of_patient(regimen.patient_id, OccasionKind.REFILL)
    row = next((one for one in known if one.reference == regimen.id.hex), None)
    if regimen.status is RegimenStatus.STOPPED or len(doses) <= _LEFT:
        if row is not None:
            stop(unit, world, row)
        return
    row = row or create(
        unit, world, regimen.patient_id, OccasionKind.REFILL, regimen.id.hex, event_at
    )
    begin(unit, world, row, doses[-_LEFT - 1].due_at, event_at, quiet=quiet)
