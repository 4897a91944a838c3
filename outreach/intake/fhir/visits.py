"""Appointment, Encounter, MedicationAdministration and SupplyDelivery -> what happened.

An infusion is ``completed`` only with an actual end: R4's Appointment has none, so ``fulfilled``
is a booked visit whose status is fulfilled, and the Encounter or the administration that
carries the real end gives the completion.
"""

from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.domain.events import (
    AppointmentData,
    AppointmentStatus,
    EventKind,
    Identifier,
    PatientData,
)
from outreach.intake.fhir.patient import is_patient, patient_of
from outreach.intake.fhir.scope import Scope, concept_text, typed_id
from outreach.intake.json_fields import Json, child, children, text, unique

_KINDS = MappingProxyType(
    {
        AppointmentStatus.CANCELLED: EventKind.APPOINTMENT_CANCELLED,
        AppointmentStatus.ENTERED_IN_ERROR: EventKind.APPOINTMENT_CANCELLED,
        AppointmentStatus.NOSHOW: EventKind.APPOINTMENT_NOSHOW,
        AppointmentStatus.ARRIVED: EventKind.APPOINTMENT_CHECKED_IN,
        AppointmentStatus.CHECKED_IN: EventKind.APPOINTMENT_CHECKED_IN,
    }
)
"""Every other status is ``booked``: ingest creates or updates the visit with that status."""

_NEEDS_START = frozenset(
    {AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN}
)
_NO_VISIT_CLASSES = frozenset({"VR", "PRENC"})
_INPATIENT_CLASSES = frozenset({"IMP", "ACUTE", "NONAC", "EMER", "OBSENC"})

Change = tuple[EventKind, PatientData, AppointmentData | None, dict[str, str]]


def appointment_change(scope: Scope) -> Change:
    """What an Appointment tells.

    Raises:
        BadInput: ``required`` without patient, id, status or the start a booking needs; ``value``
            for a status or time that does not exist; ``invariant`` for an end before the start.
    """
    resource = scope.resource
    status = _status(text(resource, "status"))
    sites, service = _sites(scope), _service(resource)
    site, zone = scope.arrival.zone_at(sites)
    start = scope.moment(resource, "start", zone, "Appointment.start")
    end = scope.moment(resource, "end", zone, "Appointment.end")
    if start is None and status in _NEEDS_START:
        raise BadInput("required", "Appointment.start")
    if start is not None and end is not None and end.at < start.at:
        raise BadInput("invariant", "Appointment.end is before Appointment.start")
    visit = AppointmentData(
        identifiers=_identifiers(scope, "Appointment"),
        start=start.at if start else None,
        end=end.at if end else None,
        status=status,
        service=service,
        site=site,
        date_only=start is not None and start.date_only,
    )
    return _KINDS.get(status, EventKind.APPOINTMENT_BOOKED), _participant(scope), visit, {}


def _status(written: str) -> AppointmentStatus:
    if not written:
        raise BadInput("required", "Appointment.status")
    try:
        return AppointmentStatus(written)
    except ValueError:
        raise BadInput("value", "Appointment.status: not a status of FHIR R4") from None


def _participant(scope: Scope) -> PatientData:
    for participant in children(scope.resource, "participant"):
        actor = child(participant, "actor")
        if is_patient(actor, scope.resolve(actor)):
            return patient_of(scope, actor)
    raise BadInput("required", "Appointment.participant: no patient")


def _identifiers(scope: Scope, kind: str) -> tuple[Identifier, ...]:
    """Business identifiers first, then the logical id."""
    found = [
        Identifier(text(one, "system") or scope.authority, text(one, "value"))
        for one in children(scope.resource, "identifier")
        if text(one, "value")
    ]
    logical = text(scope.resource, "id")
    if logical:
        found.append(Identifier(scope.local_system(kind), logical))
    if not found:
        raise BadInput("required", f"{kind}: no id and no identifier")
    return unique(found)


def _service(resource: Json) -> str | None:
    concepts = [*children(resource, "serviceType"), *children(resource, "appointmentType")]
    concepts += children(resource, "serviceCategory")
    return next((found for one in concepts if (found := concept_text(one))), None)


def _sites(scope: Scope) -> tuple[str, ...]:
    """How the place may be written: the Location's name, its label, its id."""
    found: list[str] = []
    for participant in children(scope.resource, "participant"):
        found += _place_names(scope, child(participant, "actor"))
    return tuple(found)


def _place_names(scope: Scope, reference: Json) -> list[str]:
    location = scope.resolve(reference)
    named, logical = typed_id(text(reference, "reference"))
    if named != "Location" and text(location, "resourceType") != "Location":
        return []
    known = (text(location, "name"), text(reference, "display"), logical)
    return [one for one in known if one and not one.startswith("urn:")]


def encounter_change(scope: Scope) -> Change | None:
    """What an Encounter tells; None for what is planned, virtual, or names no visit yet.

    Raises:
        BadInput: ``required`` without patient or id; ``value`` for a time that does not exist.
    """
    resource = scope.resource
    status, setting = text(resource, "status"), text(child(resource, "class"), "code").upper()
    if setting in _NO_VISIT_CLASSES:
        return None
    places = [
        name
        for one in children(resource, "location")
        for name in _place_names(scope, child(one, "location"))
    ]
    site, zone = scope.arrival.zone_at(tuple(places))
    if setting in _INPATIENT_CLASSES:
        return _stay(scope, status)
    visit = _visit_of_encounter(scope, resource, zone)
    linked = bool(children(resource, "appointment"))
    known = replace(visit, site=site)
    if status == "finished":
        return _finished(scope, known, linked=linked)
    if status in ("arrived", "triaged") and linked:
        kind, after = EventKind.APPOINTMENT_CHECKED_IN, AppointmentStatus.ARRIVED
    elif status in ("in-progress", "onleave") and linked:
        kind, after = EventKind.INFUSION_STARTED, AppointmentStatus.ARRIVED
    else:
        return None
    visit = replace(known, status=after, actual_end=None)
    return kind, patient_of(scope, child(resource, "subject")), visit, {}


def _stay(scope: Scope, status: str) -> Change | None:
    kind = {
        "in-progress": EventKind.PATIENT_ADMITTED,
        "finished": EventKind.PATIENT_DISCHARGED,
    }.get(status)
    if kind is None:
        return None
    return kind, patient_of(scope, child(scope.resource, "subject")), None, {}


def _visit_of_encounter(scope: Scope, encounter: Json, zone: ZoneInfo) -> AppointmentData:
    """The visit an Encounter is about: the Appointments it names, and itself as an alias."""
    found: list[Identifier] = []
    for reference in children(encounter, "appointment"):
        found += scope.identifiers_of(reference, "Appointment")
    found += [
        Identifier(text(one, "system") or scope.authority, text(one, "value"))
        for one in children(encounter, "identifier")
        if text(one, "value")
    ]
    logical = text(encounter, "id")
    if logical:
        found.append(Identifier(scope.local_system("Encounter"), logical))
    if not found:
        raise BadInput("required", "Encounter: no id and no appointment")
    period = child(encounter, "period")
    begun = scope.moment(period, "start", zone, "Encounter.period.start")
    ended = scope.moment(period, "end", zone, "Encounter.period.end")
    return AppointmentData(
        identifiers=unique(found),
        actual_start=begun.at if begun and not begun.date_only else None,
        actual_end=ended.at if ended and not ended.date_only else None,
        service=next(
            (name for one in children(encounter, "type") if (name := concept_text(one))), None
        ),
    )


def _finished(scope: Scope, visit: AppointmentData, *, linked: bool) -> Change | None:
    if visit.actual_end is None and not linked:
        return None
    if visit.actual_start and visit.actual_end and visit.actual_end < visit.actual_start:
        raise BadInput("invariant", "Encounter.period ends before it starts")
    patient = patient_of(scope, child(scope.resource, "subject"))
    done = replace(visit, status=AppointmentStatus.FULFILLED)
    if not linked:
        done = replace(done, start=visit.actual_start)
    if visit.actual_end is None:
        scope.notes.append("Encounter.period.end: missing, so no check-in can count from it")
        return EventKind.APPOINTMENT_BOOKED, patient, done, {}
    return EventKind.INFUSION_COMPLETED, patient, done, {}


_ADMINISTRATION = MappingProxyType(
    {
        "in-progress": (EventKind.INFUSION_STARTED, AppointmentStatus.ARRIVED),
        "completed": (EventKind.INFUSION_COMPLETED, AppointmentStatus.FULFILLED),
        "stopped": (EventKind.INFUSION_STOPPED, AppointmentStatus.FULFILLED),
    }
)


def administration_change(scope: Scope) -> Change | None:
    """What a MedicationAdministration tells; None when nothing was given.

    Raises:
        BadInput: ``required`` without patient, visit or time; ``value``, ``invariant`` for times
            that cannot be.
    """
    resource = scope.resource
    known = _ADMINISTRATION.get(text(resource, "status"))
    if known is None:
        return None
    kind, status = known
    zone = scope.arrival.default_zone
    period = child(resource, "effectivePeriod")
    begun = scope.moment(period, "start", zone, "effectivePeriod.start")
    ended = scope.moment(period, "end", zone, "effectivePeriod.end")
    at = scope.moment(resource, "effectiveDateTime", zone, "effectiveDateTime")
    if kind is EventKind.INFUSION_STARTED:
        begun, ended = begun or at, None
    elif ended is None:
        ended = at
    if kind is EventKind.INFUSION_COMPLETED and (ended is None or ended.date_only):
        raise BadInput("required", "MedicationAdministration: no actual end")
    if begun and ended and ended.at < begun.at:
        raise BadInput("invariant", "effectivePeriod ends before it starts")
    encounter = scope.resolve(child(resource, "context"))
    ids = _identifiers_of_visit(scope, encounter)
    visit = AppointmentData(
        identifiers=ids,
        status=status,
        actual_start=begun.at if begun else None,
        actual_end=ended.at if ended else None,
        lots=_lots(scope),
    )
    return kind, patient_of(scope, child(resource, "subject")), visit, {}


def _identifiers_of_visit(scope: Scope, encounter: Json) -> tuple[Identifier, ...]:
    """Appointments named by the administration or its Encounter, the Encounter, itself."""
    found: list[Identifier] = []
    for reference in children(scope.resource, "supportingInformation"):
        if typed_id(text(reference, "reference"))[0] == "Appointment":
            found += scope.identifiers_of(reference, "Appointment")
    for reference in children(encounter, "appointment"):
        found += scope.identifiers_of(reference, "Appointment")
    found += scope.identifiers_of(child(scope.resource, "context"), "Encounter")
    return unique([*found, *_identifiers(scope, "MedicationAdministration")])


def _lots(scope: Scope) -> tuple[str, ...]:
    medication = scope.resolve(child(scope.resource, "medicationReference"))
    lot = text(child(medication, "batch"), "lotNumber")
    return (lot,) if lot else ()


_DELIVERY = MappingProxyType(
    {"in-progress": EventKind.SHIPMENT_SENT, "completed": EventKind.SHIPMENT_DELIVERED}
)


def delivery_change(scope: Scope) -> Change | None:
    """What a SupplyDelivery tells; None when it was given up or entered in error.

    Raises:
        BadInput: ``required`` without a patient.
    """
    kind = _DELIVERY.get(text(scope.resource, "status"))
    if kind is None:
        return None
    due = text(scope.resource, "occurrenceDateTime")
    details = {"due": due} if due else {}
    return kind, patient_of(scope, child(scope.resource, "patient")), None, details


def delivered_lots(scope: Scope) -> tuple[str, ...]:
    """The lot of the medication or device that a SupplyDelivery refers to, where it comes along."""
    item = scope.resolve(child(child(scope.resource, "suppliedItem"), "itemReference"))
    lot = text(child(item, "batch"), "lotNumber") or text(item, "lotNumber")
    return (lot,) if lot else ()
