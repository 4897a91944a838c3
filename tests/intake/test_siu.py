"""SIU: what each trigger means, where ids and times are found, and what is quarantined."""

from datetime import UTC, datetime, timedelta

import pytest

from outreach.domain.events import AppointmentStatus, EventKind, Identifier, ItemKind
from outreach.intake.interface import STATUS_WORDS, InterfaceSettings
from tests.intake.conftest import (
    RECEIVED,
    Read,
    event_of,
    only,
    patient_of,
    problem_of,
    siu,
    visit_of,
)


@pytest.mark.parametrize(
    ("trigger", "kind", "status"),
    [
        ("S12", "appointment.booked", "booked"),
        ("S13", "appointment.rescheduled", "booked"),
        ("S14", "appointment.rescheduled", "booked"),
        ("S15", "appointment.cancelled", "cancelled"),
        ("S16", "appointment.cancelled", "cancelled"),
        ("S17", "appointment.cancelled", "entered-in-error"),
        ("S19", "appointment.rescheduled", "booked"),
        ("S26", "appointment.noshow", "noshow"),
    ],
)
def test_the_trigger_decides_even_against_sch_25(
    read: Read, trigger: str, kind: str, status: str
) -> None:
    item = only(read(siu(trigger, status="Booked")))
    assert (item.kind, item.trigger) == (ItemKind.APPOINTMENT, trigger)
    assert event_of(item).kind == kind
    assert visit_of(item).status == status
    assert bool(item.warnings) == (status != "booked")


@pytest.mark.parametrize(
    ("word", "kind", "status"),
    [
        ("Cancelled", EventKind.APPOINTMENT_CANCELLED, AppointmentStatus.CANCELLED),
        ("No-Show", EventKind.APPOINTMENT_NOSHOW, AppointmentStatus.NOSHOW),
        ("Checked In", EventKind.APPOINTMENT_CHECKED_IN, AppointmentStatus.CHECKED_IN),
        ("ARR^Arrived", EventKind.APPOINTMENT_CHECKED_IN, AppointmentStatus.ARRIVED),
        ("Complete", EventKind.APPOINTMENT_RESCHEDULED, AppointmentStatus.FULFILLED),
    ],
)
def test_s14_takes_its_status_from_the_table(
    read: Read, word: str, kind: EventKind, status: AppointmentStatus
) -> None:
    item = only(read(siu("S14", status=word)))
    assert (event_of(item).kind, visit_of(item).status) == (kind, status)


def test_a_clinic_may_have_its_own_status_words(read: Read) -> None:
    own = InterfaceSettings(status_words={**STATUS_WORDS, "xc": AppointmentStatus.CANCELLED})
    assert visit_of(only(read(siu("S14", status="XC"), "", own))).status == "cancelled"
    unknown = only(read(siu("S14", status="XC")))
    assert visit_of(unknown).status == "booked"
    assert any("SCH-25" in note for note in unknown.warnings)


def test_ids_are_filler_then_placer_under_their_authority(read: Read) -> None:
    sch = "P1^PLAC|F1|||||||||^^^20270315090000"
    visit = visit_of(only(read(siu(sch=sch))))
    assert visit.identifiers == (Identifier("CGI", "F1"), Identifier("PLAC", "P1"))


def test_the_event_is_named_by_the_control_id_and_timed_by_the_header(read: Read) -> None:
    event = event_of(only(read(siu())))
    assert (event.source, event.event_id) == ("ehr", "M1")
    assert event.occurred_at == datetime(2027, 3, 1, 14, tzinfo=UTC)


def test_without_a_control_id_or_time_the_event_still_has_both(read: Read) -> None:
    raw = siu(sent="", msh="SIU^S12||P|2.5.1")
    first, again = event_of(only(read(raw))), event_of(only(read(raw)))
    assert first.event_id.startswith("sha256:")
    assert first.event_id == again.event_id
    assert first.occurred_at == RECEIVED


def test_start_comes_from_tq1_then_sch_11_then_a_resource(read: Read) -> None:
    tq1 = "TQ1|1||||||20270316080000|20270316093000"
    assert visit_of(only(read(siu(more=tq1)))).start == datetime(2027, 3, 16, 12, tzinfo=UTC)
    assert visit_of(only(read(siu()))).start == datetime(2027, 3, 15, 13, tzinfo=UTC)
    resource = only(read(siu(start="", end="", more="AIL|1||ROOM|||20270317080000")))
    assert visit_of(resource).start == datetime(2027, 3, 17, 12, tzinfo=UTC)
    assert any("AIL-6" in note for note in resource.warnings)


@pytest.mark.parametrize(
    ("amount", "minutes"),
    [("90|min", 90), ("2|hours", 120), ("3600|s", 60), ("45|M^Minutes", 45), ("45|", 45)],
)
def test_end_is_start_plus_duration_in_any_unit(read: Read, amount: str, minutes: int) -> None:
    visit = visit_of(only(read(siu(sch=f"|F1|||||||{amount}|^^^20270315090000"))))
    assert visit.start is not None
    assert visit.end == visit.start + timedelta(minutes=minutes)


def test_an_end_before_the_start_is_left_out_with_a_warning(read: Read) -> None:
    item = only(read(siu(end="20270315080000")))
    assert visit_of(item).end is None
    assert any("before the start" in note for note in item.warnings)


def test_a_site_with_its_own_zone(read: Read) -> None:
    item = only(read(siu(more="AIL|1||CHAIR 2^^^LAKE")))
    assert visit_of(item).site == "LAKE"
    assert visit_of(item).start == datetime(2027, 3, 15, 14, tzinfo=UTC)
    unknown = only(read(siu(more="PV1|1|O|WARD 9")))
    assert visit_of(unknown).site == "WARD 9"
    assert visit_of(unknown).start == datetime(2027, 3, 15, 13, tzinfo=UTC)


def test_service_by_the_interface_s_order(read: Read) -> None:
    sch = "|F1|||||INF^Infusion|ROUTINE|||^^^20270315090000"
    raw = siu(sch=sch, more="AIS|1||IVIG^IVIG Infusion")
    assert visit_of(only(read(raw))).service == "IVIG Infusion"
    by_reason = InterfaceSettings(service_fields=("SCH-7",))
    assert visit_of(only(read(raw, "", by_reason))).service == "Infusion"


def test_a_day_without_a_time_is_marked(read: Read) -> None:
    item = only(read(siu(start="20270315", end="")))
    assert visit_of(item).date_only
    assert item.warnings


def test_clock_changes_are_flagged(read: Read) -> None:
    item = only(read(siu(start="20270314023000", end="")))
    assert any("skip this local time" in note for note in item.warnings)


def test_a_cancellation_needs_no_start(read: Read) -> None:
    item = only(read(siu("S15", start="", end="")))
    assert visit_of(item).start is None


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (siu(pid=""), "100"),
        (siu(pid="1||||Larkspur^Nell"), "101"),
        (siu(pid="1||123456789^^^USSSA^SS||Larkspur^Nell"), "101"),
        (siu(start="", end=""), "101"),
        (siu(sch="|||||||||||^^^20270315090000"), "101"),
        (siu(start="20261301"), "102"),
        (siu().replace("SCH|", "ZCH|"), "100"),
        (siu(msh="SIU^S12|M1|P|3"), "203"),
        (siu(msh="SIU^S12|M1|Q|2.5.1"), "202"),
        (siu(msh="|M1|P|2.5.1"), "101"),
        (siu(msh="SIU|M1|P|2.5.1"), "101"),
        (siu(more="EVN|S15"), "201"),
    ],
)
def test_quarantine_with_a_code_and_no_personal_data(read: Read, raw: str, code: str) -> None:
    item = only(read(raw))
    assert item.kind is ItemKind.REJECTED
    problem = problem_of(item)
    assert problem.code == code
    assert "Larkspur" not in problem.message
    assert "123456789" not in problem.message
    assert item.raw == raw.encode()


@pytest.mark.parametrize("kind", ["ORU^R01", "SIU^S23", "ADT^A60", "ACK^S12", "SRM^S01"])
def test_other_messages_are_ignored(read: Read, kind: str) -> None:
    assert only(read(siu(msh=f"{kind}|M1|P|2.5.1"))).kind is ItemKind.IGNORED


def test_type_and_trigger_in_one_component(read: Read) -> None:
    assert event_of(only(read(siu(msh="SIU_S15|M1|P|2.5.1")))).kind == "appointment.cancelled"


def test_one_bad_message_does_not_spoil_the_next(read: Read) -> None:
    items = read(siu(start="20261301") + siu("S15") + siu())
    assert [item.kind for item in items] == ["rejected", "appointment", "appointment"]


def test_the_patient_rides_along(read: Read) -> None:
    patient = patient_of(only(read(siu())))
    assert patient.identifiers == (Identifier("CGI", "77"),)
    assert (patient.family, patient.given) == ("Larkspur", "Nell")
