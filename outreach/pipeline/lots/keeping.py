"""Keeping: every lot that an event or a patient names stands with the patient it went to.

A lot once named stays, whatever is said later: in a recall one call too many costs little.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from outreach.domain.events import AppointmentData, EventKind, SchedulingEvent
from outreach.domain.lots import MOST, LotSource
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Dose, LotUse, Patient
from outreach.storage.repositories.lots import lot_index
from outreach.storage.repositories.occasions import reference_index
from outreach.storage.unit import Unit

_GIVEN = frozenset(
    {EventKind.INFUSION_STARTED, EventKind.INFUSION_COMPLETED, EventKind.INFUSION_STOPPED}
)
_SENT = frozenset({EventKind.SHIPMENT_SENT, EventKind.SHIPMENT_DELIVERED})


def administered(
    unit: Unit, world: World, event: SchedulingEvent, visit: Appointment, data: AppointmentData
) -> None:
    """The lots of an infusion, also from an event that is older than what is known of the visit.

    Those that a booking names are plans, and are not kept.
    """
    if event.kind not in _GIVEN or not data.lots:
        return
    at = data.actual_end or data.actual_start or visit.actual_end or event.occurred_at
    _keep(
        unit,
        world,
        data.lots,
        origin=f"visit:{visit.id.hex}",
        source=LotSource.ADMINISTERED,
        patient_id=visit.patient_id,
        at=at,
        appointment_id=visit.id,
    )


def logged(unit: Unit, world: World, dose: Dose, lots: Iterable[str]) -> None:
    """The lots that a patient named of a home dose."""
    _keep(
        unit,
        world,
        lots,
        origin=f"dose:{dose.id.hex}",
        source=LotSource.LOGGED,
        patient_id=dose.patient_id,
        at=dose.due_at,
        dose_id=dose.id,
    )


def dispensed(unit: Unit, world: World, event: SchedulingEvent, patient: Patient) -> bool:
    """The lots of a delivery; says whether it named any.

    One that names none is kept as that: its lot may be any. A later event of the same delivery
    fills it in. Deliveries are told apart by what their sender calls them.
    """
    if event.kind not in _SENT:
        return False
    name = event.details.get("tracking") or event.details.get("reference")
    told = name or f"{event.source}:{_delivery(event.event_id)}"
    origin = f"shipment:{patient.id.hex[:12]}:{reference_index(told)}"
    known = unit.lots.of_origin(origin)
    lots = _told_apart(event.lots)
    unknown = next((row for row in known if not row.lot_index), None)
    if not lots and not known:
        unit.add(_use(world, None, "", origin, LotSource.DISPENSED, patient.id, event.occurred_at))
        return False
    if lots and unknown is not None:
        index, written = next(iter(lots.items()))
        unknown.lot, unknown.lot_index = written, index
        unit.flush()
    _keep(
        unit,
        world,
        lots.values(),
        origin=origin,
        source=LotSource.DISPENSED,
        patient_id=patient.id,
        at=event.occurred_at,
    )
    return bool(lots)


def _delivery(event_id: str) -> str:
    """What names a delivery in an event's id: of FHIR's ``SupplyDelivery/id/version`` the id."""
    return event_id.rpartition("/")[0] if event_id.startswith("SupplyDelivery/") else event_id


def _told_apart(lots: Iterable[str]) -> dict[str, str]:
    """Blind index -> the lot as it was first written; what is no lot is left out."""
    found: dict[str, str] = {}
    for written in lots:
        index = lot_index(written[:MOST])
        if index:
            found.setdefault(index, written[:MOST])
    return found


def _keep(
    unit: Unit,
    world: World,
    lots: Iterable[str],
    *,
    origin: str,
    source: LotSource,
    patient_id: UUID,
    at: datetime,
    appointment_id: UUID | None = None,
    dose_id: UUID | None = None,
) -> None:
    told = _told_apart(lots)
    if not told:
        return
    known = {row.lot_index for row in unit.lots.of_origin(origin)}
    for index, written in told.items():
        if index not in known:
            use = _use(world, written, index, origin, source, patient_id, at)
            use.appointment_id, use.dose_id = appointment_id, dose_id
            unit.add(use)
    unit.flush()


def _use(
    world: World,
    written: str | None,
    index: str,
    origin: str,
    source: LotSource,
    patient_id: UUID,
    at: datetime,
) -> LotUse:
    return LotUse(
        id=world.new_id(),
        patient_id=patient_id,
        source=source,
        origin=origin,
        appointment_id=None,
        dose_id=None,
        lot=written,
        lot_index=index,
        at=at,
        created_at=world.clinic_now(),
    )
