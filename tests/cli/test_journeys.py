"""``outreach journeys`` as somebody who edits a journey uses it."""

import json
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest

from tests.cli.conftest import REPOSITORY, Outreach
from tests.worlds import START, Bench

SOON = START + timedelta(days=20)
BOOKING = {
    "id": "e1",
    "source": "front desk",
    "type": "appointment.booked",
    "occurred_at": START.isoformat(),
    "patient": {"ids": [{"system": "mrn", "value": "P1"}], "phone": "+12025550123"},
    "appointment": {
        "ids": [{"system": "visit", "value": "A1"}],
        "start": SOON.isoformat(),
        "service": "Infusion",
        "location": "cedar_grove",
    },
}


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """A copy of config/ in which the first reminder goes eight days before."""
    folder = tmp_path / "edited"
    copytree(REPOSITORY / "config", folder)
    file = folder / "journeys" / "infusion_visit.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count("    before: {days: 7}") == 1
    file.write_text(
        text.replace("    before: {days: 7}", "    before: {days: 8}"), encoding="utf-8"
    )
    return folder


def test_the_shipped_journeys_are_clean_and_shown(outreach: Outreach) -> None:
    said = outreach("journeys", "lint")
    assert (said.code, said.err) == (0, "")
    shown = outreach("journeys", "show", "infusion_visit", "--json")
    steps = [json.loads(line)["step"] for line in shown.out.splitlines()]
    assert steps == ["d7", "d3", "d1", "h2", "booked", "visit_on", "still_on"]
    assert "there is none of that name" in outreach("journeys", "show", "nonsense").err


def test_a_message_that_a_channel_lacks_is_named(outreach: Outreach, edited: Path) -> None:
    file = edited / "journeys" / "infusion_visit.yaml"
    text = file.read_text(encoding="utf-8")
    changed = text.replace(
        "    message: prep_2h", "    message: prep_2h\n    channels: [sms, email]"
    )
    file.write_text(changed, encoding="utf-8")
    said = outreach("journeys", "lint", "--config", str(edited))
    assert said.code == 1
    assert "infusion_visit: h2: message 'prep_2h' is missing in en by email" in said.out


def test_an_edit_is_seen_before_it_is_applied(
    bench: Bench,
    outreach: Outreach,
    edited: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(BOOKING), encoding="utf-8")
    assert outreach("ingest", str(event)).code == 0
    assert "change nothing" in outreach("journeys", "diff").out
    said = outreach("journeys", "diff", "--config", str(edited), "--json")
    (change,) = [json.loads(line) for line in said.out.splitlines()]
    assert (change["step"], change["change"]) == ("d7", "moves")
    assert "P1" not in said.out
    monkeypatch.setenv("OUTREACH_CONFIG_DIR", str(edited))
    applied = outreach("journeys", "apply", "--by", "Nora Vale", "--json")
    assert json.loads(applied.out) == {"appears": 0, "moves": 1, "changes": 0, "vanishes": 0}
    assert "change nothing" in outreach("journeys", "diff").out
