"""What other programs rely on: JSON Lines in, JSON Lines out, in order, at once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import REPOSITORY, Outreach, as_process

FEEDS = REPOSITORY / "examples" / "feeds"


def answers(*words: str, lines: list[object]) -> list[dict[str, Any]]:
    stdin = b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )
    done = as_process(*words, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_texts_are_measured_in_order() -> None:
    found = answers(
        "sms",
        "measure",
        lines=[{"text": "a" * 161}, {"text": "{"}, {"text": "日本"}, {"text": "\ud83d", "more": 1}],
    )
    assert found == [
        {"encoding": "GSM-7", "units": 161, "segments": 2},
        {"encoding": "GSM-7", "units": 2, "segments": 1},
        {"encoding": "UCS-2", "units": 2, "segments": 1},
        {"encoding": "UCS-2", "units": 1, "segments": 1},
    ]


def test_numbers_are_checked_with_their_region() -> None:
    found = answers(
        "phone",
        "check",
        lines=[
            {"number": "(202) 555-0123"},
            {"number": "020 7946 0958", "region": "GB"},
            {"number": "12", "region": "US"},
        ],
    )
    assert [row["valid"] for row in found] == [True, True, False]
    assert [row["e164"] for row in found] == ["+12025550123", "+442079460958", None]
    assert found[0].keys() == {"valid", "e164", "type"}


@pytest.mark.parametrize(
    ("words", "good"),
    [
        (("sms", "measure"), {"text": "x"}),
        (("phone", "check"), {"number": "+12025550123"}),
        (("triage",), {"text": "2", "prompt": "severity_0_3"}),
    ],
)
def test_a_line_that_cannot_be_answered_keeps_its_place(
    words: tuple[str, ...], good: dict[str, str]
) -> None:
    bad: list[object] = [b"{", b"[1]", b"\xff\xfe", {}, {"text": 3, "number": 3}]
    found = answers(*words, lines=[good, *bad, b"", good])
    assert [set(row["error"]) if "error" in row else None for row in found] == [
        None,
        *[{"code", "message"}] * len(bad),
        None,
    ]


def test_replies_get_every_word_of_the_contract() -> None:
    stop, urgent, mild, wrong = answers(
        "triage",
        lines=[
            {"text": "STOP"},
            {"text": "crushing chest pain, cannot breathe", "lang": "en"},
            {"text": "1", "lang": "es", "prompt": "severity_0_3"},
            {"text": "1", "prompt": "nonsense"},
        ],
    )
    words = {"label", "urgent", "action", "concepts", "opt_out", "opt_in", "help", "staff"}
    assert words <= stop.keys()
    assert (stop["label"], stop["opt_out"]) == ("opt_out", True)
    assert (urgent["label"], urgent["urgent"], urgent["action"]) == ("urgent", True, "call_911")
    assert mild["label"] == "symptom_mild"
    assert "prompt" in wrong["error"]["message"]


def test_each_answer_is_sent_before_the_next_line_is_read() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "outreach.cli", "triage"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        for text, label in (("STOP", "opt_out"), ("chest pain", "urgent")):
            process.stdin.write(json.dumps({"text": text}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["label"] == label
        process.stdin.close()


def test_files_of_every_kind_are_parsed_one_object_an_item(outreach: Outreach) -> None:
    names = ("siu_s12_visit.hl7", "fhir_appointment.json", "bookings.csv")
    said = outreach("parse", *(FEEDS / name for name in names), "--json")
    assert said.code == 0
    rows = said.rows
    keys = {"file", "index", "kind", "trigger", "appointment", "patient", "warnings", "error"}
    assert all(keys <= row.keys() for row in rows)
    assert {Path(row["file"]).name for row in rows} == set(names)
    table = [row for row in rows if row["file"].endswith(".csv")]
    assert [row["index"] for row in table] == list(range(len(table)))
    visit = rows[0]
    assert visit["kind"] == "appointment"
    assert visit["appointment"]["status"] == "booked"
    assert visit["appointment"]["start"][-6] in "+-"  # an offset


def test_standard_input_is_parsed_and_rejects_are_items_too() -> None:
    raw = (FEEDS / "siu_s12_visit.hl7").read_bytes()
    good = as_process("parse", "-", "--json", stdin=raw)
    bad = as_process("parse", "-", "--json", stdin=b"what is this?")
    assert (good.returncode, bad.returncode) == (0, 0)
    assert json.loads(good.stdout)["file"] == "-"
    assert json.loads(bad.stdout)["kind"] == "rejected"
    assert set(json.loads(bad.stdout)["error"]) == {"code", "message"}


def test_without_json_a_table_is_for_people(outreach: Outreach) -> None:
    said = outreach("parse", FEEDS / "siu_s12_visit.hl7")
    assert "appointment" in said.out
    assert "S12" in said.out


def test_another_clinic_reads_with_its_own_file(outreach: Outreach, tmp_path: Path) -> None:
    missing = outreach("parse", FEEDS / "bookings.csv", "--json", "--config", tmp_path)
    assert missing.code == 1
    assert "clinic.yaml" in missing.err


def test_the_report_counts_misses_by_line_and_shows_no_text(
    outreach: Outreach, tmp_path: Path
) -> None:
    file = tmp_path / "labelled.jsonl"
    rows = [
        {"text": "chest pain and cannot breathe", "lang": "en", "label": "urgent"},
        {"text": "All good, thank you", "lang": "en", "label": "urgent"},
        {"text": "Todo bien, gracias", "lang": "es", "label": "none_ok", "alt_labels": []},
    ]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n")
    said = outreach("triage", "report", file, "--json")
    assert said.code == 0
    report = json.loads(said.out)
    assert report["overall"]["sensitivity"]["hits"] == 1
    assert report["overall"]["sensitivity"]["total"] == 2
    assert [miss["line"] for miss in report["missed_urgent"]] == [2]
    assert set(report["by_language"]) == {"en", "es"}
    people = outreach("triage", "report", file)
    assert "urgent, not seen: 1" in people.out
    assert "thank you" not in people.out + said.out


def test_a_wrong_line_of_a_labelled_file_is_named(outreach: Outreach, tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    file.write_text('{"text": "hello", "label": "none_ok"}\n{"text": "x", "label": "nonsense"}\n')
    said = outreach("triage", "report", file)
    assert said.code == 1
    assert "line 2" in said.err
