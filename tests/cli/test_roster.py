"""``outreach roster`` and what staff do at the command line with an item."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from tests.cli.conftest import Outreach
from tests.worlds import CONFIG, Bench

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NIGHT = "  - {duty: on_call, who: [night_nurse], days: every_day"


@pytest.fixture
def config(clean: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = clean / "config"
    shutil.copytree(CONFIG, folder)
    monkeypatch.setenv("OUTREACH_CONFIG_DIR", str(folder))
    return folder


def without_nights(config: Path) -> None:
    """Only the answering service is on at night, and the clinic declares 24x7."""
    file = config / "roster.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith(NIGHT)]
    file.write_text("\n".join(lines) + "\n")
    clinic = config / "clinic.yaml"
    clinic.write_text(clinic.read_text().replace("coverage: hours_only", 'coverage: "24x7"'))


def test_the_roster_is_shown_shift_by_shift(config: Path, outreach: Outreach) -> None:
    rows = outreach("roster", "show", "--days", "3", "--json").rows
    assert {row["duty"] for row in rows} >= {"on_call", "answering_service"}
    assert any(row["on_now"] for row in rows)
    begins = [datetime.fromisoformat(row["begins"]) for row in rows]
    assert begins == sorted(begins)
    said = outreach("roster", "show")
    assert "A nurse is on at this moment. Coverage: hours_only." in said.out
    assert "+1202" not in said.out


def test_gaps_are_listed_and_end_with_exit_code_1(config: Path, outreach: Outreach) -> None:
    assert "No gap in the next 28 days" in outreach("roster", "check").out
    without_nights(config)
    found = outreach("roster", "check", "--days", "7", "--json")
    assert found.code == 1
    assert {row["kind"] for row in found.rows} == {"no_nurse"}
    said = outreach("roster", "check")
    assert ": no nurse is on" in said.out


def test_a_faulty_roster_is_told_with_its_line(config: Path, outreach: Outreach) -> None:
    file = config / "roster.yaml"
    file.write_text(file.read_text().replace("every_day", "never", 1))
    said = outreach("roster", "check")
    assert said.code == 1
    assert f"{file}, line " in said.err


@ON_ONE_DATABASE
def test_doctor_finds_a_gap(bench: Bench, config: Path, outreach: Outreach) -> None:
    without_nights(config)
    checks = outreach("doctor", "--json").rows[0]["checks"]
    gaps = [one for one in checks if one["check"] == "roster"]
    assert gaps[0]["level"] == "fault"
    assert "no nurse is on" in gaps[0]["message"]


def make(bench: Bench, action: Action, kind: str = "question") -> str:
    with bench.world.db.write() as unit:
        new = followup.NewItem(f"{kind}:{action.value}", kind, action, "Phone them.")
        return followup.open_item(unit, bench.world, new).code


@ON_ONE_DATABASE
def test_staff_work_through_an_item(bench: Bench, outreach: Outreach) -> None:
    code = make(bench, Action.PAGE_1H, "red_flag")
    assert (
        "not reached"
        in outreach("followups", "attempt", code, "--by", "Ann", "--result", "busy").out
    )
    assert outreach("followups", "note", code, "Will try at two.", "--by", "Ann").code == 0
    handed = outreach("followups", "hand-off", "--by", "Ann", "--from", "Ann", "--to", "Bo")
    assert "1 handed from Ann to Bo." in handed.out
    refused = outreach(
        "followups", "close", code, "--by", "Cy", "--outcome", "well", "--role", "front_desk"
    )
    assert (refused.code, "Only a nurse closes" in refused.err) == (1, True)
    assert outreach(
        "followups", "attempt", code, "--by", "Bo", "--result", "reached", "--note", "fine"
    ).out.startswith(f"{code}: reached")
    assert outreach("followups", "close", code, "--by", "Bo", "--outcome", "well").code == 0
    (row,) = outreach("followups", "--all", "--json").rows
    assert (row["assignee"], row["ending"], row["status"]) == ("Bo", "well", "closed")
    assert row["reached"] is not None


@ON_ONE_DATABASE
def test_an_item_is_laid_aside_in_the_clinics_time(bench: Bench, outreach: Outreach) -> None:
    urgent, calm = make(bench, Action.CALL_911, "red_flag"), make(bench, Action.ROUTINE)
    until = ("--by", "Ann", "--until", "2030-01-02T09:30")
    assert outreach("followups", "snooze", urgent, *until).code == 1
    assert outreach("followups", "ack", calm, "--by", "Ann").code == 0
    far = outreach("followups", "snooze", calm, *until)
    assert (far.code, "30 days" in far.err) == (1, True)
    assert outreach("followups", "assign", calm, "--to", "Bo", "--by", "Ann").code == 0
    assert outreach("followups", "reopen", calm, "--by", "Bo", "--why", "not mine").code == 0
