"""FHIR resources and Bundles: what each tells, references, merges, and what is refused."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from outreach.domain.events import AppointmentStatus, ContactRole, EventKind, Identifier, ItemKind
from tests.intake.conftest import (
    FEEDS,
    RECEIVED,
    Read,
    event_of,
    only,
    patient_of,
    problem_of,
    visit_of,
)


def appointment(**parts: Any) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": "a1",
        "meta": {"versionId": "3", "lastUpdated": "2027-02-28T10:00:00.1234567-05:00"},
        "status": "booked",
        "start": "2027-03-15T09:00:00-04:00",
        "end": "2027-03-15T11:00:00-04:00",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
        **parts,
    }


def person(**parts: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": "urn:mrn", "value": "77"}],
        "name": [{"family": "Larkspur", "given": ["Nell", "Q"]}],
        **parts,
    }


def bundle(*resources: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": one} for one in resources],
    }


def send(read: Read, value: object) -> list[Any]:
    return read(json.dumps(value), "application/fhir+json")


@pytest.mark.parametrize("feed", sorted(FEEDS.glob("fhir_*.json")), ids=lambda path: path.name)
def test_example_feeds_are_valid_r4b(feed: Any) -> None:
    value = json.loads(feed.read_text())
    get_fhir_model_class(value["resourceType"]).model_validate(value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("booked", EventKind.APPOINTMENT_BOOKED),
        ("pending", EventKind.APPOINTMENT_BOOKED),
        ("fulfilled", EventKind.APPOINTMENT_BOOKED),
        ("cancelled", EventKind.APPOINTMENT_CANCELLED),
        ("entered-in-error", EventKind.APPOINTMENT_CANCELLED),
        ("noshow", EventKind.APPOINTMENT_NOSHOW),
        ("arrived", EventKind.APPOINTMENT_CHECKED_IN),
        ("checked-in", EventKind.APPOINTMENT_CHECKED_IN),
    ],
)
def test_appointment_status(read: Read, status: str, kind: EventKind) -> None:
    item = only(send(read, appointment(status=status)))
    assert (item.kind, item.trigger) == (ItemKind.APPOINTMENT, "Appointment")
    assert (event_of(item).kind, visit_of(item).status) == (kind, status)


def test_names_and_times(read: Read) -> None:
    event = event_of(only(send(read, appointment(identifier=[{"system": "urn:v", "value": "V1"}]))))
    assert event.event_id == "Appointment/a1/3"
    assert event.occurred_at == datetime(2027, 2, 28, 15, 0, 0, 123456, tzinfo=UTC)
    assert event.appointment is not None
    assert event.appointment.identifiers == (
        Identifier("urn:v", "V1"),
        Identifier("ehr/Appointment", "a1"),
    )
    assert event.patient.identifiers == (Identifier("ehr/Patient", "p1"),)
    assert event.appointment.start == datetime(2027, 3, 15, 13, tzinfo=UTC)


def test_without_meta_the_event_is_timed_by_its_arrival_and_named_by_its_content(
    read: Read,
) -> None:
    first = event_of(only(send(read, appointment(meta={}))))
    other = event_of(only(send(read, appointment(meta={}, status="noshow"))))
    assert first.occurred_at == RECEIVED
    assert first.event_id != other.event_id


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "https://ehr.example.org/fhir/Patient/p1",
        "Patient/p1/_history/2",
        "https://other.example.com/r4/Patient/p1",
    ],
)
def test_references_of_every_form_find_the_patient_in_the_bundle(
    read: Read, reference: str
) -> None:
    visit = appointment(participant=[{"actor": {"reference": reference}}])
    first, second = send(read, bundle(visit, person()))
    assert patient_of(first).family == "Larkspur"
    assert patient_of(first).identifiers[0] == Identifier("urn:mrn", "77")
    assert event_of(second).kind is EventKind.PATIENT_UPDATED


def test_contained_patients_and_references_by_identifier(read: Read) -> None:
    inside = appointment(contained=[person(id="x")], participant=[{"actor": {"reference": "#x"}}])
    assert patient_of(only(send(read, inside))).identifiers == (Identifier("urn:mrn", "77"),)
    named = appointment(
        participant=[{"actor": {"type": "Patient", "identifier": {"system": "s", "value": "9"}}}]
    )
    assert patient_of(only(send(read, named))).identifiers == (Identifier("s", "9"),)


def test_a_transaction_whose_resources_have_no_ids_yet(read: Read) -> None:
    urn = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    patient = person()
    del patient["id"]
    value = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": urn, "resource": patient, "request": {"method": "POST", "url": "Patient"}},
            {"resource": appointment(participant=[{"actor": {"reference": urn}}])},
        ],
    }
    for item in send(read, value):
        assert Identifier("urn:mrn", "77") in patient_of(item).identifiers


def test_a_backport_notification(read: Read) -> None:
    status = {"resourceType": "Parameters", "parameter": []}
    items = send(read, bundle(status, appointment(), kind="history"))
    assert [item.kind for item in items] == [ItemKind.IGNORED, ItemKind.APPOINTMENT]


def test_deletions_and_strange_entries_are_never_lost(read: Read) -> None:
    value = {
        "resourceType": "Bundle",
        "entry": [
            {"request": {"method": "DELETE", "url": "Appointment/a1"}},
            7,
            {"resource": bundle()},
        ],
    }
    items = send(read, value)
    assert [item.kind for item in items] == ["ignored", "rejected", "rejected"]


def test_place_service_and_its_zone(read: Read) -> None:
    place = {"resourceType": "Location", "id": "l1", "name": "LAKE"}
    visit = appointment(start="2027-03-15T09:00:00", end=None, serviceType=[{"text": "Infusion"}])
    visit["participant"].append({"actor": {"reference": "Location/l1", "display": "By the lake"}})
    first, _ = send(read, bundle(visit, place))
    assert visit_of(first).start == datetime(2027, 3, 15, 14, tzinfo=UTC)
    assert (visit_of(first).site, visit_of(first).service) == ("LAKE", "Infusion")
    assert any("no offset" in note for note in first.warnings)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (appointment(status="foo"), "value"),
        (appointment(status=""), "required"),
        (appointment(participant=[{"actor": {"reference": "Practitioner/d"}}]), "required"),
        (appointment(start=None), "required"),
        (appointment(start="2027-02-30T09:00:00Z"), "value"),
        (appointment(end="2027-03-15T08:00:00-04:00"), "invariant"),
        (person(id="", identifier=[]), "required"),
        (
            person(
                link=[{"type": "replaced-by", "other": {"reference": "Patient/p1"}}], identifier=[]
            ),
            "invariant",
        ),
        ({"resourceType": ""}, "structure"),
        ({"resourceType": "Bundle", "entry": {}}, "structure"),
    ],
)
def test_rejected(read: Read, value: dict[str, Any], code: str) -> None:
    problem = problem_of(only(send(read, value)))
    assert problem.code == code
    assert "Larkspur" not in problem.message


def test_cancellations_need_no_start_and_unknown_resources_are_ignored(read: Read) -> None:
    assert visit_of(only(send(read, appointment(status="cancelled", start=None)))).start is None
    assert only(send(read, {"resourceType": "Slot", "id": "1"})).kind is ItemKind.IGNORED


def test_patient_in_full(read: Read) -> None:
    value = person(
        birthDate="1980-01-01",
        active=True,
        deceasedBoolean=False,
        telecom=[
            {"system": "phone", "value": "2025550120", "use": "old"},
            {"system": "phone", "value": "2025550121", "use": "home"},
            {"system": "phone", "value": "2025550122", "use": "mobile"},
            {"system": "phone", "value": "2025550123", "rank": 1},
            {"system": "sms", "value": "2025550124", "period": {"end": "2026"}},
            {"system": "fax", "value": "2025550125"},
            {"system": "email", "value": "nell@example.org"},
            {"use": "home"},
        ],
        name=[
            {"use": "maiden", "family": "Moss"},
            {"use": "official", "family": "Larkspur", "given": ["Nell"]},
        ],
        communication=[
            {"language": {"coding": [{"code": "en"}]}},
            {"language": {"text": "Spanish"}, "preferred": True},
        ],
        address=[{"postalCode": "20001"}],
    )
    patient = patient_of(only(send(read, value)))
    assert [one.value for one in patient.telecoms or ()] == [
        "2025550123",
        "2025550122",
        "2025550121",
        "nell@example.org",
    ]
    assert (patient.family, patient.given) == ("Larkspur", "Nell")
    assert (patient.birth_date, patient.language) == (date(1980, 1, 1), "es")
    assert (patient.active, patient.deceased, patient.postal_code) == (True, False, "20001")


def test_a_child_s_parent_but_no_adult_s_relative(read: Read) -> None:
    contact = [
        {
            "relationship": [{"coding": [{"code": "MTH"}]}],
            "telecom": [{"system": "phone", "value": "2025550140"}],
        }
    ]
    child = patient_of(only(send(read, person(birthDate="2019-01-01", contact=contact))))
    assert [one.role for one in child.telecoms or ()] == [ContactRole.PARENT]
    adult = patient_of(only(send(read, person(birthDate="1980-01-01", contact=contact))))
    assert not adult.telecoms


def test_death(read: Read) -> None:
    event = event_of(only(send(read, person(deceasedDateTime="2027-01-01"))))
    assert (event.kind, event.patient.deceased) == (EventKind.PATIENT_DECEASED, True)


def test_merge_by_either_link(read: Read) -> None:
    ended = person(
        active=False, link=[{"type": "replaced-by", "other": {"reference": "Patient/p2"}}]
    )
    item = only(send(read, ended))
    assert item.kind is ItemKind.MERGE
    assert event_of(item).patient.identifiers == (Identifier("ehr/Patient", "p2"),)
    assert Identifier("urn:mrn", "77") in event_of(item).prior_identifiers
    survivor = person(link=[{"type": "replaces", "other": {"reference": "Patient/p0"}}])
    event = event_of(only(send(read, survivor)))
    assert event.prior_identifiers == (Identifier("ehr/Patient", "p0"),)
    assert event.patient.family == "Larkspur"


def administration(**parts: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration",
        "id": "m1",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "context": {"reference": "Encounter/e1"},
        "medicationReference": {"reference": "#m"},
        "contained": [{"resourceType": "Medication", "id": "m", "batch": {"lotNumber": "LOT-1"}}],
        "effectivePeriod": {
            "start": "2027-03-15T09:10:00-04:00",
            "end": "2027-03-15T12:40:00-04:00",
        },
        **parts,
    }


ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "Patient/p1"},
    "appointment": [{"reference": "Appointment/a1"}],
    "period": {"start": "2027-03-15T09:00:00-04:00", "end": "2027-03-15T13:00:00-04:00"},
}


def test_an_administration_completes_the_visit_its_encounter_names(read: Read) -> None:
    first, second = send(read, bundle(administration(), ENCOUNTER))
    visit = visit_of(first)
    assert event_of(first).kind is EventKind.INFUSION_COMPLETED
    assert visit.identifiers[0] == Identifier("ehr/Appointment", "a1")
    assert visit.actual_end == datetime(2027, 3, 15, 16, 40, tzinfo=UTC)
    assert (visit.start, visit.lots) == (None, ("LOT-1",))
    assert visit_of(second).actual_end == datetime(2027, 3, 15, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [("in-progress", EventKind.INFUSION_STARTED), ("stopped", EventKind.INFUSION_STOPPED)],
)
def test_administrations_that_did_not_complete(read: Read, status: str, kind: EventKind) -> None:
    assert event_of(only(send(read, administration(status=status)))).kind is kind
    assert only(send(read, administration(status="not-done"))).kind is ItemKind.IGNORED


def test_a_completion_needs_its_end(read: Read) -> None:
    value = administration(effectivePeriod={"start": "2027-03-15T09:10:00-04:00"})
    assert problem_of(only(send(read, value))).code == "required"


@pytest.mark.parametrize(
    ("change", "kind", "status"),
    [
        ({"status": "arrived"}, EventKind.APPOINTMENT_CHECKED_IN, AppointmentStatus.ARRIVED),
        ({"status": "in-progress"}, EventKind.INFUSION_STARTED, AppointmentStatus.ARRIVED),
        ({"period": {}}, EventKind.APPOINTMENT_BOOKED, AppointmentStatus.FULFILLED),
    ],
)
def test_encounters(
    read: Read, change: dict[str, Any], kind: EventKind, status: AppointmentStatus
) -> None:
    item = only(send(read, {**ENCOUNTER, **change}))
    assert (event_of(item).kind, visit_of(item).status) == (kind, status)


@pytest.mark.parametrize(
    "change",
    [{"class": {"code": "VR"}}, {"status": "planned"}, {"status": "arrived", "appointment": []}],
)
def test_encounters_that_say_nothing_of_a_visit(read: Read, change: dict[str, Any]) -> None:
    assert only(send(read, {**ENCOUNTER, **change})).kind is ItemKind.IGNORED


def test_inpatient_stays_and_deliveries(read: Read) -> None:
    stay = {**ENCOUNTER, "class": {"code": "IMP"}, "status": "in-progress"}
    assert event_of(only(send(read, stay))).kind is EventKind.PATIENT_ADMITTED
    supply = {
        "resourceType": "SupplyDelivery",
        "id": "s",
        "status": "completed",
        "patient": {"reference": "Patient/p1"},
        "occurrenceDateTime": "2027-03-02",
    }
    event = event_of(only(send(read, supply)))
    assert (event.kind, event.details) == (EventKind.SHIPMENT_DELIVERED, {"due": "2027-03-02"})
    assert event.lots == ()


@pytest.mark.parametrize(
    "item",
    [
        {"resourceType": "Medication", "id": "m", "batch": {"lotNumber": "L-1"}},
        {"resourceType": "Device", "id": "m", "lotNumber": "L-1"},
    ],
)
def test_a_delivery_names_the_lot_of_what_comes_along(read: Read, item: dict[str, Any]) -> None:
    supply = {
        "resourceType": "SupplyDelivery",
        "id": "s",
        "status": "in-progress",
        "patient": {"reference": "Patient/p1"},
        "contained": [item],
        "suppliedItem": {"itemReference": {"reference": "#m"}},
    }
    assert event_of(only(send(read, supply))).lots == ("L-1",)
