"""The doctor: each line ok, a warning or a fault with its remedy, and the exit code to match."""

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import KEYS, Outreach
from tests.recording import refuse
from tests.worlds import CONFIG, START, Bench

LIVE = {
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "not-a-real-token",
    "TWILIO_FROM_NUMBER": "+12025550100",
    "OUTREACH_PUBLIC_URL": "https://outreach.example.org",
    "OUTREACH_API_KEY": "a-key-for-this-test",
    "OUTREACH_STAFF_TOKEN": "a-token-for-this-test",
}


ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is found without looking into the database."""


@pytest.fixture
def config(clean: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration to spoil."""
    folder = clean / "config"
    shutil.copytree(CONFIG, folder)
    monkeypatch.setenv("OUTREACH_CONFIG_DIR", str(folder))
    return folder


def edit(file: Path, old: str, new: str) -> None:
    before = file.read_text()
    assert old in before
    file.write_text(before.replace(old, new))


def levels(outreach: Outreach, code: int) -> dict[str, str]:
    """check -> the worst level it found."""
    said = outreach("doctor", "--json")
    assert said.code == code, said.out
    worst: dict[str, str] = {}
    for one in said.rows[0]["checks"]:
        order = ("ok", "warning", "fault")
        worst[one["check"]] = max(worst.get(one["check"], "ok"), one["level"], key=order.index)
        assert one["level"] == "ok" or one["remedy"] or len(one["message"]) > 30
    assert said.rows[0]["healthy"] is (code == 0)
    return worst


def test_a_sound_installation_has_no_fault(
    bench: Bench, outreach: Outreach, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    monkeypatch.setenv("OUTREACH_BROKER_URL", redis_url)
    bench.book(START)
    found = levels(outreach, code=0)
    assert {found[name] for name in ("keys", "database", "broker", "templates")} == {"ok"}
    people = outreach("doctor")
    assert people.code == 0
    assert "warning  events" in people.out


def test_missing_keys_and_tables_are_faults_with_their_remedies(
    outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert levels(outreach, code=1)["keys"] == "fault"
    for line in outreach("keys").out.splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    assert levels(outreach, code=1)["database"] == "fault"
    assert "outreach db upgrade" in outreach("doctor").out
    assert outreach("db", "upgrade").code == 0
    assert levels(outreach, code=0)["database"] == "ok"


def test_keys_that_are_not_the_databases_own_are_a_fault(
    bench: Bench, outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.book(START)
    index = KEYS.partition(":")[2]
    with monkeypatch.context() as other:
        other.setenv("OUTREACH_INDEX_KEY", index)
        assert levels(outreach, code=1)["database"] == "fault"
    monkeypatch.setenv("OUTREACH_KEYS", KEYS.replace("k1:", "k2:"))
    assert levels(outreach, code=1)["database"] == "fault"


@ON_ONE_DATABASE
def test_what_does_not_answer_is_a_fault(
    outreach: Outreach, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("OUTREACH_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    found = levels(outreach, code=1)
    assert (found["broker"], found["database"]) == ("fault", "fault")


@pytest.mark.parametrize(
    ("file", "old", "new", "check"),
    [
        ("clinic.yaml", "zone: America/New_York", "zone: EST-5", "clinic"),
        ("policy.yaml", "care_consent", "care_cons", "policy"),
        ("triage/en.yaml", "language: en", "language: xx", "triage"),
        ("journeys/home_dose.yaml", "dose_day", "no_such_message", "journeys"),
    ],
)
@ON_ONE_DATABASE
def test_a_wrong_file_is_named(
    file: str, old: str, new: str, check: str, config: Path, outreach: Outreach, bench: Bench
) -> None:
    edit(config / file, old, new)
    assert levels(outreach, code=1)[check] == "fault"
    assert str(config / file) in outreach("doctor").out


def live(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> None:
    monkeypatch.delenv("OUTREACH_CLOCK_FILE")
    for name, value in {**LIVE, **changes}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


@ON_ONE_DATABASE
def test_a_live_account_with_all_it_needs_is_sound(
    bench: Bench, outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(monkeypatch)
    found = levels(outreach, code=0)
    assert {found["texts"], found["address"], found["events"], found["clock"]} == {"ok"}
    assert "not-a-real-token" not in outreach("doctor").out


@pytest.mark.parametrize(
    ("changes", "check", "code", "level"),
    [
        ({"TWILIO_AUTH_TOKEN": None}, "texts", 1, "fault"),
        ({"TWILIO_FROM_NUMBER": None}, "texts", 1, "fault"),
        ({"TWILIO_MESSAGING_SERVICE_SID": "MG" + "1" * 32}, "texts", 1, "fault"),
        ({"OUTREACH_PUBLIC_URL": "http://outreach.example.org"}, "address", 1, "fault"),
        ({"OUTREACH_PUBLIC_URL": "https://out_reach.example.org"}, "address", 1, "fault"),
        ({"OUTREACH_PUBLIC_URL": "https://127.0.0.1"}, "address", 1, "fault"),
        ({"SENDGRID_API_KEY": "SG.not-real"}, "email", 0, "warning"),
        ({"OUTREACH_STAFF_TOKEN": None}, "staff", 0, "warning"),
        ({"OUTREACH_API_KEY": None}, "events", 0, "warning"),
    ],
)
@ON_ONE_DATABASE
def test_what_a_live_account_lacks_is_found(
    changes: dict[str, str | None],
    check: str,
    code: int,
    level: str,
    bench: Bench,
    outreach: Outreach,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live(monkeypatch, **changes)
    assert levels(outreach, code)[check] == level


@ON_ONE_DATABASE
def test_a_demo_clock_never_serves_real_patients(
    bench: Bench, outreach: Outreach, monkeypatch: pytest.MonkeyPatch, clean: Path
) -> None:
    live(monkeypatch, OUTREACH_CLOCK_FILE=str(clean / "clock"))
    assert levels(outreach, code=1)["clock"] == "fault"


@ON_ONE_DATABASE
def test_people_on_the_roster_must_have_a_way_to_be_reached(
    bench: Bench, outreach: Outreach, monkeypatch: pytest.MonkeyPatch, config: Path
) -> None:
    live(monkeypatch)  # and so without email
    assert levels(outreach, code=0)["pages"] == "warning"
    roster = config / "roster.yaml"
    text = roster.read_text()
    for way in ("sms", "voice"):
        text = re.sub(rf'by: {way}, address: "\+1[0-9]+"', "by: email, address: a@b.example", text)
    roster.write_text(text)
    assert levels(outreach, code=1)["pages"] == "fault"


SENDERS = """\
senders:
  - name: grove
    kind: 10dlc
    number: "+12025550110"
    sites: [cedar_grove]
"""


@ON_ONE_DATABASE
def test_senders_are_told_and_a_site_that_none_serves_is_a_warning(
    bench: Bench, outreach: Outreach, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config / "senders.yaml").write_text(SENDERS)
    assert levels(outreach, code=0)["senders"] == "warning"
    (config / "senders.yaml").write_text(SENDERS.replace("    sites: [cedar_grove]\n", ""))
    assert levels(outreach, code=0)["senders"] == "ok"
    for name, value in LIVE.items():
        monkeypatch.setenv(name, value)
    assert levels(outreach, code=1)["senders"] == "warning"  # the number of the environment
    monkeypatch.delenv("TWILIO_FROM_NUMBER")
    found = levels(outreach, code=1)
    assert (found["senders"], found["texts"]) == ("ok", "ok")
    (config / "senders.yaml").write_text(SENDERS.replace("cedar_grove", "moon"))
    assert levels(outreach, code=1)["senders"] == "fault"


def test_a_stopped_sender_is_a_fault_with_what_waits_for_it(
    bench: Bench, outreach: Outreach
) -> None:
    bench.book(START + timedelta(days=9))
    bench.sms.answers.extend([refuse(20003, 401)] * 500)
    bench.to(START + timedelta(days=2))
    bench.run()
    checks = json.loads(outreach("doctor", "--json").out.splitlines()[-1])["checks"]
    (found,) = [one for one in checks if one["check"] == "senders"]
    assert found["level"] == "fault"
    assert "'sms' is stopped" in found["message"]
    assert "code 20003: account id or token refused; " in found["message"]
    assert "tried again" in found["remedy"]
