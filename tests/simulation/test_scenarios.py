"""A scenario in, the ledger out: the real pipeline on a simulated clock."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.errors import BadInput, ConfigurationError
from outreach.simulation.ledger import rows
from outreach.simulation.run import run_scenario
from outreach.simulation.scenario import read_scenario

PHONE = "+12025550123"
PATIENT = {
    "ids": [{"system": "mrn", "value": "P1"}],
    "given": "Robin",
    "family": "Testcase",
    "phone": PHONE,
}
VISIT = {
    "ids": [{"system": "visit", "value": "A1"}],
    "start": "2027-03-10T10:00",
    "end": "2027-03-10T14:00",
    "service": "Infusion",
    "location": "cedar_grove",
}


def event(at: str, kind: str = "appointment.booked", **rest: Any) -> dict[str, Any]:
    return {"at": at, "event": {"type": kind, "patient": PATIENT, "appointment": VISIT, **rest}}


def played(tmp_path: Path, *lines: dict[str, Any], zone: str | None = None) -> list[dict[str, Any]]:
    text = "\n".join(json.dumps(line) for line in lines)
    world, used = run_scenario(text, tmp_path, None, zone)
    found = list(rows(world, used))
    world.db.close()
    return found


def steps(found: list[dict[str, Any]]) -> dict[str, str]:
    return {
        row["step"]: row["outcome"] + (f":{row['reason']}" if row["reason"] else "")
        for row in found
        if "step" in row
    }


def test_a_visit_is_told_of_at_the_right_local_times(tmp_path: Path) -> None:
    found = played(tmp_path, event("2027-03-01T09:00"), {"until": "2027-03-10T10:00"})
    times = {row["step"]: row["at"] for row in found if row.get("outcome") == "sent"}
    assert times["d7"] == "2027-03-03T10:00:00-05:00"
    assert times["d1"] == "2027-03-09T10:00:00-05:00"
    first = next(row for row in found if row["step"] == "d7")
    assert (first["patient"], first["channel"], first["language"]) == ("P1", "sms", "en")
    assert first["anchor"] == "2027-03-10T10:00:00-05:00"
    assert "10:00 AM" in first["body"]


def test_another_zone_moves_the_clinic(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {"until": "2027-03-10T10:00"},
        zone="America/Los_Angeles",
    )
    assert next(row for row in found if row.get("step") == "d7")["at"].endswith("T10:00:00-08:00")


def test_a_stop_ends_what_would_have_followed(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {"at": "2027-03-04T09:00", "reply": {"from": PHONE, "body": "STOP"}},
        {"until": "2027-03-10T10:00"},
    )
    assert steps(found)["d7"] == "sent"
    assert steps(found)["d3"] == "skipped:opted_out"


def test_an_outage_holds_everything_and_what_is_late_is_not_sent(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {"at": "2027-03-03T09:00", "outage": {"until": "2027-03-03T15:30"}},
        {"until": "2027-03-10T10:00"},
    )
    d7 = next(row for row in found if row.get("step") == "d7")
    assert (d7["outcome"], d7["at"]) == ("sent", "2027-03-03T15:30:00-05:00")


def test_events_of_one_instant_in_an_outage_keep_their_order(tmp_path: Path) -> None:
    moved = {**VISIT, "start": "2027-03-12T10:00", "end": "2027-03-12T14:00"}
    found = played(
        tmp_path,
        {"at": "2027-03-01T08:00", "outage": {"until": "2027-03-01T12:00"}},
        event("2027-03-01T09:00"),
        event("2027-03-01T09:00", "appointment.rescheduled", appointment=moved),
        {"until": "2027-03-02T10:00"},
    )
    planned = {row["anchor"] for row in found if row.get("outcome") == "planned"}
    assert planned == {"2027-03-12T10:00:00-05:00"}


def test_a_red_flag_and_an_undelivered_text_are_follow_ups(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {
            "at": "2027-03-03T10:05",
            "receipt": {"patient": "P1", "step": "d7", "status": "undelivered", "code": 30410},
        },
        {"at": "2027-03-03T23:00", "reply": {"from": PHONE, "body": "chest pain"}},
        {"until": "2027-03-04T10:00"},
    )
    items = [(row["followup"], row["priority"], row["due"]) for row in found if "followup" in row]
    assert ("red_flag", "urgent", "2027-03-03T23:05:00-05:00") in items
    assert items[0][0] == "call_patient"


def test_a_campaign_and_an_opt_out_by_staff(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {"at": "2027-03-01T10:00", "optout": {"phone": PHONE}},
        {
            "at": "2027-03-01T11:00",
            "campaign": {
                "template": "campaign_hours",
                "fields": {"when": "Monday", "hours": "9 to 5"},
            },
        },
        {"until": "2027-03-02T10:00"},
    )
    assert steps(found)["campaign_hours"] == "skipped:opted_out"


def test_the_same_scenario_gives_the_same_ledger(tmp_path: Path) -> None:
    lines = [event("2027-03-01T09:00"), {"until": "2027-03-10T10:00"}]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert played(tmp_path / "a", *lines) == played(tmp_path / "b", *lines)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"at": "2027-03-01T09:00", "reply": {"body": "x"}}', "needs 'from'"),
        (
            '{"at": "2027-03-01T09:00", "receipt": {"patient": "P", "step": "d7"}}',
            "Line 1",
        ),
        (
            '{"at": "2027-03-01T09:00", "campaign": {"purpose": "care"}}',
            "Line 1 .*A campaign is for one of",
        ),
    ],
)
def test_a_line_that_cannot_be_played_is_named(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        run_scenario(line, tmp_path, None, None)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "Line 1 of the scenario is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"at": "2027-03-01T09:00"}', "exactly one of"),
        ('{"at": "soon", "event": {}}', "needs a time"),
        ('{"at": "2027-03-01T09:00", "reply": 1}', "'reply' must be an object"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        read_scenario([line], ZoneInfo("America/New_York"))


def said(at: str, body: str) -> dict[str, Any]:
    return {"at": at, "reply": {"from": PHONE, "body": body}}


def work(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["followup"], row["priority"]) for row in found if "followup" in row]


GO = {"patient": "P1", "followup": "hold_review", "outcome": "go, it is hay fever"}


def test_a_problem_before_a_visit_holds_it_and_a_go_lets_its_reminders_go_on(
    tmp_path: Path,
) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        said("2027-03-08T09:00", "I started antibiotics"),
        {"at": "2027-03-09T14:05", "close": GO},
        {"until": "2027-03-10T10:00"},
    )
    assert steps(found) == {"d7": "sent", "d3": "sent", "d1": "sent", "h2": "sent"}
    times = {row["step"]: row["at"] for row in found if "step" in row}
    assert times["d1"] == "2027-03-09T14:15:00-05:00"  # asked about every 15 minutes
    assert work(found) == [
        ("hold_review", "same_day")
    ]  # it stood at ten, when nobody had confirmed


def test_a_visit_that_stays_held_ends_its_reminders_paused(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        said("2027-03-08T09:00", "fiebre"),
        {"until": "2027-03-10T12:00"},
    )
    assert steps(found)["d1"] == steps(found)["h2"] == "skipped:paused"


def test_none_lets_everything_go_on(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        said("2027-03-08T09:00", "NINGUNO"),
        {"until": "2027-03-10T10:00"},
    )
    assert set(steps(found).values()) == {"sent"}
    assert work(found) == [("unconfirmed", "same_day")]  # nobody confirmed the visit


def test_a_death_ends_everything_and_a_wrong_number_ends_the_phone(tmp_path: Path) -> None:
    (tmp_path / "died").mkdir()
    (tmp_path / "wrong").mkdir()
    booked, end = event("2027-03-01T09:00"), {"until": "2027-03-10T10:00"}
    died = played(tmp_path / "died", booked, said("2027-03-04T09:00", "She passed away"), end)
    assert [steps(died)[step] for step in ("d3", "d1", "h2")] == ["skipped:deceased"] * 3
    assert work(died) == [("death_reported", "same_day")]
    wrong = played(tmp_path / "wrong", booked, said("2027-03-04T09:00", "wrong number"), end)
    assert [steps(wrong)[step] for step in ("d3", "d1", "h2")] == ["skipped:no_address"] * 3
    assert work(wrong) == [("wrong_number", "same_day"), ("call_patient", "same_day")]


def test_an_item_that_is_not_there_cannot_be_closed(tmp_path: Path) -> None:
    line = json.dumps({"at": "2027-03-01T09:00", "close": GO})
    with pytest.raises(BadInput, match="no open 'hold_review'"):
        run_scenario(line, tmp_path, None, None)


def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="IANA"):
        run_scenario("", tmp_path, None, "America/Nowhere")


def test_lines_are_sorted_by_time_and_keep_their_order_within_one_instant() -> None:
    text = [
        '{"until": "2027-03-03T00:00"}',
        "# a comment",
        "",
        '{"at": "2027-03-02T00:00", "optout": {"phone": "2"}}',
        '{"at": "2027-03-01T00:00", "optout": {"phone": "1"}}',
        '{"at": "2027-03-02T00:00", "optout": {"phone": "3"}}',
    ]
    found = read_scenario(text, ZoneInfo("America/New_York"))
    assert [line.details.get("phone") for line in found] == ["1", "2", "3", None]


def test_a_closed_day_is_told_of_once_and_the_late_cancellation_says_nothing(
    tmp_path: Path,
) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        {"at": "2027-03-09T22:00", "closure": {"site": "Cedar Grove", "date": "2027-03-10"}},
        event("2027-03-10T09:00", "appointment.cancelled"),
        {"until": "2027-03-10T12:00"},
    )
    told = [row for row in found if row.get("journey") == "closure"]
    assert [(row["outcome"], row["at"]) for row in told] == [("sent", "2027-03-10T06:00:00-05:00")]
    assert "closed on Wed, Mar 10" in told[0]["body"]
    assert steps(found)["h2"] == "cancelled:cancelled"
    assert work(found) == [("unconfirmed", "same_day")]  # of the day before


@pytest.mark.parametrize(
    ("site", "day", "told"),
    [
        ("nowhere", "2027-03-10", "no such site"),
        ("lakeside", "soon", "needs a date"),
        ("lakeside", "2027-02-10", "is over"),
    ],
)
def test_a_closure_of_nothing_is_refused(tmp_path: Path, site: str, day: str, told: str) -> None:
    line = {"at": "2027-03-01T09:00", "closure": {"site": site, "date": day}}
    with pytest.raises(BadInput, match=told):
        played(tmp_path, line)


def test_other_kinds_of_visit_have_words_of_their_own(tmp_path: Path) -> None:
    def of(service: str, number: int) -> dict[str, Any]:
        visit = {**VISIT, "ids": [{"value": f"A{number}"}], "service": service}
        patient = {**PATIENT, "ids": [{"value": f"P-{number}"}]}
        return event("2027-03-01T09:00", appointment=visit, patient=patient)

    found = played(
        tmp_path,
        of("Blood Draw", 1),
        of("SCIG Training", 2),
        of("Home Nurse Visit", 3),
        {"until": "2027-03-10T13:00"},
    )
    sent = {(row["journey"], row["step"]): row["body"] for row in found if row.get("body")}
    assert set(sent) == {
        ("laboratory_visit", "d1"),
        ("training_visit", "d3"),
        ("training_visit", "d1"),
        ("nurse_visit", "d1"),
    }
    assert "A nurse comes to you" in sent["nurse_visit", "d1"]
    assert not any("arrive" in body.lower() for body in sent.values())
    assert [row for row in found if "followup" in row] == []


def test_a_patient_at_risk_of_a_clot_is_asked_on_day_14_after_any_infusion(tmp_path: Path) -> None:
    at_risk = {**PATIENT, "risks": ["clot"]}
    ended = {**VISIT, "actual_end": "2027-03-10T14:00"}
    found = played(
        tmp_path,
        event("2027-03-01T09:00", patient=at_risk),
        event("2027-03-10T14:05", "infusion.completed", appointment=ended),
        {"until": "2027-03-25T10:00"},
    )
    assert steps(found)["d14"] == "sent"
    assert steps(found)["h24_nudge"] == "sent"
    assert ("silent", "same_day") in work(found)


@pytest.mark.parametrize(
    ("service", "step", "words"),
    [
        ("Blood Draw", "booked", "lab visit"),
        ("SCIG Training", "booked", "home dose class"),
        ("Home Nurse Visit", "booked", "A nurse comes to you"),
    ],
)
def test_whatever_kind_of_visit_is_moved_to_a_few_hours_ahead_is_told_at_once(
    tmp_path: Path, service: str, step: str, words: str
) -> None:
    visit = {**VISIT, "service": service}
    found = played(
        tmp_path,
        event("2027-03-01T09:00", appointment=visit),
        event(
            "2027-03-05T13:00",
            "appointment.rescheduled",
            appointment={**visit, "start": "2027-03-05T16:00"},
        ),
        {"until": "2027-03-05T15:00"},
    )
    (told,) = (row for row in found if row.get("body"))
    assert (told["step"], told["at"][11:16]) == (step, "13:00")
    assert words in told["body"]
    assert not work(found)


def test_a_class_that_is_booked_two_days_ahead_is_told_of_now_and_the_day_before(
    tmp_path: Path,
) -> None:
    visit = {**VISIT, "service": "SCIG Training"}
    found = played(
        tmp_path, event("2027-03-08T09:00", appointment=visit), {"until": "2027-03-10T09:00"}
    )
    assert steps(found) == {"booked": "sent", "d3": "skipped:collapsed", "d1": "sent"}


def test_a_visit_that_is_booked_while_it_takes_place_is_asked_about(tmp_path: Path) -> None:
    found = played(tmp_path, event("2027-03-10T11:00"), {"until": "2027-03-10T16:05"})
    assert set(steps(found).values()) == {"skipped:past_event"}
    assert work(found) == [("did_it_happen", "same_day")]


def test_a_visit_that_was_over_when_it_was_booked_is_not_asked_about(tmp_path: Path) -> None:
    assert not work(played(tmp_path, event("2027-03-10T14:00"), {"until": "2027-03-11T16:00"}))


def staff(at: str, **details: Any) -> dict[str, Any]:
    return {"at": at, "staff": {"patient": "P1", "by": "Ana", **details}}


def test_a_person_takes_the_conversation_over_and_the_reminder_waits(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T10:00"),
        staff("2027-03-03T09:50", text="Can you bring your forms?"),
        {"at": "2027-03-03T10:05", "reply": {"from": PHONE, "body": "which forms"}},
        staff("2027-03-03T10:10", text="Your insurance card."),
        staff("2027-03-03T10:40", release=True),
        {"until": "2027-03-03T12:00"},
    )
    written = [row for row in found if "staff" in row]
    assert [(row["staff"], row["outcome"], row["patient"]) for row in written] == [
        ("Ana", "accepted", "P1"),
        ("Ana", "accepted", "P1"),
    ]
    assert written[1]["body"].endswith(": Your insurance card.")
    (d7,) = [row for row in found if row.get("step") == "d7" and row["outcome"] == "sent"]
    assert "2027-03-03T10:40" <= d7["at"][:16] <= "2027-03-03T11:00"
    (item,) = [row for row in found if "followup" in row]
    assert item["followup"] == "conversation"


def test_a_conversation_that_nobody_ends_times_out(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        event("2027-03-01T10:00"),
        staff("2027-03-03T09:50", text="Can you bring your forms?"),
        {"until": "2027-03-03T12:00"},
    )
    (d7,) = [row for row in found if row.get("step") == "d7" and row["outcome"] == "sent"]
    assert "2027-03-03T10:50" <= d7["at"][:16] <= "2027-03-03T11:05"


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"text": "Your IVIG is ready"}, "ivig"),
        ({"release": True}, "Nobody has taken"),
        ({}, "body"),
    ],
)
def test_what_a_person_cannot_do_names_the_line(
    tmp_path: Path, details: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=f"Line 2.*{said}"):
        played(tmp_path, event("2027-03-01T10:00"), staff("2027-03-03T09:50", **details))


def test_replies_play_through_the_survey_of_a_check_in(tmp_path: Path) -> None:
    end = {**VISIT, "actual_end": "2027-03-10T14:00"}

    def says(at: str, body: str) -> dict[str, Any]:
        return {"at": at, "reply": {"from": PHONE, "body": body}}

    found = played(
        tmp_path,
        event("2027-03-01T09:00"),
        event("2027-03-10T14:05", "infusion.completed", appointment=end),
        says("2027-03-11T14:30", "2"),
        says("2027-03-11T14:31", "2 and 6"),
        says("2027-03-11T14:32", "quite a bit"),
        says("2027-03-13T15:00", "3"),
        {"until": "2027-03-14T10:00"},
    )
    surveys = {row["step"]: row["survey"] for row in found if row.get("survey")}
    assert surveys["h24"] == {
        "status": "complete",
        "composite": 2,
        "answers": [
            {"question": "severity", "value": "2"},
            {"question": "which", "value": "2,6", "chosen": ["fever", "fatigue"]},
            {"question": "limits", "value": "3"},
        ],
    }
    assert surveys["h72"]["status"] == "stopped"
    items = [(row["followup"], row["priority"]) for row in found if "followup" in row]
    assert items == [
        ("unconfirmed", "same_day"),
        ("symptom_moderate", "same_day"),
        ("red_flag", "urgent"),
    ]
