"""Tables: loose headers, dates as people write them, bad rows by their line."""

from datetime import UTC, date, datetime

import pytest

from outreach.domain.events import EventKind, Identifier, ItemKind, Telecom
from tests.intake.conftest import Read, event_of, only, patient_of, problem_of, visit_of

HEAD = "Appt ID,MRN,Start,Status\n"


def row(read: Read, header: str, cells: str) -> object:
    return only(read(f"{header}\n{cells}\n", "text/csv"))


def test_good_rows_stand_and_bad_ones_name_their_line(read: Read) -> None:
    table = (
        HEAD
        + "V1,77,2027-03-15 09:00,Booked\n\nV2,,2027-03-15 09:00,\n"
        + "V3,78,2027-02-30,\nV4,79,2027-03-16 09:00,\n"
    )
    items = read(table, "text/csv")
    assert [item.trigger for item in items] == ["row 2", "row 4", "row 5", "row 6"]
    assert [item.kind for item in items] == ["appointment", "rejected", "rejected", "appointment"]
    assert problem_of(items[1]).message == "row 4: no patient record number"
    assert problem_of(items[2]).code == "value"


def test_every_item_can_be_read_again_alone(read: Read) -> None:
    items = read(HEAD + "V1,77,2027-03-15 09:00,Booked\nV2,78,2027-03-16 09:00,Booked\n")
    again = only(read(items[1].raw))
    assert event_of(again) == event_of(items[1])


@pytest.mark.parametrize(
    "header", ["appointment_id;patient id;START TIME", "Appt. ID\tM.R.N.\tDate/Time"]
)
def test_headers_are_recognised_loosely(read: Read, header: str) -> None:
    delimiter = ";" if ";" in header else "\t"
    table = f"{header}\n" + delimiter.join(("V1", "77", "2027-03-15T09:00:00-04:00")) + "\n"
    visit = visit_of(only(read(table)))
    assert visit.identifiers == (Identifier("ehr", "V1"),)
    assert visit.start == datetime(2027, 3, 15, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "utc"),
    [
        ("3/15/2027", "9:00 AM", "2027-03-15T13:00"),
        ("3/15/27", "9:00PM", "2027-03-16T01:00"),
        ("03/15/2027", "12:30 a.m.", "2027-03-15T04:30"),
        ("2027-03-15", "14:15", "2027-03-15T18:15"),
        ("15.3.2027", "14:15:00", "2027-03-15T18:15"),
        ("03/15/2027", "9 am", "2027-03-15T13:00"),
    ],
)
def test_dates_and_times_as_people_write_them(read: Read, day: str, clock: str, utc: str) -> None:
    item = only(read(f"id,mrn,date,time\nV1,77,{day},{clock}\n"))
    assert visit_of(item).start == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("clock", ["25:00", "13:00 pm", "9", "noon", "9:61"])
def test_times_that_do_not_exist(read: Read, clock: str) -> None:
    assert problem_of(only(read(f"id,mrn,date,time\nV1,77,3/15/2027,{clock}\n"))).code == "value"


def test_a_row_in_full(read: Read) -> None:
    table = (
        "Visit ID,MRN,Authority,Patient Name,DOB,Cell,Home Phone,E-Mail,Language,Zip,"
        "Start,Duration (min),Visit Type,Location,New Patient\n"
        'V1,77,CGI,"Larkspur, Nell",12/24/59,2025550121,2025550122,nell@example.org,Spanish,20001,'
        "3/15/2027 9:00 AM,90,Infusion,LAKE,Y\n"
    )
    item = only(read(table))
    patient, visit = patient_of(item), visit_of(item)
    assert (patient.family, patient.given) == ("Larkspur", "Nell")
    assert patient.birth_date == date(1959, 12, 24)
    assert patient.identifiers == (Identifier("CGI", "77"),)
    assert patient.telecoms == (
        Telecom("2025550121", "phone", True),
        Telecom("2025550122", "phone", rank=1),
        Telecom("nell@example.org", "email", rank=2),
    )
    assert (patient.language, patient.postal_code) == ("es", "20001")
    assert visit.start == datetime(2027, 3, 15, 14, tzinfo=UTC)
    assert visit.end == datetime(2027, 3, 15, 15, 30, tzinfo=UTC)
    assert (visit.site, visit.service, visit.first_visit) == ("LAKE", "Infusion", True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("Canceled", EventKind.APPOINTMENT_CANCELLED),
        ("no show", EventKind.APPOINTMENT_NOSHOW),
        ("Checked-In", EventKind.APPOINTMENT_CHECKED_IN),
        ("", EventKind.APPOINTMENT_BOOKED),
    ],
)
def test_statuses(read: Read, status: str, kind: EventKind) -> None:
    assert event_of(only(read(f"{HEAD}V1,77,2027-03-15 09:00,{status}\n"))).kind is kind


def test_unknown_status_and_end_before_start(read: Read) -> None:
    assert problem_of(only(read(HEAD + "V1,77,2027-03-15 09:00,maybe\n"))).code == "value"
    table = "id,mrn,start,end\nV1,77,2027-03-15 09:00,8:00\n"
    assert problem_of(only(read(table))).code == "invariant"


@pytest.mark.parametrize(
    ("header", "missing"),
    [("id,start", "record number"), ("mrn,start", "appointment's id"), ("id,mrn", "the start")],
)
def test_a_table_without_a_needed_column_is_refused_whole(
    read: Read, header: str, missing: str
) -> None:
    item = only(read(f"{header}\n1,2\n3,4\n", "text/csv"))
    assert item.kind is ItemKind.REJECTED
    assert missing in problem_of(item).message


def test_other_encodings_and_broken_quotes(read: Read) -> None:
    latin = "id,mrn,start,last name\nV1,77,2027-03-15 09:00,Núñez\n".encode("cp1252")
    assert patient_of(only(read(latin))).family == "Núñez"
    endless = HEAD + 'V1,77,2027-03-15 09:00,\nV2,78,"' + "x" * 200_000
    assert [item.kind for item in read(endless)] == ["appointment", "rejected"]
