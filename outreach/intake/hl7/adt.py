"""ADT -> demographics, admissions, deaths, merges, and the visits of sites that book by A05."""

from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.domain.events import (
    AppointmentData,
    AppointmentStatus,
    EventKind,
    Identifier,
    ItemKind,
    PatientData,
    SchedulingEvent,
)
from outreach.intake.hl7.header import Header
from outreach.intake.hl7.message import Message, Segment
from outreach.intake.hl7.patient import default_authority, identifiers, patient_data
from outreach.intake.hl7.times import hl7_moment
from outreach.intake.interface import Arrival
from outreach.intake.local_time import Moment, doubt_note

_MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40", "A47"})
_KINDS = MappingProxyType(
    {
        "A01": EventKind.PATIENT_ADMITTED,
        "A02": EventKind.PATIENT_UPDATED,
        "A03": EventKind.PATIENT_DISCHARGED,
        "A04": EventKind.PATIENT_UPDATED,
        "A05": EventKind.APPOINTMENT_BOOKED,
        "A06": EventKind.PATIENT_ADMITTED,
        "A07": EventKind.PATIENT_DISCHARGED,
        "A08": EventKind.PATIENT_UPDATED,
        "A11": EventKind.PATIENT_DISCHARGED,
        "A13": EventKind.PATIENT_ADMITTED,
        "A28": EventKind.PATIENT_UPDATED,
        "A29": EventKind.PATIENT_UPDATED,
        "A31": EventKind.PATIENT_UPDATED,
        "A38": EventKind.APPOINTMENT_CANCELLED,
    }
)
"""A11 takes an admission back and A13 a discharge, so each has the effect of the other's opposite;
A06 and A07 change outpatient to inpatient and back."""

TRIGGERS = frozenset(_KINDS) | _MERGES

Found = tuple[ItemKind, SchedulingEvent]


def patient_events(message: Message, header: Header, arrival: Arrival) -> list[Found]:
    """The events of one ADT message whose trigger is in ``TRIGGERS``; several only for merges.

    Raises:
        BadInput: 100, 101 for what is missing, 102 for a time that does not exist, 205 for a
            record merged with itself.
    """
    if header.trigger in _MERGES:
        return _merges(message, header, arrival)
    patient = patient_data(message, message.first("PID"), arrival, header.sent_at)
    if header.trigger in ("A05", "A38"):
        visit = _visit(message, header, arrival)
        if visit is not None:
            event = _event(header, arrival, _KINDS[header.trigger], patient)
            return [(ItemKind.APPOINTMENT, replace(event, appointment=visit))]
        message.notes.append("PV1, PV2: no visit with a time; read as demographics only")
    kind = _KINDS[header.trigger]
    if header.trigger in ("A05", "A38"):
        kind = EventKind.PATIENT_UPDATED
    if header.trigger == "A29":
        patient = replace(patient, active=False)
    if patient.deceased:
        kind = EventKind.PATIENT_DECEASED
    return [(ItemKind.PATIENT, _event(header, arrival, kind, patient))]


def _event(
    header: Header, arrival: Arrival, kind: EventKind, patient: PatientData
) -> SchedulingEvent:
    return SchedulingEvent(arrival.source, header.event_id, kind, header.sent_at, patient)


def _merges(message: Message, header: Header, arrival: Arrival) -> list[Found]:
    """One event per pair of PID (who survives) and MRG (who ends)."""
    found: list[Found] = []
    survivor: Segment | None = None
    for segment in message.segments:
        if segment[0] == "PID":
            survivor = segment
        elif segment[0] == "MRG":
            if len(found) == message.max_repetitions:
                raise BadInput("207", "more merges in one message than this interface takes")
            found.append(_merge(message, header, arrival, survivor, segment, len(found)))
    if not found:
        raise BadInput("100", "MRG segment is missing")
    return found


def _merge(
    message: Message,
    header: Header,
    arrival: Arrival,
    survivor: Segment | None,
    mrg: Segment,
    number: int,
) -> Found:
    patient = patient_data(message, survivor, arrival, header.sent_at)
    prior = identifiers(message, mrg, 1, arrival.settings)
    if not prior:
        raise BadInput("101", "MRG-1: no prior patient identifier")
    ended = tuple(one for one in prior if one not in patient.identifiers)
    if not ended:
        raise BadInput("205", "MRG-1: the prior record is the surviving one")
    event = _event(header, arrival, EventKind.PATIENT_MERGED, patient)
    if number:
        event = replace(event, event_id=f"{event.event_id}#{number + 1}")
    return ItemKind.MERGE, replace(event, prior_identifiers=ended)


def _visit(message: Message, header: Header, arrival: Arrival) -> AppointmentData | None:
    """The visit of A05 (pre-admit) or A38 (its cancellation): PV1-19 at PV2-8, else PV1-44."""
    pv1 = message.first("PV1")
    number = message.value(pv1, 19) or message.value(message.first("PID"), 18)
    if not number:
        return None
    places = tuple(
        one
        for one in (*(message.value(pv1, 3, part) for part in (1, 4, 9)), header.facility)
        if one
    )
    site, zone = arrival.zone_at(places)
    start = _start(message, pv1, zone)
    cancelled = header.trigger == "A38"
    if start is None and not cancelled:
        return None
    return AppointmentData(
        identifiers=(Identifier(_visit_authority(message, pv1, arrival), number),),
        start=start.at if start else None,
        status=AppointmentStatus.CANCELLED if cancelled else AppointmentStatus.BOOKED,
        service=message.value(message.first("PV2"), 3, 2)
        or message.value(message.first("PV2"), 3)
        or message.value(pv1, 10)
        or None,
        site=site,
        date_only=start is not None and start.date_only,
    )


def _visit_authority(message: Message, pv1: Segment | None, arrival: Arrival) -> str:
    return message.value(pv1, 19, 4) or default_authority(message, arrival.settings)


def _start(message: Message, pv1: Segment | None, zone: ZoneInfo) -> Moment | None:
    for segment, field, place in ((message.first("PV2"), 8, "PV2-8"), (pv1, 44, "PV1-44")):
        text = message.value(segment, field)
        if text:
            start = hl7_moment(text, zone, place)
            if note := doubt_note(start, place):
                message.notes.append(note)
            if start.date_only:
                message.notes.append(f"{place}: a day without a time; no text can name an hour")
            return start
    return None
