"""Home care: what home doses bring beside the doses themselves, as occasions to plan from.

A delivery that was sent and must come before the dose it is for, the change from infusions at the
clinic to doses at home, and the yearly class.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from outreach.domain.events import GONE, EventKind, SchedulingEvent
from outreach.domain.occasions import OccasionKind, OccasionStatus
from outreach.pipeline import plan
from outreach.pipeline.planning import occasions
from outreach.pipeline.world import World
from outreach.storage.models import Dose, Occasion, Patient, RegimenStatus
from outreach.storage.repositories.occasions import reference_index
from outreach.storage.unit import Unit

_FOLLOWS_HOME_DOSES = (OccasionKind.ARRIVAL, OccasionKind.HOME_SWITCH, OccasionKind.HOME_YEAR)


def follow_shipment(
    unit: Unit, world: World, event: SchedulingEvent, patient: Patient, *, quiet: bool
) -> bool:
    """What the sending or the arrival of a delivery brings or ends; says whether it did anything.

    A delivery that names no number is told of once a day. Nothing is said of one to a patient
    who has no home dose ahead.
    """
    if event.kind is EventKind.SHIPMENT_DELIVERED:
        return _arrived(unit, world, event, patient)
    if event.kind is not EventKind.SHIPMENT_SENT:
        return False
    zone, now = plan.patient_zone(patient, world), world.clinic_now()
    doses = unit.visits.upcoming_doses(patient.id, now)
    if not doses:
        return False
    name = event.details.get("tracking") or event.details.get("reference") or ""
    reference = reference_index(name or f"day:{now.astimezone(zone).date().isoformat()}")
    _once(unit, world, patient, OccasionKind.DELIVERY, reference, now, event, quiet=quiet)
    needed = _first_after(doses, event.details.get("due", ""), zone)
    if needed is not None:
        kind = OccasionKind.ARRIVAL
        _once(unit, world, patient, kind, reference_index(name), needed, event, quiet=quiet)
    return True


def _first_after(doses: Sequence[Dose], due: str, zone: ZoneInfo) -> datetime | None:
    """The first dose that the delivery is for: none before the day on which it should come."""
    try:
        day: date | None = datetime.fromisoformat(due).date()
    except ValueError:
        day = None
    if day is None:
        return doses[0].due_at
    from_then = datetime.combine(day, time(), zone).astimezone(UTC)
    return next((dose.due_at for dose in doses if dose.due_at >= from_then), None)


def _once(
    unit: Unit,
    world: World,
    patient: Patient,
    kind: OccasionKind,
    reference: str,
    at: datetime,
    event: SchedulingEvent,
    *,
    quiet: bool,
) -> None:
    """Begins a matter that is not open yet. One that is told again stays as it is, unless the dose
    that a delivery was for has passed: then it is another delivery."""
    known = unit.occasions.of_patient(patient.id, kind)
    row = next((one for one in known if one.reference == reference), None)
    over = kind is OccasionKind.ARRIVAL and row is not None and row.at <= world.clinic_now()
    if row is not None and row.status is OccasionStatus.ACTIVE and not over:
        return
    row = row or occasions.create(unit, world, patient.id, kind, reference, event.occurred_at)
    occasions.begin(unit, world, row, at, event.occurred_at, quiet=quiet)


def _arrived(unit: Unit, world: World, event: SchedulingEvent, patient: Patient) -> bool:
    """It came: nobody is asked about it. One without a number that we know ends all of them."""
    name = event.details.get("tracking") or event.details.get("reference") or ""
    reference = reference_index(name)
    active = _active(unit, patient, OccasionKind.ARRIVAL)
    mine = [row for row in active if row.reference == reference] or active
    for row in mine:
        if event.occurred_at >= row.last_event_at:
            row.last_event_at = event.occurred_at
            occasions.stop(unit, world, row)
    return bool(mine)


def _active(unit: Unit, patient: Patient, kind: OccasionKind) -> list[Occasion]:
    rows = unit.occasions.of_patient(patient.id, kind)
    return [row for row in rows if row.status is OccasionStatus.ACTIVE]


def follow_regimen(
    unit: Unit, world: World, event: SchedulingEvent, patient: Patient, *, quiet: bool
) -> None:
    """What a change of schedule means for deliveries on their way, the switch and the class.

    When every schedule has stopped, all of it ends.
    """
    regimens = unit.visits.regimens_of(patient.id)
    if all(one.status is RegimenStatus.STOPPED for one in regimens):
        for kind in _FOLLOWS_HOME_DOSES:
            for row in _active(unit, patient, kind):
                occasions.stop(unit, world, row)
        return
    doses = unit.visits.upcoming_doses(patient.id, world.clinic_now())
    _move_arrivals(unit, world, event, patient, doses)
    _switch(unit, world, event, patient, doses, quiet=quiet)
    _years(unit, world, event, patient, doses, quiet=quiet)


def _move_arrivals(
    unit: Unit, world: World, event: SchedulingEvent, patient: Patient, doses: Sequence[Dose]
) -> None:
    """A delivery is needed for the dose it was counted from, or, where that is gone, the next."""
    times = {dose.due_at for dose in doses}
    for row in _active(unit, patient, OccasionKind.ARRIVAL):
        if row.at in times or row.at <= world.clinic_now():
            continue
        if not doses:
            occasions.stop(unit, world, row)
        else:
            at = max(event.occurred_at, row.last_event_at)
            occasions.begin(unit, world, row, doses[0].due_at, at, quiet=False)


def _switch(
    unit: Unit,
    world: World,
    event: SchedulingEvent,
    patient: Patient,
    doses: Sequence[Dose],
    *,
    quiet: bool,
) -> None:
    """Once, when a patient who comes for infusions is prescribed the first home doses."""
    if event.kind is not EventKind.REGIMEN_PRESCRIBED or not doses:
        return
    start = next(iter(_active(unit, patient, OccasionKind.HOME_START)), None)
    new = start is not None and start.at > world.clinic_now()
    if new and _comes_for_infusions(unit, world, patient):
        kind, now = OccasionKind.HOME_SWITCH, world.clinic_now()
        _once(unit, world, patient, kind, reference_index(""), now, event, quiet=quiet)


def _comes_for_infusions(unit: Unit, world: World, patient: Patient) -> bool:
    return patient.infusions > 0 or any(
        visit.status not in GONE and plan.check_in_gap(world, visit.kind) is not None
        for visit in unit.visits.appointments_of(patient.id)
    )


def _years(
    unit: Unit,
    world: World,
    event: SchedulingEvent,
    patient: Patient,
    doses: Sequence[Dose],
    *,
    quiet: bool,
) -> None:
    """Each full year since the first home dose for which doses are still planned."""
    start = next(iter(_active(unit, patient, OccasionKind.HOME_START)), None)
    if start is None:
        return
    zone, now = plan.patient_zone(patient, world), world.clinic_now()
    last = max((dose.due_at for dose in doses), default=now)
    due = {}
    for number in range(1, 1 + last.year - start.at.year):
        at = _years_after(start.at, number, zone)
        if now < at <= last:
            due[f"year:{number}"] = at
    known = {
        row.reference: row for row in unit.occasions.of_patient(patient.id, OccasionKind.HOME_YEAR)
    }
    for reference, row in known.items():
        if reference not in due and row.status is OccasionStatus.ACTIVE and row.at > now:
            occasions.stop(unit, world, row)
    for reference, at in due.items():
        row = known.get(reference) or occasions.create(
            unit, world, patient.id, OccasionKind.HOME_YEAR, reference, event.occurred_at
        )
        latest = max(event.occurred_at, row.last_event_at)
        occasions.begin(unit, world, row, at, latest, quiet=quiet)


def _years_after(start: datetime, number: int, zone: ZoneInfo) -> datetime:
    """The same day so many years later, at the same time on the wall; 29 February is 28 then."""
    local = start.astimezone(zone).replace(tzinfo=None)
    try:
        later = local.replace(year=local.year + number)
    except ValueError:
        later = local.replace(year=local.year + number, day=28)
    return later.replace(tzinfo=zone).astimezone(UTC)
