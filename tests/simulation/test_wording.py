"""Scenarios as people write them who have read no more than the contract."""

import json
from pathlib import Path
from typing import Any

import pytest

from outreach.domain.errors import BadInput
from outreach.simulation.ledger import rows
from outreach.simulation.run import run_scenario
from tests.simulation.test_scenarios import PATIENT, PHONE, VISIT, event, played, steps, work

END = {"until": "2027-03-10T10:00"}
SENT = {"d7": "sent", "d3": "sent", "d1": "sent", "h2": "sent"}


def noted(tmp_path: Path, *lines: str, zone: str | None = None) -> tuple[list[Any], list[str]]:
    notes: list[str] = []
    world, used = run_scenario("\n".join(lines), tmp_path, None, zone, note=notes.append)
    found = list(rows(world, used))
    world.db.close()
    return found, notes


@pytest.mark.parametrize(
    "booking",
    [
        event("2027-03-01T14:00Z"),
        event("2027-03-01 09:00"),
        {"time": "2027-03-01T09:00", "event": event("")["event"]},
        {"at": "2027-03-01T09:00", **event("")["event"]},
        event("2027-03-01T09:00", patient={"id": "P1", "phone": PHONE}),
        event("2027-03-01T09:00", patient={"mrn": "P1", "mobile": PHONE, "name": "Robin Testcase"}),
        event("2027-03-01T09:00", appointment={**VISIT, "ids": None, "id": "A1"}),
        event("2027-03-01T09:00", appointment={"start": VISIT["start"], "service": "INFUSION"}),
    ],
)
def test_a_booking_may_be_written_in_many_ways(tmp_path: Path, booking: dict[str, Any]) -> None:
    found = played(tmp_path, booking, END)
    assert steps(found) == SENT
    assert {row["patient"] for row in found} == {"P1"}


def test_a_name_without_a_system_means_the_one_that_has_it_elsewhere(tmp_path: Path) -> None:
    ended = {"ids": [{"value": "A1"}], "actual_end": "2027-03-10T14:12"}
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        event("2027-03-10T14:20", "infusion.completed", patient="P1", appointment=ended),
        {"until": "2027-03-11T15:00"},
    )
    h24 = next(row for row in found if row.get("step") == "h24")
    assert (h24["outcome"], h24["at"]) == ("sent", "2027-03-11T14:12:00-05:00")
    assert work(found) == [("unconfirmed", "same_day")]  # nobody confirmed the visit


def test_a_visit_without_an_identifier_is_the_last_one_of_its_patient(tmp_path: Path) -> None:
    one = {"start": "2027-03-10T10:00", "service": "Infusion"}
    other = {"start": "2027-03-24T10:00", "service": "Infusion"}
    moved = {"start": "2027-03-25T10:00"}
    found = played(
        tmp_path,
        event("2027-03-01T09:00", appointment=one),
        event("2027-03-01T09:05", appointment=other),
        event("2027-03-02T09:00", "appointment.rescheduled", patient="P1", appointment=moved),
        {"until": "2027-03-02T10:00"},
    )
    planned = {row["anchor"][:10] for row in found if row["outcome"] == "planned"}
    assert planned == {"2027-03-10", "2027-03-25"}


def test_a_schedule_needs_no_identifier(tmp_path: Path) -> None:
    doses = ["2027-03-02T18:00", "2027-03-04T18:00"]
    found = played(
        tmp_path,
        event("2027-03-01T09:00", "regimen.prescribed", regimen={"dose_dates": doses}),
        event("2027-03-03T09:00", "regimen.stopped", patient="P1"),
        {"until": "2027-03-05T10:00"},
    )
    told = [(row["anchor"][:10], row["outcome"]) for row in found if row.get("step") == "dose"]
    assert told == [("2027-03-02", "sent"), ("2027-03-04", "cancelled")]


@pytest.mark.parametrize("who", [PHONE, "(202) 555-0123", "P1", {"id": "P1"}])
def test_whoever_replies_may_be_named_by_phone_or_record(tmp_path: Path, who: Any) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {"at": "2027-03-04T09:00", "reply": {"from": who, "text": "STOP"}},
        END,
    )
    assert steps(found)["d3"] == "skipped:opted_out"


@pytest.mark.parametrize("details", [PHONE, {"patient": "P1"}, {"phone": "202-555-0123"}])
def test_an_opt_out_may_name_a_phone_or_a_patient(tmp_path: Path, details: Any) -> None:
    found = played(
        tmp_path, event("2027-03-01T09:00"), {"at": "2027-03-04T09:00", "opt_out": details}, END
    )
    assert steps(found)["d3"] == "skipped:opted_out"


@pytest.mark.parametrize(
    "outage", ["2027-03-03T15:30", {"hours": 6.5}, {"minutes": 390}, {"until": "2027-03-03T15:30"}]
)
def test_an_outage_names_its_end_or_its_length(tmp_path: Path, outage: Any) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {"at": "2027-03-03T09:00", "outage": outage},
        {"at": "2027-03-03T16:00", "until": True},
    )
    assert found[0]["at"] == "2027-03-03T15:30:00-05:00"


def test_a_report_about_what_was_never_sent_changes_nothing_and_is_noted(tmp_path: Path) -> None:
    early = {"patient": "P1", "step": "d1", "status": "undelivered", "code": "30006"}
    lines = [event("2027-03-01T09:00"), {"at": "2027-03-04T09:00", "receipt": early}, END]
    found, notes = noted(tmp_path, *map(json.dumps, lines))
    assert steps(found) == SENT
    assert notes == ["Line 2: no 'd1' was sent to that patient by then."]


def test_an_event_that_changes_nothing_is_noted_with_its_line(tmp_path: Path) -> None:
    lines = [
        event("2027-03-01T09:00"),
        event("2027-03-01T09:00", "appointment.booked", appointment={**VISIT, "start": "soon"}),
        event("2027-03-01T09:00", "invoice.paid"),
        event("2027-03-01T09:00", "patient.updated", patient={**PATIENT, "shoe": "9"}),
        {"until": "2027-03-01T10:00"},
    ]
    _, notes = noted(tmp_path, *map(json.dumps, lines))
    assert [note.partition(":")[0] for note in notes] == ["Line 2", "Line 3", "Line 4"]
    assert "start: not a date and time that exists" in notes[0]
    assert "patient.shoe: not a field of this event" in notes[2]


def test_a_made_up_number_can_be_texted_and_tells_no_place(tmp_path: Path) -> None:
    lines = [
        event("2027-03-01T09:00", patient={**PATIENT, "phone": "(555) 123-4567"}),
        {"at": "2027-03-01T09:30", "optin": {"phone": "+15551234567"}},
        {"at": "2027-03-01T09:30", "campaign": {"name": "Longer hours"}},
        {"at": "2027-03-04T09:00", "reply": {"from": "+1 555 123 4567", "body": "stop"}},
        END,
    ]
    found, notes = noted(tmp_path, *map(json.dumps, lines))
    assert steps(found)["d7"] == "sent"
    assert steps(found)["d3"] == "skipped:opted_out"
    assert steps(found)["campaign_hours"] == "skipped:zone_unknown"
    assert len(notes) == 2


def test_a_place_that_is_not_known_is_the_default_site_of_a_clinic_in_one_zone(
    tmp_path: Path,
) -> None:
    lines = [event("2027-03-01T09:00", appointment={**VISIT, "location": "Main Street"}), END]
    for folder in ("one", "many"):
        (tmp_path / folder).mkdir()
    found, notes = noted(tmp_path / "one", *map(json.dumps, lines), zone="America/Los_Angeles")
    assert steps(found) == SENT
    assert notes == ["Line 1: clinic.yaml has no such place; Cedar Grove stands in."]
    found, _ = noted(tmp_path / "many", *map(json.dumps, lines))
    assert work(found) == [("unclear_visit", "routine")]


def test_a_campaign_goes_to_those_who_opted_in_and_are_named(tmp_path: Path) -> None:
    other = {"id": "P2", "phone": "+12025550177"}
    found = played(
        tmp_path,
        event("2027-03-01T08:00", "patient.updated"),
        event("2027-03-01T08:00", "patient.updated", patient=other),
        {"at": "2027-03-02T08:00", "optin": {"patient": "P1", "scope": "campaign"}},
        {"at": "2027-03-02T08:00", "optin": {"phone": "+12025550177"}},
        {"at": "2027-03-02T10:00", "campaign": {"id": "c1", "audience": ["P1"]}},
        {"until": "2027-03-03T10:00"},
    )
    told = [(row["patient"], row["outcome"]) for row in found if row.get("journey") == "campaign"]
    assert told == [("P1", "sent")]


def test_a_campaign_to_an_unknown_patient_is_named(tmp_path: Path) -> None:
    line = {"at": "2027-03-02T10:00", "campaign": {"audience": ["P9"]}}
    with pytest.raises(BadInput, match=r"Line 1 .* not known by then"):
        played(tmp_path, line)


def test_a_receipt_reaches_the_replacement_of_what_failed(tmp_path: Path) -> None:
    phones = [{"value": PHONE}, {"value": "+12025550177"}]
    failed = {"patient": "P1", "step": "d1", "status": "UNDELIVERED", "error_code": "30006"}
    found = played(
        tmp_path,
        event("2027-03-01T09:00", patient={"id": "P1", "phones": phones}),
        {"at": "2027-03-09T10:05", "receipt": failed},
        {"at": "2027-03-09T10:10", "receipt": failed},
        END,
    )
    assert ("call_patient", "same_day") in work(found)


def test_without_an_end_it_is_played_until_nothing_is_planned_any_more(tmp_path: Path) -> None:
    found = played(tmp_path, event("2027-03-01T09:00"))
    assert steps(found) == SENT


def test_a_schedule_without_doses_goes_to_staff(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00", "regimen.prescribed", regimen={"id": "R1", "rule": "weekly"}),
        END,
    )
    assert work(found) == [("unclear_regimen", "routine")]
