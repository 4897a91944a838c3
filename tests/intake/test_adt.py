"""ADT: demographics, death, merges, and visits booked by A05."""

from datetime import UTC, datetime

import pytest

from outreach.domain.events import AppointmentStatus, EventKind, Identifier, ItemKind
from tests.intake.conftest import Read, event_of, only, patient_of, problem_of, visit_of

PID = "PID|1||77^^^CGI^MR||Larkspur^Nell||19800101|F"


def adt(trigger: str, *segments: str) -> str:
    head = f"MSH|^~\\&|APP|CGI|OUT|CGI|20270301090000-0500||ADT^{trigger}|M1|P|2.5.1"
    return "\r".join((head, f"EVN|{trigger}|20270301090000", *segments)) + "\r"


@pytest.mark.parametrize(
    ("trigger", "kind"),
    [
        ("A01", EventKind.PATIENT_ADMITTED),
        ("A03", EventKind.PATIENT_DISCHARGED),
        ("A08", EventKind.PATIENT_UPDATED),
        ("A11", EventKind.PATIENT_DISCHARGED),
        ("A28", EventKind.PATIENT_UPDATED),
        ("A31", EventKind.PATIENT_UPDATED),
    ],
)
def test_kinds(read: Read, trigger: str, kind: EventKind) -> None:
    item = only(read(adt(trigger, PID)))
    assert item.kind is ItemKind.PATIENT
    assert event_of(item).kind is kind


def test_a_death_in_any_of_them_is_a_death(read: Read) -> None:
    item = only(read(adt("A08", PID + "|" * 22 + "Y")))
    assert event_of(item).kind is EventKind.PATIENT_DECEASED
    assert patient_of(item).deceased is True


def test_a_deleted_person_is_inactive(read: Read) -> None:
    assert patient_of(only(read(adt("A29", PID)))).active is False


@pytest.mark.parametrize("trigger", ["A18", "A34", "A40", "A47"])
def test_merge_keeps_pid_and_ends_mrg(read: Read, trigger: str) -> None:
    item = only(read(adt(trigger, PID, "MRG|66^^^CGI^MR~67^^^CGI^MR")))
    event = event_of(item)
    assert (item.kind, event.kind) == (ItemKind.MERGE, EventKind.PATIENT_MERGED)
    assert event.patient.identifiers == (Identifier("CGI", "77"),)
    assert event.prior_identifiers == (Identifier("CGI", "66"), Identifier("CGI", "67"))


def test_a_message_with_several_merges_gives_several_events(read: Read) -> None:
    second = PID.replace("77", "88")
    items = read(adt("A40", PID, "MRG|66^^^CGI^MR", second, "MRG|65^^^CGI^MR"))
    assert [event_of(item).event_id for item in items] == ["M1", "M1#2"]
    assert [event_of(item).prior_identifiers[0].value for item in items] == ["66", "65"]


@pytest.mark.parametrize(
    ("segments", "code"),
    [
        ((PID,), "100"),
        (("MRG|66^^^CGI^MR",), "100"),
        ((PID, "MRG|"), "101"),
        ((PID, "MRG|77^^^CGI^MR"), "205"),
    ],
)
def test_merges_nobody_could_apply(read: Read, segments: tuple[str, ...], code: str) -> None:
    assert problem_of(only(read(adt("A40", *segments)))).code == code


def pv1(number: str, admitted: str = "") -> str:
    fields = ["PV1", "1", "O", "EAST", *[""] * 41]
    fields[19], fields[44 if len(fields) > 44 else -1] = number, admitted
    return "|".join(fields)


def test_a05_with_a_time_is_a_booking_and_a38_its_cancellation(read: Read) -> None:
    pv2 = "PV2|||INF^Infusion|||||20270315090000"
    booked = only(read(adt("A05", PID, pv1("V9"), pv2)))
    visit = visit_of(booked)
    assert (booked.kind, event_of(booked).kind) == (
        ItemKind.APPOINTMENT,
        EventKind.APPOINTMENT_BOOKED,
    )
    assert visit.identifiers == (Identifier("CGI", "V9"),)
    assert visit.start == datetime(2027, 3, 15, 13, tzinfo=UTC)
    assert (visit.service, visit.site) == ("Infusion", "EAST")
    cancelled = visit_of(only(read(adt("A38", PID, pv1("V9")))))
    assert cancelled.status is AppointmentStatus.CANCELLED


def test_a05_may_give_its_time_in_pv1(read: Read) -> None:
    visit = visit_of(only(read(adt("A05", PID, pv1("V9", "20270315")))))
    assert visit.date_only


def test_a05_without_a_visit_is_demographics(read: Read) -> None:
    item = only(read(adt("A05", PID)))
    assert event_of(item).kind is EventKind.PATIENT_UPDATED
    assert item.warnings
