"""Tables of visits (CSV and its relatives) -> parsed items, one a row, bad rows by their line."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.domain.events import (
    AppointmentData,
    AppointmentStatus,
    EventKind,
    Identifier,
    ItemKind,
    ParsedItem,
    PatientData,
    Problem,
    SchedulingEvent,
    Telecom,
)
from outreach.intake.cell_times import cell_day, cell_moment, is_clock
from outreach.intake.interface import Arrival
from outreach.intake.languages import language_tag
from outreach.intake.local_time import Moment, NotATime, doubt_note
from outreach.intake.text import clean

_HEADERS = """
patient: patientid mrn medicalrecordnumber patientmrn chart chartnumber patientnumber recordnumber
patient_system: patientsystem mrnsystem authority assigningauthority
family: family familyname lastname last surname patientlastname
given: given givenname firstname first patientfirstname
name: name patientname patient fullname
birth_date: birthdate dob dateofbirth birthday patientdob
mobile: mobile mobilephone cell cellphone mobilenumber cellnumber
phone: phone phonenumber telephone tel contactnumber patientphone homephone
email: email emailaddress mail patientemail
language: language preferredlanguage lang
postal_code: zip zipcode postalcode postcode
visit: appointmentid apptid appointment visitid bookingid appointmentnumber visitnumber id
visit_system: appointmentsystem visitsystem
start: start starttime startdatetime appointmentstart appointmentdatetime datetime begin
date: date appointmentdate apptdate visitdate day
time: time appointmenttime appttime visittime
end: end endtime enddatetime appointmentend finish
minutes: duration minutes durationminutes durationmin durationmins length lengthminutes
status: status appointmentstatus apptstatus state
service: service visittype appointmenttype appttype type reason servicetype
site: site location clinic place facility department
first_visit: firstvisit newpatient isfirst new
"""
_FIELD_OF = MappingProxyType(
    {
        name: line.partition(":")[0]
        for line in _HEADERS.strip().splitlines()
        for name in line.partition(":")[2].split()
    }
)
_DELIMITERS = ",;\t|"
_KIND_OF = MappingProxyType(
    {
        AppointmentStatus.CANCELLED: EventKind.APPOINTMENT_CANCELLED,
        AppointmentStatus.ENTERED_IN_ERROR: EventKind.APPOINTMENT_CANCELLED,
        AppointmentStatus.NOSHOW: EventKind.APPOINTMENT_NOSHOW,
        AppointmentStatus.ARRIVED: EventKind.APPOINTMENT_CHECKED_IN,
        AppointmentStatus.CHECKED_IN: EventKind.APPOINTMENT_CHECKED_IN,
    }
)
_MAX_MINUTES = 7 * 24 * 60
_YES = frozenset({"y", "yes", "true", "1", "x"})
_NO = frozenset({"n", "no", "false", "0"})


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one row by our field names, all harmless text."""

    cells: Mapping[str, str]
    arrival: Arrival
    notes: list[str]

    def __getitem__(self, field: str) -> str:
        return self.cells.get(field, "")


def looks_like_table(text: str) -> bool:
    """True when the first filled line has at least two known column names."""
    first = next((line for line in text[:65536].splitlines() if line.strip()), "")
    return len(_columns(_split(first, _delimiter(first)))) >= 2


def read_csv(raw: bytes, arrival: Arrival) -> list[ParsedItem]:
    """The items of a table whose first row names the columns.

    Column names are compared by their letters and digits alone, with the usual synonyms. A bad
    row is rejected as ``row N`` (N is its line in the file) with its reason; the others stand.
    Each item keeps the header beside its row, so that it can be read again alone.
    """
    text = _decoded(raw)
    header_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = _delimiter(header_line)
    items: list[ParsedItem] = []
    columns: dict[int, str] | None = None
    header = b""
    for line, cells, problem in _rows(text, delimiter):
        if len(items) > arrival.settings.max_items:
            problem = problem or Problem(
                "too-long", f"row {line}: the table is too long; rest unread"
            )
        row = _as_bytes(cells, delimiter)
        if problem is not None:
            items.append(ParsedItem(ItemKind.REJECTED, row, f"row {line}", problem=problem))
            return items
        if columns is None:
            columns, header = _columns(cells), row
            if missing := _missing(set(columns.values())):
                problem = Problem("required", f"row {line}: the table has no column for {missing}")
                return [ParsedItem(ItemKind.REJECTED, raw, f"row {line}", problem=problem)]
        elif any(cell.strip() for cell in cells):
            items.append(_item(line, cells, columns, header + row, arrival))
    return items or [ParsedItem(ItemKind.IGNORED, raw, "row 1")]


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)


def _split(line: str, delimiter: str) -> list[str]:
    return [cell.strip(" \"'\ufeff") for cell in line.split(delimiter)]


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str], Problem | None]]:
    """(line number, cells, None) of each filled row; a row that breaks the table ends it."""
    reader = csv.reader(text.replace("\x00", "").splitlines(keepends=True), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, [], Problem("structure", f"row {line}: a cell that never ends")
            return
        if cells:
            yield line, cells, None


def _as_bytes(cells: list[str], delimiter: str) -> bytes:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return line.getvalue().encode("utf-8", errors="replace")


def _columns(names: list[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for index, name in enumerate(names[:200]):
        field = _FIELD_OF.get("".join(char for char in name.casefold() if char.isalnum()))
        if field is not None and field not in found.values():
            found[index] = field
    return found


def _missing(fields: set[str]) -> str | None:
    if "patient" not in fields:
        return "the patient's record number"
    if "visit" not in fields:
        return "the appointment's id"
    return None if fields & {"start", "date"} else "the start"


def _item(
    line: int, cells: list[str], columns: dict[int, str], raw: bytes, arrival: Arrival
) -> ParsedItem:
    values = {field: clean(cells[at]) for at, field in columns.items() if at < len(cells)}
    row = _Row(values, arrival, [])
    trigger = f"row {line}"
    try:
        event = _event(row, raw)
    except BadInput as error:
        problem = Problem(error.code, f"{trigger}: {error.message}")
        return ParsedItem(ItemKind.REJECTED, raw, trigger, problem=problem)
    return ParsedItem(ItemKind.APPOINTMENT, raw, trigger, event, warnings=tuple(row.notes))


def _event(row: _Row, raw: bytes) -> SchedulingEvent:
    arrival = row.arrival
    own = arrival.settings.authority or arrival.source
    patient = Identifier(row["patient_system"] or own, row["patient"])
    visit = Identifier(row["visit_system"] or own, row["visit"])
    if not patient.value:
        raise BadInput("required", "no patient record number")
    if not visit.value:
        raise BadInput("required", "no appointment id")
    status = _status(row)
    site, zone = arrival.zone_at((row["site"],) if row["site"] else ())
    start, end = _times(row, zone)
    if start is None and status is AppointmentStatus.BOOKED:
        raise BadInput("required", "no start")
    return SchedulingEvent(
        source=arrival.source,
        event_id=f"{visit.value}:{hashlib.sha256(raw).hexdigest()[:16]}",
        kind=_KIND_OF.get(status, EventKind.APPOINTMENT_BOOKED),
        occurred_at=arrival.received_at,
        patient=_patient(row, patient),
        appointment=AppointmentData(
            identifiers=(visit,),
            start=start.at if start else None,
            end=end,
            status=status,
            service=row["service"] or None,
            site=site,
            first_visit=_yes_or_no(row["first_visit"]),
            date_only=start is not None and start.date_only,
        ),
    )


def _status(row: _Row) -> AppointmentStatus:
    if not row["status"]:
        return AppointmentStatus.BOOKED
    status = row.arrival.status_named(row["status"])
    if status is None:
        raise BadInput("value", "the status is not known")
    return status


def _yes_or_no(text: str) -> bool | None:
    word = text.casefold()
    return True if word in _YES else False if word in _NO else None


def _patient(row: _Row, identifier: Identifier) -> PatientData:
    family, given = row["family"], row["given"]
    if row["name"] and not family:
        family, comma, given = (part.strip() for part in row["name"].partition(","))
        if not comma:
            given, _, family = (part.strip() for part in row["name"].rpartition(" "))
    tag = language_tag(row["language"]) if row["language"] else None
    if row["language"] and tag is None:
        row.notes.append("language is not known; left out")
    return PatientData(
        identifiers=(identifier,),
        family=family or None,
        given=given or None,
        birth_date=_birth_date(row),
        telecoms=_telecoms(row),
        language=tag,
        postal_code=row["postal_code"] or None,
    )


def _telecoms(row: _Row) -> tuple[Telecom, ...] | None:
    found: list[Telecom] = []
    for field, mobile in (("mobile", True), ("phone", None)):
        if row[field] and row[field] not in {one.value for one in found}:
            found.append(Telecom(row[field], "phone", mobile, rank=len(found)))
    if "@" in row["email"]:
        found.append(Telecom(row["email"], "email", rank=len(found)))
    elif row["email"]:
        row.notes.append("email is no address; left out")
    return tuple(found) or None


def _birth_date(row: _Row) -> date | None:
    if not row["birth_date"]:
        return None
    try:
        born = cell_day(row["birth_date"][:10], row.arrival.region)
    except NotATime:
        row.notes.append("birth date is not a date; left out")
        return None
    if born > row.arrival.received_at.date():
        return born.replace(year=born.year - 100)
    return born


def _times(row: _Row, zone: ZoneInfo) -> tuple[Moment | None, datetime | None]:
    """The start, and the written end or the start plus the duration."""
    written = row["start"] or f"{row['date']} {row['time']}".strip()
    if row["date"] and row["start"] and is_clock(row["start"]):
        written = f"{row['date']} {row['start']}"
    start = _moment(written, row.arrival.region, zone, "start")
    if start is None:
        return None, None
    if start.date_only:
        row.notes.append("start is a day without a time; no text can name an hour")
    if note := doubt_note(start, "start"):
        row.notes.append(note)
    end = row["end"]
    if end and is_clock(end):
        end = f"{start.at.astimezone(zone).date().isoformat()} {end}"
    ended = _moment(end, row.arrival.region, zone, "end")
    if ended is not None and ended.at < start.at:
        raise BadInput("invariant", "the end is before the start")
    minutes = row["minutes"].split(" ")[0]
    if ended is None and minutes.isascii() and minutes.isdigit() and len(minutes) < 6:
        length = timedelta(minutes=min(int(minutes), _MAX_MINUTES))
        return start, start.at + length if length else None
    return start, ended.at if ended else None


def _moment(written: str, region: str, zone: ZoneInfo, place: str) -> Moment | None:
    if not written:
        return None
    try:
        return cell_moment(written, region, zone)
    except NotATime:
        raise BadInput("value", f"the {place} is not a date and time that exists") from None
