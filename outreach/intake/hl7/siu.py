"""SIU messages -> what happened to a visit. The trigger outranks the status word in SCH-25."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.domain.events import (
    AppointmentData,
    AppointmentStatus,
    EventKind,
    Identifier,
    ItemKind,
    SchedulingEvent,
)
from outreach.intake.hl7.header import Header
from outreach.intake.hl7.message import Message, Segment
from outreach.intake.hl7.patient import default_authority, patient_data
from outreach.intake.hl7.times import hl7_moment
from outreach.intake.interface import Arrival
from outreach.intake.local_time import Moment, doubt_note

_BY_TRIGGER = MappingProxyType(
    {
        "S12": (EventKind.APPOINTMENT_BOOKED, AppointmentStatus.BOOKED),
        "S13": (EventKind.APPOINTMENT_RESCHEDULED, AppointmentStatus.BOOKED),
        "S15": (EventKind.APPOINTMENT_CANCELLED, AppointmentStatus.CANCELLED),
        "S16": (EventKind.APPOINTMENT_CANCELLED, AppointmentStatus.CANCELLED),
        "S17": (EventKind.APPOINTMENT_CANCELLED, AppointmentStatus.ENTERED_IN_ERROR),
        "S26": (EventKind.APPOINTMENT_NOSHOW, AppointmentStatus.NOSHOW),
    }
)
_MODIFIED = frozenset({"S14", "S18", "S19", "S20", "S21", "S22"})
"""S18-S22 add, change or remove a service or resource: a modification of the visit like S14."""

_KIND_OF_STATUS = MappingProxyType(
    {
        AppointmentStatus.CANCELLED: EventKind.APPOINTMENT_CANCELLED,
        AppointmentStatus.ENTERED_IN_ERROR: EventKind.APPOINTMENT_CANCELLED,
        AppointmentStatus.NOSHOW: EventKind.APPOINTMENT_NOSHOW,
        AppointmentStatus.ARRIVED: EventKind.APPOINTMENT_CHECKED_IN,
        AppointmentStatus.CHECKED_IN: EventKind.APPOINTMENT_CHECKED_IN,
    }
)
_START_FIELDS = (("AIS", 4), ("AIL", 6), ("AIP", 6), ("AIG", 8))
_SECONDS_IN = MappingProxyType(
    {"S": 1, "SEC": 1, "M": 60, "MIN": 60, "H": 3600, "HR": 3600, "D": 86400, "": 60}
)
_UNIT_STEMS = ("SEC", "MIN", "HR", "HOUR", "DAY")
_LONGEST_VISIT = timedelta(days=7)
_PLACED = frozenset(
    {AppointmentStatus.BOOKED, AppointmentStatus.PENDING, AppointmentStatus.PROPOSED}
)

TRIGGERS = frozenset(_BY_TRIGGER) | _MODIFIED


@dataclass(frozen=True, slots=True)
class _When:
    start: Moment | None
    end: datetime | None


def visit_event(
    message: Message, header: Header, arrival: Arrival
) -> tuple[ItemKind, SchedulingEvent]:
    """The event of one SIU message whose trigger is in ``TRIGGERS``.

    Raises:
        BadInput: 100 without SCH or PID, 101 without an id or a start that the event needs,
            102 for a start that does not exist.
    """
    sch = message.first("SCH")
    if sch is None:
        raise BadInput("100", "SCH segment is missing")
    kind, status = _what(message, header, sch, arrival)
    site, zone = arrival.zone_at(_places(message, header))
    when = _when(message, sch, zone)
    if when.start is None and status in _PLACED:
        raise BadInput("101", "no start time in TQ1-7, SCH-11, AIS-4, AIL-6, AIP-6 or AIG-8")
    patient = patient_data(message, message.first("PID"), arrival, header.sent_at)
    visit = AppointmentData(
        identifiers=_visit_identifiers(message, sch, arrival),
        start=when.start.at if when.start else None,
        end=when.end,
        status=status,
        service=_service(message, sch, arrival),
        site=site,
        date_only=when.start is not None and when.start.date_only,
    )
    event = SchedulingEvent(arrival.source, header.event_id, kind, header.sent_at, patient, visit)
    return ItemKind.APPOINTMENT, event


def _what(
    message: Message, header: Header, sch: Segment, arrival: Arrival
) -> tuple[EventKind, AppointmentStatus]:
    """What happened, and the status after it."""
    written = message.value(sch, 25) or message.value(sch, 25, 2)
    said = arrival.status_named(written) if written else None
    if said is None and written:
        said = arrival.status_named(message.value(sch, 25, 2))
        if said is None:
            message.notes.append("SCH-25: status word is not in this interface's table")
    if header.trigger in _MODIFIED:
        status = said or AppointmentStatus.BOOKED
        return _KIND_OF_STATUS.get(status, EventKind.APPOINTMENT_RESCHEDULED), status
    kind, status = _BY_TRIGGER[header.trigger]
    if said is not None and said is not status:
        message.notes.append(f"SCH-25: says {said}; the trigger {header.trigger} outranks it")
    return kind, status


def _visit_identifiers(message: Message, sch: Segment, arrival: Arrival) -> tuple[Identifier, ...]:
    """The filler's number (SCH-2), then the placer's (SCH-1), each under EI.2 or MSH-4."""
    found: list[Identifier] = []
    for field in (2, 1):
        value = message.value(sch, field)
        if value:
            system = (
                message.value(sch, field, 2)
                or message.value(sch, field, 3)
                or default_authority(message, arrival.settings)
            )
            one = Identifier(system, value)
            if one not in found:
                found.append(one)
    if not found:
        raise BadInput("101", "SCH-1, SCH-2: no appointment identifier")
    return tuple(found)


def _when(message: Message, sch: Segment, zone: ZoneInfo) -> _When:
    """Start and end by the order of trust: TQ1, SCH-11, then the first resource with a start."""
    for segment, field, component in _written_times(message, sch):
        text = message.value(segment, field, component)
        if not text:
            continue
        place = f"{segment[0]}-{field}" + (f".{component}" if segment[0] == "SCH" else "")
        start = hl7_moment(text, zone, place)
        _note_start(message, start, place, guessed=segment[0].startswith("AI"))
        end = _end(message, sch, segment, start, zone)
        return _When(start, end)
    return _When(None, None)


def _written_times(message: Message, sch: Segment) -> list[tuple[Segment, int, int]]:
    """Every place a start may stand: (segment, field, component), most trusted first."""
    places: list[tuple[Segment, int, int]] = [(tq1, 7, 1) for tq1 in message.every("TQ1")]
    places.append((sch, 11, 4))
    for name, field in _START_FIELDS:
        places += [(segment, field, 1) for segment in message.every(name)]
    return places


def _note_start(message: Message, start: Moment, place: str, *, guessed: bool) -> None:
    if guessed:
        message.notes.append(f"{place}: start taken from a resource, not from the visit itself")
    if start.date_only:
        message.notes.append(f"{place}: a day without a time; no text can name an hour")
    if note := doubt_note(start, place):
        message.notes.append(note)


def _end(
    message: Message, sch: Segment, origin: Segment, start: Moment, zone: ZoneInfo
) -> datetime | None:
    """The written end, else start plus SCH-9 in SCH-10's unit; None when neither makes sense."""
    written = message.value(origin, 8) if origin[0] == "TQ1" else message.value(sch, 11, 5)
    if written:
        try:
            end = hl7_moment(written, zone, "end").at
        except BadInput:
            message.notes.append("SCH-11.5: end is not a time that exists; left out")
        else:
            if end >= start.at:
                return end
            message.notes.append("SCH-11.5: end is before the start; left out")
    length = _length(message, sch)
    return None if length is None or start.date_only else start.at + length


def _length(message: Message, sch: Segment) -> timedelta | None:
    amount = message.value(sch, 9)
    unit = message.value(sch, 10).upper()
    if unit not in _SECONDS_IN:
        unit = next((stem[:1] for stem in _UNIT_STEMS if unit.startswith(stem)), unit)
    if not amount.isascii() or not amount.isdigit() or len(amount) > 6 or unit not in _SECONDS_IN:
        return None
    length = timedelta(seconds=int(amount) * _SECONDS_IN[unit])
    return length if timedelta(0) < length <= _LONGEST_VISIT else None


def _service(message: Message, sch: Segment, arrival: Arrival) -> str | None:
    """The service's name, else its code, from the first filled field the interface trusts."""
    for place in arrival.settings.service_fields:
        name, _, field = place.partition("-")
        segment = sch if name == "SCH" else message.first(name)
        if not field.isdigit():
            continue
        text = message.value(segment, int(field), 2) or message.value(segment, int(field))
        if text:
            return text
    return None


def _places(message: Message, header: Header) -> tuple[str, ...]:
    """How the site may be written: AIL-3, else PV1-3; point of care, facility, description."""
    for name in ("AIL", "PV1"):
        segment = message.first(name)
        found = [message.value(segment, 3, part) for part in (1, 4, 9, 2)]
        if any(found):
            also = [message.value(segment, 4, 2)] if name == "AIL" else []
            return tuple(one for one in (*found, *also, header.facility) if one)
    return ()
