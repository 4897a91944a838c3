"""A child comes of age between two texts about one visit, as a scenario tells it."""

from pathlib import Path
from typing import Any

from tests.simulation.test_scenarios import event, played, steps

OWN, MOTHER = "+12025550123", "+12025550140"


def child(born: str, *phones: dict[str, Any]) -> dict[str, Any]:
    return {
        "ids": [{"system": "mrn", "value": "P1"}],
        "given": "Robin",
        "birth_date": born,
        "phones": list(phones),
    }


PARENT = {"value": MOTHER, "role": "parent"}


def to_whom(found: list[dict[str, Any]]) -> dict[str, str]:
    return {row["step"]: row["to"] for row in found if row.get("outcome") == "sent"}


def test_from_the_birthday_on_the_patient_is_written_to(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-02-01T09:00", patient=child("2009-03-09", PARENT, {"value": OWN})),
        {"until": "2027-03-10T12:00"},
    )
    told = to_whom(found)
    assert told["d7"] == "To the patient's parent: the patient is a minor (45 CFR 164.502(g)(3))."
    assert told["d1"] == "To the patient: it is the patient's own address."
    (item,) = [row for row in found if row.get("followup") == "hand_over"]
    assert (item["at"], item["priority"]) == ("2027-02-07T08:00:00-05:00", "routine")
    bodies = {row["step"]: row["body"] for row in found if row.get("body")}
    assert "Robin" not in bodies["d7"]


def test_a_patient_without_a_number_of_their_own_is_called(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-02-01T09:00", patient=child("2009-03-09", PARENT)),
        {"until": "2027-03-10T12:00"},
    )
    assert steps(found)["d3"] == "sent"
    assert steps(found)["d1"] == "skipped:no_address"
    kinds = [row["followup"] for row in found if "followup" in row]
    assert kinds == ["hand_over", "call_patient"]


def test_two_patients_on_one_phone_answer_for_nobody(tmp_path: Path) -> None:
    def of(number: int) -> dict[str, Any]:
        return {
            "ids": [{"system": "mrn", "value": f"P{number}"}],
            "given": "Robin",
            "phone": OWN,
        }

    visit = {"start": "2027-03-10T10:00", "service": "Infusion", "location": "cedar_grove"}
    found = played(
        tmp_path,
        event(
            "2027-03-01T09:00",
            patient=of(1),
            appointment={**visit, "ids": [{"system": "visit", "value": "A1"}]},
        ),
        event(
            "2027-03-01T09:01",
            patient=of(2),
            appointment={**visit, "ids": [{"system": "visit", "value": "A2"}]},
        ),
        {"at": "2027-03-03T11:00", "reply": {"from": OWN, "body": "C"}},
        {"until": "2027-03-03T12:00"},
    )
    assert [row["followup"] for row in found if "followup" in row] == ["shared_phone"]
    bodies = [row["body"] for row in found if row.get("body")]
    assert len(bodies) == 2
    assert not any("Robin" in body for body in bodies)
