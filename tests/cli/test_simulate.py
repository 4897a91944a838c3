"""``outreach simulate``: the ledger on standard output, and nothing else there."""

import json
from pathlib import Path

import structlog

from tests.cli.conftest import Outreach

PHONE = "+12025550123"
SCENARIO = [
    {
        "at": "2027-03-01T09:00",
        "event": {
            "type": "appointment.booked",
            "patient": {"id": "P1", "phone": PHONE},
            "appointment": {"id": "A1", "start": "2027-03-10T10:00", "service": "Infusion"},
        },
    },
    {"at": "2027-03-01T09:01", "event": {"type": "appointment.booked", "patient": {"id": "P1"}}},
    {
        "at": "2027-03-03T10:05",
        "receipt": {"patient": "P1", "step": "d7", "status": "undelivered", "code": 30006},
    },
    {"until": "2027-03-04T09:00"},
]


def test_only_the_ledger_is_on_standard_output(outreach: Outreach, clean: Path) -> None:
    structlog.reset_defaults()  # as in a fresh process, where logs would go to standard output
    file = clean / "scenario.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in SCENARIO))
    said = outreach("simulate", file, "--json", "--zone", "America/Denver")
    assert said.code == 0
    assert {row.get("step") for row in said.rows} == {"d7", "d3", "d1", "h2", None}
    assert said.rows[0]["at"] == "2027-03-03T10:00:00-07:00"
    assert said.err == "Line 2: quarantined: appointment.start: missing\n"


def test_a_line_that_cannot_be_read_is_named(outreach: Outreach, clean: Path) -> None:
    file = clean / "scenario.jsonl"
    file.write_text('{"at": "2027-03-01T09:00", "reply": {}}\n{"until"\n')
    said = outreach("simulate", file, "--json")
    assert (said.code, said.out) == (1, "")
    assert "Line 2 of the scenario is not JSON" in said.err
