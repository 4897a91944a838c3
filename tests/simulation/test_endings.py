"""When an infusion ended, and what is asked of staff and patients after it."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulation.test_scenarios import PATIENT, PHONE, VISIT, event, played, steps, work

END = {"until": "2027-03-12T10:00"}
A1 = {"ids": VISIT["ids"]}


def h24_of(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (row["anchor"][11:16], row["outcome"])
        for row in found
        if row.get("step") == "h24" and row["outcome"] != "superseded"
    ]


@pytest.mark.parametrize(
    ("at", "said", "ended"),
    [
        ("2027-03-10T14:20", {}, "14:20"),  # when it occurred
        ("2027-03-10T14:20", {"end": "2027-03-10T14:10"}, "14:10"),  # an end that is news
        ("2027-03-10T14:20", {"end": "2027-03-10T14:00"}, "14:20"),  # the plan, said again
        ("2027-03-10T13:00", {"end": "2027-03-10T15:00"}, "13:00"),  # an end still to come
        ("2027-03-11T09:00", {}, "14:00"),  # a report that comes the next morning
    ],
)
def test_an_end_that_is_not_named_is_found(
    tmp_path: Path, at: str, said: dict[str, Any], ended: str
) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        event(at, "infusion.completed", appointment={**A1, **said}),
        END,
    )
    assert h24_of(found) == [(ended, "sent")]


def test_nobody_asks_whether_a_visit_of_somebody_who_died_took_place(tmp_path: Path) -> None:
    found = played(
        tmp_path, event("2027-03-01T09:00"), event("2027-03-06T09:00", "patient.deceased"), END
    )
    assert work(found) == [("deceased", "routine")]


def test_a_call_before_a_visit_is_due_before_it(tmp_path: Path) -> None:
    failed = {"patient": "P1", "step": "d1", "status": "undelivered", "code": 30006}
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {"at": "2027-03-09T20:30", "receipt": failed},
        END,
    )
    calls = [row["due"] for row in found if row.get("followup") == "call_patient"]
    assert calls
    assert max(calls) <= "2027-03-10T10:00:00-05:00"


def test_what_did_not_arrive_failed_unless_it_was_said_another_way(tmp_path: Path) -> None:
    failed = {"patient": "P1", "step": "d1", "status": "undelivered", "code": 30006}
    phones = [{"value": PHONE}, {"value": "+12025550177"}]
    for folder, patient, outcome in (
        ("one", PATIENT, "failed"),
        ("two", {"id": "P1", "phones": phones}, "sent"),
    ):
        (tmp_path / folder).mkdir()
        found = played(
            tmp_path / folder,
            event("2027-03-01T09:00", patient=patient),
            {"at": "2027-03-09T10:05", "receipt": failed},
            {"until": "2027-03-09T12:00"},
        )
        assert steps(found)["d1"] == outcome


def test_the_day_before_is_told_by_email_where_no_text_arrives(tmp_path: Path) -> None:
    failed = {"patient": "P1", "step": "d1", "status": "undelivered", "code": 30006}
    found = played(
        tmp_path,
        event("2027-03-01T09:00", patient={**PATIENT, "email": "robin@example.org"}),
        {"at": "2027-03-09T10:05", "receipt": failed},
        {"until": "2027-03-09T12:00"},
    )
    d1 = next(row for row in found if row.get("step") == "d1")
    assert (d1["outcome"], d1["also"]) == ("sent", ["email"])
    assert work(found) == [("unconfirmed", "same_day")]  # nobody confirmed the visit


@pytest.mark.parametrize("language", ["en", "es"])
def test_who_has_an_email_alone_is_prepared_by_email(tmp_path: Path, language: str) -> None:
    patient = {"id": "P1", "email": "robin@example.org", "language": language}
    for first in (False, True):
        (tmp_path / str(first)).mkdir()
        found = played(
            tmp_path / str(first),
            event("2027-03-01T09:00", patient=patient, appointment={**VISIT, "first_visit": first}),
            {"until": "2027-03-09T12:00"},
        )
        d1 = next(row for row in found if row.get("step") == "d1")
        assert (d1["outcome"], d1["channel"], d1["language"]) == ("sent", "email", language)
