"""One patient's story: what was or was not sent, when, and why, in the site's own time."""

from datetime import timedelta
from typing import Any

import pytest

from outreach.cli.explain.sentences import WHY
from outreach.domain.states import SkipReason
from tests.cli.conftest import Outreach
from tests.worlds import PHONE, START, Bench

VISIT = START + timedelta(days=14)


def story(outreach: Outreach, *words: str) -> list[dict[str, Any]]:
    said = outreach("explain", *words, "--json")
    assert said.code == 0, said.err
    told: list[dict[str, Any]] = said.rows[0]["story"]
    return told


def touchpoints(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["step"]: row for row in rows if row["kind"] == "touchpoint"}


def test_every_reason_of_the_ledger_has_its_sentence() -> None:
    assert WHY.keys() == set(SkipReason)


def test_the_story_tells_what_was_sent_and_what_was_not_and_why(
    bench: Bench, outreach: Outreach
) -> None:
    bench.book(VISIT)
    bench.to(VISIT - timedelta(days=6))
    bench.says("STOP")
    bench.to(VISIT - timedelta(days=2))
    rows = story(outreach, "mrn|P1")
    steps = touchpoints(rows)
    assert steps["d7"]["outcome"] == "sent"
    assert "accepted by the provider" in steps["d7"]["sentence"]
    assert steps["d3"]["outcome"] == "skipped"
    assert "was not sent because the patient has opted out" in steps["d3"]["sentence"]
    assert [row["label"] for row in rows if row["kind"] == "reply"] == ["opt_out"]
    assert [row["action"] for row in rows if row["kind"] == "consent"][-1] == "opt_out"
    assert rows == sorted(rows, key=lambda row: row["at"])


def test_times_are_local_to_the_site(bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT, location="lakeside")
    steps = touchpoints(story(outreach, "P1"))
    assert steps["d7"]["at"].endswith("-06:00")  # winter in Chicago
    assert steps["h2"]["at"].endswith("-05:00")  # and summer time, a week later
    assert "CST" in outreach("explain", "P1").out


@pytest.mark.parametrize("name", ["mrn|P1", "P1", PHONE, "202-555-0123", " p1@mail.example "])
def test_a_patient_is_found_by_many_names(name: str, bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT, patient_={"email": "P1@mail.example"})
    by_name = outreach("explain", name, "--json").rows[0]["patient"]
    assert outreach("explain", by_name["id"], "--json").rows[0]["patient"] == by_name
    assert by_name["ids"] == [{"system": "mrn", "value": "P1"}]


def test_nothing_of_what_was_written_is_shown_unless_asked_for(
    bench: Bench, outreach: Outreach
) -> None:
    bench.book(VISIT)
    bench.to(VISIT - timedelta(days=6))
    bench.says("my cat is called Biscuit")
    hidden = outreach("explain", "P1").out + outreach("explain", "P1", "--json").out
    assert "Biscuit" not in hidden
    assert "Robin" not in hidden
    assert "0123" not in hidden
    assert "Biscuit" in outreach("explain", "P1", "--texts").out
    assert "Biscuit" in outreach("explain", "P1", "--texts", "--json").out


def test_a_cancelled_visit_and_its_follow_up_are_told(bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT)
    bench.says("chest pain and I cannot breathe")
    bench.book(VISIT, kind="appointment.cancelled")
    rows = story(outreach, "P1")
    assert touchpoints(rows)["d1"]["reason"] == "cancelled"
    assert [row["status"] for row in rows if row["kind"] == "visit"] == ["cancelled"]
    assert [row["priority"] for row in rows if row["kind"] == "followup"] == ["urgent"]
    assert "because what it was about was cancelled" in outreach("explain", "P1").out


def test_home_doses_are_told(bench: Bench, outreach: Outreach) -> None:
    due = START + timedelta(days=2)
    bench.event(
        "regimen.prescribed",
        patient_={"phone": PHONE},
        regimen={"ids": [{"system": "rx", "value": "R1"}], "dose_dates": [due.isoformat()]},
    )
    bench.to(due + timedelta(minutes=5))
    bench.says("DONE")
    assert [row["status"] for row in story(outreach, "P1") if row["kind"] == "dose"] == ["taken"]


def test_nobody_and_several_are_said_without_repeating_the_question(
    bench: Bench, outreach: Outreach
) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    bench.book(VISIT, patient="P2", visit="A2")
    nobody = outreach("explain", "+12025550177")
    assert (nobody.code, nobody.err.count("\n")) == (1, 1)
    assert "0177" not in nobody.err
    shared = outreach("explain", PHONE)
    assert shared.code == 1
    assert "give an id" in shared.err
    assert "0123" not in shared.err


def test_each_decision_is_told_with_its_rule(bench: Bench, outreach: Outreach) -> None:
    bench.book(VISIT)
    launch = ("campaign", "launch", "Hours", "--template", "campaign_hours", "--by", "Dana")
    fields = ("--field", "when=Friday", "--field", "hours=8-12")
    assert outreach(*launch, "--token", "t", "--purpose", "marketing", *fields).code == 0
    bench.run()
    bench.to(VISIT - timedelta(days=6, hours=20))
    told = touchpoints(story(outreach, "P1"))
    sentence = told["campaign_hours"]["sentence"]
    assert "was not sent because there is no consent for it." in sentence
    assert sentence.endswith("Rule: 45 CFR 164.508(a)(3).")
    assert "Rule: policy.yaml windows.care." in told["d7"]["sentence"]
    assert "Rule: policy.yaml windows.care." in outreach("explain", "P1").out.replace("\n", " ")
