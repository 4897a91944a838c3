"""The native event, its published schema, and CloudEvents around it."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.events import (
    AppointmentStatus,
    ContactRole,
    EventKind,
    Identifier,
    ItemKind,
    Telecom,
)
from outreach.intake.native import schema_text
from tests.intake.conftest import (
    FEEDS,
    RECEIVED,
    Read,
    event_of,
    intake,
    only,
    patient_of,
    problem_of,
    visit_of,
)
from tests.intake.schema_check import violations

SCHEMA: dict[str, Any] = json.loads(schema_text())


def native(kind: str = "appointment.booked", **parts: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "type": kind,
        "occurred_at": "2027-03-01T09:00:00-05:00",
        "patient": {"ids": [{"system": "CGI", "value": "77"}], "family": "Larkspur"},
        "appointment": {"ids": [{"value": "V1"}], "start": "2027-03-15T09:00:00-04:00"},
        "regimen": {"ids": [{"value": "R1"}], "dose_dates": ["2027-03-04"]},
        "merge": {"prior_ids": [{"system": "CGI", "value": "66"}]},
        **parts,
    }


def send(read: Read, value: object) -> Any:
    return only(read(json.dumps(value)))


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_type_of_the_schema_is_read(read: Read, kind: EventKind) -> None:
    value = native(kind)
    value["appointment"]["actual_end"] = "2027-03-15T12:00:00-04:00"
    assert violations(SCHEMA, value) == []
    item = send(read, value)
    assert event_of(item).kind is kind
    assert item.trigger == kind.value
    assert (event_of(item).source, event_of(item).event_id) == ("ehr", "e1")


def test_schema_and_code_have_the_same_words() -> None:
    shapes = SCHEMA["$defs"]
    assert set(SCHEMA["properties"]["type"]["enum"]) == {kind.value for kind in EventKind}
    statuses = shapes["appointment"]["properties"]["status"]["enum"]
    assert set(statuses) == {status.value for status in AppointmentStatus}
    assert set(shapes["phone"]["properties"]["role"]["enum"]) == {
        role.value for role in ContactRole
    }


@pytest.mark.parametrize("feed", sorted(FEEDS.glob("event_*.json")), ids=lambda path: path.name)
def test_example_feeds_follow_the_schema(feed: Any) -> None:
    assert violations(SCHEMA, json.loads(feed.read_text())) == []


VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
IDS = st.lists(st.fixed_dictionaries({"system": VALUES, "value": VALUES}), min_size=1, max_size=3)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda at: f"{at:%FT%T}Z")  # noqa: DTZ001


@given(
    st.fixed_dictionaries(
        {
            "id": VALUES,
            "type": st.just("infusion.completed"),
            "occurred_at": INSTANTS,
            "patient": st.fixed_dictionaries({"ids": IDS}, optional={"deceased": st.booleans()}),
            "appointment": st.fixed_dictionaries(
                {"ids": IDS, "actual_end": INSTANTS}, optional={"lots": st.lists(VALUES)}
            ),
        },
        optional={"source": VALUES},
    )
)
def test_what_the_schema_allows_is_taken_without_loss(value: dict[str, Any]) -> None:
    assert violations(SCHEMA, value) == []
    event = event_of(
        only(intake()(json.dumps(value).encode(), "application/json", "ehr", RECEIVED))
    )
    assert event.event_id == value["id"]
    assert event.patient.identifiers == tuple(
        dict.fromkeys(Identifier(one["system"], one["value"]) for one in value["patient"]["ids"])
    )
    assert event.patient.deceased == value["patient"].get("deceased")
    assert event.appointment is not None
    assert event.appointment.actual_end == datetime.fromisoformat(
        value["appointment"]["actual_end"]
    )
    assert list(event.appointment.lots) == value["appointment"].get("lots", [])


def test_a_visit_in_full(read: Read) -> None:
    value = native()
    value["appointment"] |= {
        "end": "2027-03-15T12:00:00-04:00",
        "service": "IVIG",
        "location": "LAKE",
        "first_visit": True,
    }
    value["patient"] |= {
        "phones": ["2025550121", {"value": "2025550122", "mobile": True, "role": "guardian"}],
        "email": "nell@example.org",
        "language": "Spanish",
        "zone": "America/Denver",
    }
    item = send(read, value)
    visit, patient = visit_of(item), patient_of(item)
    assert (visit.start, visit.site, visit.first_visit) == (
        datetime(2027, 3, 15, 13, tzinfo=UTC),
        "LAKE",
        True,
    )
    assert patient.telecoms == (
        Telecom("2025550121", "phone", rank=0),
        Telecom("2025550122", "phone", True, ContactRole.GUARDIAN, 1),
        Telecom("nell@example.org", "email", rank=2),
    )
    assert (patient.language, patient.zone) == ("es", "America/Denver")


def test_a_local_time_is_the_site_s(read: Read) -> None:
    value = native(appointment={"ids": ["V1"], "start": "2027-03-15T09:00", "location": "LAKE"})
    item = send(read, value)
    assert visit_of(item).start == datetime(2027, 3, 15, 14, tzinfo=UTC)
    assert any("no offset" in note for note in item.warnings)


def test_the_type_outranks_a_written_status(read: Read) -> None:
    value = native("appointment.cancelled")
    value["appointment"]["status"] = "booked"
    item = send(read, value)
    assert visit_of(item).status is AppointmentStatus.CANCELLED
    assert item.warnings


def test_dose_days_get_the_usual_hour_and_come_in_order(read: Read) -> None:
    value = native("regimen.prescribed")
    value["regimen"]["dose_dates"] = ["2027-03-18", "2027-03-04T18:30:00-05:00", "2027-03-18"]
    regimen = event_of(send(read, value)).regimen
    assert regimen is not None
    assert regimen.doses == (
        datetime(2027, 3, 4, 23, 30, tzinfo=UTC),
        datetime(2027, 3, 18, 13, tzinfo=UTC),
    )


def changed(**parts: Any) -> dict[str, Any]:
    return native(**parts)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (changed(patient={}), "required"),
        (changed(patient="77"), "required"),
        (changed(appointment={"start": "2027-03-15T09:00:00Z"}), "required"),
        (changed(appointment={"ids": ["V1"]}), "required"),
        (changed(appointment={"ids": ["V1"], "start": "2027-02-30"}), "value"),
        (changed(appointment={"ids": ["V1"], "start": "2027-03-15", "status": "foo"}), "value"),
        (
            changed(
                appointment={
                    "ids": ["V1"],
                    "start": "2027-03-15T09:00:00Z",
                    "end": "2027-03-15T08:00:00Z",
                }
            ),
            "invariant",
        ),
        (changed(kind="regimen.changed", regimen={"ids": ["R1"], "dose_dates": [7]}), "value"),
        (
            changed(kind="patient.merged", merge={"prior_ids": [{"system": "CGI", "value": "77"}]}),
            "invariant",
        ),
        (changed(kind="patient.merged", merge=None), "required"),
        ({"patient": {"ids": ["77"]}}, "required"),
    ],
)
def test_rejected(read: Read, value: dict[str, Any], code: str) -> None:
    problem = problem_of(send(read, value))
    assert problem.code == code
    assert "Larkspur" not in problem.message


def test_an_unknown_type_is_ignored(read: Read) -> None:
    assert send(read, native("invoice.paid")).kind is ItemKind.IGNORED


def cloud(**parts: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "ce-1",
        "source": "/scheduler",
        "type": "org.example.appointment.booked",
        "time": "2027-02-28T00:00:00Z",
        **parts,
    }


def test_a_cloud_event_fills_in_what_its_data_leaves_out(read: Read) -> None:
    data = native()
    for key in ("id", "type", "occurred_at"):
        del data[key]
    for envelope in (
        cloud(data=data),
        cloud(data=json.dumps(data)),
        cloud(data_base64=b64encode(json.dumps(data).encode()).decode()),
    ):
        event = event_of(send(read, envelope))
        assert (event.event_id, event.source, event.kind) == (
            "ce-1",
            "/scheduler",
            EventKind.APPOINTMENT_BOOKED,
        )
        assert event.occurred_at == datetime(2027, 2, 28, tzinfo=UTC)


def test_the_data_of_a_cloud_event_outranks_its_envelope(read: Read) -> None:
    assert event_of(send(read, cloud(data=native("appointment.noshow")))).event_id == "e1"


@pytest.mark.parametrize("broken", [{}, {"data": 7}, {"data_base64": "@@"}, {"data": "{"}])
def test_a_broken_cloud_event_is_rejected(read: Read, broken: dict[str, Any]) -> None:
    assert problem_of(send(read, cloud(**broken))).code in {"required", "structure"}


def test_fields_this_reader_does_not_take_are_named(read: Read) -> None:
    value = native(note="x")
    value["patient"] |= {"telecom": [{"value": "202"}], "nickname": "Larkspur", "Robin 1": 1}
    value["appointment"]["room"] = "4"
    assert only(read(json.dumps(value))).warnings == (
        "note: not a field of this event; left out",
        "patient.telecom: not a field of this event; left out",
        "patient.nickname: not a field of this event; left out",
        "appointment.room: not a field of this event; left out",
        "1 more fields that are not of this event; left out",
    )


def test_every_field_of_the_schema_is_taken_without_a_word(read: Read) -> None:
    for name in ("patient", "appointment", "regimen"):
        properties = SCHEMA["$defs"][name]["properties"]
        value = native()
        value[name] = {**dict.fromkeys(properties), **value[name]}
        assert not [
            note for note in only(read(json.dumps(value))).warnings if "not a field" in note
        ]


def test_an_infusion_that_names_no_end_is_taken(read: Read) -> None:
    visit = event_of(send(read, native("infusion.completed"))).appointment
    assert visit is not None
    assert visit.actual_end is None


def test_other_names_for_fields_are_understood(read: Read) -> None:
    value = native()
    value["patient"] = {
        "id": "77",
        "name": "Robin May Larkspur",
        "dob": "1990-02-03",
        "mobile": "2025550121",
        "preferred_language": "es",
        "time_zone": "America/Denver",
        "zip": "80202",
    }
    value["appointment"] = {
        "id": "V1",
        "start_time": "2027-03-15T09:00:00-04:00",
        "service_type": "IVIG",
        "first_infusion": True,
    }
    item = send(read, value)
    assert not [note for note in item.warnings if "not a field" in note]
    event = event_of(item)
    patient, visit = event.patient, event.appointment
    assert (patient.given, patient.family) == ("Robin May", "Larkspur")
    assert (patient.zone, patient.postal_code, patient.language) == (
        "America/Denver",
        "80202",
        "es",
    )
    assert patient.birth_date is not None
    assert patient.telecoms is not None
    assert visit is not None
    assert (visit.service, visit.first_visit) == ("IVIG", True)


def test_the_published_name_outranks_another(read: Read) -> None:
    value = native()
    value["patient"] |= {"postal_code": "20001", "zip": "80202"}
    assert event_of(send(read, value)).patient.postal_code == "20001"


@pytest.mark.parametrize(
    "parts",
    [
        {"infusion": {"end": "2027-03-15T12:05:00-04:00", "lots": ["L1"]}},
        {"actual_end": "2027-03-15T12:05:00-04:00", "infusion": {"lot_numbers": ["L1"]}},
    ],
)
def test_what_happened_may_stand_beside_what_was_planned(read: Read, parts: dict[str, Any]) -> None:
    visit = event_of(send(read, native("infusion.completed", **parts))).appointment
    assert visit is not None
    assert visit.actual_end == datetime(2027, 3, 15, 16, 5, tzinfo=UTC)
    assert visit.lots == ("L1",)


@pytest.mark.parametrize(
    "written",
    [
        {"details": {"lots": ["L1", "L2"], "tracking": "T1"}},
        {"shipment": {"lot_numbers": ["L1", "L2"], "tracking_number": "T1"}},
        {"details": {"tracking": "T1"}, "lots": ["L1", {"number": "L2"}]},
    ],
)
def test_a_shipment_names_its_lots(read: Read, written: dict[str, Any]) -> None:
    event = event_of(send(read, native("shipment.sent", **written)))
    assert (event.lots, event.details) == (("L1", "L2"), {"tracking": "T1"})


@pytest.mark.parametrize(
    ("written", "lots"), [(4471, ("4471",)), ([4471, "A1"], ("4471", "A1")), ({}, ()), ([None], ())]
)
def test_a_lot_of_another_form_is_not_lost(
    read: Read, written: object, lots: tuple[str, ...]
) -> None:
    value = native("infusion.completed")
    value["appointment"] |= {"lot": written}
    event = event_of(send(read, value))
    assert event.appointment is not None
    assert event.appointment.lots == lots


def test_lots_beside_a_visit_belong_to_it(read: Read) -> None:
    event = event_of(send(read, native("infusion.started", lots=["L1"])))
    assert event.appointment is not None
    assert (event.appointment.lots, event.lots) == (("L1",), ())


def test_facts_of_a_shipment_or_an_approval_may_stand_in_an_object_of_their_own(read: Read) -> None:
    value = native(
        "authorization.expiring", authorization={"id": "PA7", "expires_on": "2027-05-01"}
    )
    assert event_of(send(read, value)).details == {"reference": "PA7", "expires": "2027-05-01"}


def test_contacts_say_whose_they_are_and_what_the_patient_permits_and_wishes(read: Read) -> None:
    value = native()
    value["patient"] |= {
        "phones": [
            {"value": "+12025550123"},
            {"value": "+12025550140", "role": "caregiver", "permitted": True, "preferred": True},
            {"value": "+12025550141", "role": "parent", "permitted": False},
        ],
        "emails": [{"value": "a@mail.example", "role": "guardian"}],
    }
    assert violations(SCHEMA, value) == []
    found = patient_of(send(read, value)).telecoms or ()
    assert [(one.role, one.permitted, one.preferred) for one in found] == [
        (ContactRole.SELF, None, False),
        (ContactRole.CAREGIVER, True, True),
        (ContactRole.PARENT, False, False),
        (ContactRole.GUARDIAN, None, False),
    ]
