"""Files from the terminal: applied at once, told item by item, kept when not understood."""

import json
import re
from pathlib import Path
from typing import Any

from tests.cli.conftest import Outreach
from tests.worlds import START, Bench


def booking(number: int = 1, **patient: Any) -> dict[str, Any]:
    return {
        "id": f"b{number}",
        "source": "desk",
        "type": "appointment.booked",
        "occurred_at": START.isoformat(),
        "patient": {
            "ids": [{"system": "mrn", "value": f"P{number}"}],
            "phone": f"+120255501{number:02}",
            **patient,
        },
        "appointment": {
            "ids": [{"system": "visit", "value": f"A{number}"}],
            "start": "2027-03-15T10:00:00-04:00",
            "end": "2027-03-15T14:00:00-04:00",
            "service": "Infusion",
            "location": "cedar_grove",
        },
    }


NAMELESS = {**booking(9), "patient": {"given": "Robin", "phone": "+12025550109"}}
"""Understood by nobody: it does not say who."""


def written(folder: Path, name: str, *events: object) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(map(json.dumps, events)))
    return path


def test_a_file_is_applied_at_once_and_a_second_time_has_no_effect(
    bench: Bench, outreach: Outreach, clean: Path
) -> None:
    path = written(clean, "one.json", booking())
    first, second = outreach("ingest", path, "--json"), outreach("ingest", path, "--json")
    assert (first.code, second.code) == (0, 0)
    assert [row["status"] for row in first.rows] == ["applied"]
    assert [row["status"] for row in second.rows] == ["duplicate"]
    assert first.rows[0]["id"] == second.rows[0]["id"]
    assert bench.outcomes()["d7"] == "planned"


def test_bad_items_are_named_beside_the_good_ones(
    bench: Bench, outreach: Outreach, clean: Path
) -> None:
    path = written(clean, "batch.jsonl", booking(1), NAMELESS, booking(2))
    said = outreach("ingest", path, "--json")
    assert said.code == 0
    assert [row["status"] for row in said.rows] == ["applied", "quarantined", "applied"]
    bad = said.rows[1]
    assert bad["item"] == 2
    assert bad["code"]
    assert bad["reason"]
    people = outreach("ingest", written(clean, "again.jsonl", NAMELESS, booking(3)))
    assert "1 quarantined" in people.out
    assert "outreach inbox replay" in people.out


def test_folders_are_read_and_hidden_files_are_not(
    bench: Bench, outreach: Outreach, clean: Path
) -> None:
    written(clean / "in", "b.json", booking(2))
    written(clean / "in", "a.json", booking(1))
    written(clean / "in", ".partial.json", booking(3))
    said = outreach("ingest", clean / "in", "--json")
    assert [Path(row["file"]).name for row in said.rows] == ["a.json", "b.json"]


def test_a_quiet_load_takes_the_state_and_plans_no_text(
    bench: Bench, outreach: Outreach, clean: Path
) -> None:
    said = outreach("ingest", written(clean, "load.json", booking()), "--quiet-load")
    assert "1 applied" in said.out
    assert "planned" not in set(bench.outcomes().values())


def test_quarantine_is_listed_without_a_patient_and_replayed(
    bench: Bench, outreach: Outreach, clean: Path
) -> None:
    path = written(clean, "bad.json", NAMELESS)
    kept = outreach("ingest", path, "--json").rows[0]
    assert kept["status"] == "quarantined"
    listed = outreach("inbox", "--json")
    assert [row["id"] for row in listed.rows] == [kept["id"]]
    people = outreach("inbox")
    assert kept["id"] in people.out
    assert not re.search("Robin|555", listed.out + people.out)
    again = outreach("inbox", "replay", kept["id"])
    assert again.code == 0
    assert again.out.startswith("quarantined: ")


def test_only_what_is_in_quarantine_is_replayed(
    bench: Bench, outreach: Outreach, clean: Path
) -> None:
    done = outreach("ingest", written(clean, "one.json", booking()), "--json").rows[0]
    said = outreach("inbox", "replay", done["id"])
    assert (said.code, "not in quarantine" in said.err) == (1, True)
    missing = outreach("inbox", "replay", "00000000-0000-7000-8000-000000000000")
    assert (missing.code, missing.err.count("\n")) == (1, 1)


def test_replay_applies_what_is_understood_now(
    bench: Bench, outreach: Outreach, clean: Path, monkeypatch: Any
) -> None:
    from outreach.pipeline.ingest import visits

    path = written(clean, "one.json", booking())
    with monkeypatch.context() as broken:
        broken.setattr(visits, "apply", None)  # the program itself fails on it
        kept = outreach("ingest", path, "--json").rows[0]
    assert (kept["status"], kept["code"]) == ("quarantined", "internal")
    assert outreach("inbox", "replay", kept["id"]).out == "applied: done\n"
    assert bench.outcomes()["d7"] == "planned"
