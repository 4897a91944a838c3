"""What people do with the texts at a terminal: check, look, and approve them for real patients."""

import shutil
from pathlib import Path

import pytest

from outreach.bootstrap import build_world, real_channels
from outreach.domain.states import ChannelKind
from outreach.rendering.messages import MessageTemplates
from outreach.settings import load_settings
from tests.cli.conftest import INDEX_KEY, KEYS, Outreach
from tests.settings import settings_for
from tests.worlds import CONFIG

CLINICIAN = ("--by", "Dana Reed", "--role", "clinician")
TRANSLATOR = ("--by", "Ana Núñez", "--role", "translator")
LIVE = {"TWILIO_ACCOUNT_SID": "AC" + "1" * 32, "TWILIO_AUTH_TOKEN": "not-a-real-token"}


@pytest.fixture
def config(clean: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of one's own, with an empty list of approvals."""
    folder = clean / "config"
    shutil.copytree(CONFIG, folder)
    monkeypatch.setenv("OUTREACH_CONFIG_DIR", str(folder))
    return folder


def doctor_says(outreach: Outreach) -> list[dict[str, str]]:
    checks = outreach("doctor", "--json").rows[0]["checks"]
    return [one for one in checks if one["check"] == "sign-off"]


# -- lint


def test_lint_is_silent_as_json_where_every_rule_is_kept(config: Path, outreach: Outreach) -> None:
    said = outreach("messages", "lint", "--json")
    assert (said.code, said.rows) == (0, [])
    assert outreach("messages", "lint").out.endswith("messages keep every rule.\n")


def test_lint_reports_each_fault_as_one_object(config: Path, outreach: Outreach) -> None:
    said = outreach("messages", "lint", "--json", "--clinic-name", "Elm Infusion Center")
    assert said.code == 1
    assert {row["rule"] for row in said.rows} >= {"forbidden_word"}
    assert all(set(row) == {"file", "rule", "detail"} for row in said.rows)


def test_a_word_the_clinic_forbids_is_found(config: Path, outreach: Outreach) -> None:
    file = config / "copy.yaml"
    file.write_text(file.read_text().replace("drugs: [acetaminophen,", "drugs: [headach*,"))
    said = outreach("messages", "lint", "--json")
    assert said.code == 1
    assert {row["rule"] for row in said.rows} == {"forbidden_word"}
    assert all("/en/" in row["file"] and "'headach'" in row["detail"] for row in said.rows)


def test_a_language_the_clinic_adds_must_be_written(config: Path, outreach: Outreach) -> None:
    clinic, words = config / "clinic.yaml", config / "copy.yaml"
    clinic.write_text(clinic.read_text().replace("languages: [en, es]", "languages: [en, es, fr]"))
    said = outreach("messages", "lint")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert f"{words}: has no list for 'fr'" in said.err
    words.write_text(words.read_text() + "\nfr:\n  doses: [gramme*]\n")
    faults = outreach("messages", "lint", "--json").rows
    assert {row["rule"] for row in faults} == {"missing_language"}
    assert {Path(row["file"]).name for row in faults} == {"fr"}


# -- preview


def test_the_preview_shows_every_sample_patient_with_its_size(
    config: Path, outreach: Outreach
) -> None:
    rows = outreach("messages", "preview", "prep_7d", "--language", "es", "--json").rows
    texts = {row["patient"]: row for row in rows if row["channel"] == "sms"}
    shown = {"first visit", "later visit", "no name", "long name", "two visits", "to a parent"}
    assert set(texts) == shown
    assert "Hola Robin" in texts["later visit"]["text"]
    assert "Hola" not in texts["no name"]["text"]
    assert texts["long name"]["units"] == texts["later visit"]["units"] + 17
    assert {row["encoding"] for row in texts.values()} == {"GSM-7"}
    assert texts["later visit"]["segments"] == 2
    assert {row["cost_usd"] for row in rows} == {None}
    emails = [row for row in rows if row["channel"] == "email"]
    assert len(emails) == 6
    assert all(row["subject"] and row["segments"] is None for row in emails)
    assert {row["version"] for row in rows} == {MessageTemplates().version("prep_7d", "es")}


def test_costs_are_shown_where_the_price_of_a_segment_is_known(
    config: Path, outreach: Outreach
) -> None:
    file = config / "clinic.yaml"
    file.write_text(file.read_text() + "segment_price_usd: 0.0113\n")
    rows = outreach("messages", "preview", "prep_7d", "--language", "en", "--json").rows
    texts = {row["patient"]: row["cost_usd"] for row in rows if row["channel"] == "sms"}
    assert (texts["no name"], texts["later visit"]) == (0.0113, 0.0226)
    assert {row["cost_usd"] for row in rows if row["channel"] == "email"} == {None}
    assert "2 segments, $0.0226" in outreach("messages", "preview", "prep_7d").out
    file.write_text(file.read_text().replace("0.0113", "-1"))
    assert "segment_price_usd" in outreach("messages", "preview", "prep_7d").err


def test_emails_are_written_as_files_to_look_at(
    config: Path, outreach: Outreach, clean: Path
) -> None:
    folder = clean / "looks" / "new"
    words = ("messages", "preview", "prep_3d", "--language", "en", "--html", folder, "--json")
    rows = outreach(*words).rows
    files = [Path(row["file"]) for row in rows if row["channel"] == "email"]
    assert sorted(files) == sorted(folder.iterdir())
    assert len(files) == 6
    page = (folder / "prep_3d.en.long_name.html").read_text()
    assert "<html" in page
    assert "Wilhelmina-Alexandrina" in page
    assert {row["file"] for row in rows if row["channel"] == "sms"} == {None}


def test_every_message_can_be_previewed(config: Path, outreach: Outreach) -> None:
    said = outreach("messages", "preview", "--json")
    assert said.code == 0
    shown = {(row["message"], row["language"]) for row in said.rows}
    assert {name for name, _ in shown} == set(MessageTemplates().names())
    assert {row["approved"] for row in said.rows if row["message"] == "staff_page"} == {None}
    assert all(row["segments"] <= 2 for row in said.rows if row["channel"] == "sms")


# -- approve


def test_approvals_are_recorded_and_shown(config: Path, outreach: Outreach) -> None:
    said = outreach("messages", "approve", "prep_2h", *CLINICIAN)
    assert said.code == 0
    assert "prep_2h (es) still needs a translator." in said.out
    state = {
        row["language"]: (row["approved"], row["lacking"])
        for row in outreach("messages", "preview", "prep_2h", "--json").rows
    }
    assert state == {"en": (True, []), "es": (False, ["translator"])}
    assert "not approved, needs a translator" in outreach("messages", "preview", "prep_2h").out

    assert outreach("messages", "approve", "prep_2h", "--language", "es", *TRANSLATOR).code == 0
    rows = outreach("messages", "preview", "prep_2h", "--json").rows
    assert {row["approved"] for row in rows} == {True}
    written = (config / "approvals.yaml").read_text()
    assert written.startswith("# Which texts may go to real patients")
    assert written.count("- message: prep_2h") == 3
    assert "Ana Núñez" in written


def test_all_approves_every_text_to_patients(config: Path, outreach: Outreach) -> None:
    assert outreach("messages", "approve", "--all", *CLINICIAN).code == 0
    assert outreach("messages", "approve", "--all", *TRANSLATOR).code == 0
    rows = outreach("messages", "preview", "--json").rows
    need_none = ("staff_", "from_staff")
    assert {row["approved"] for row in rows if not row["message"].startswith(need_none)} == {True}
    written = (config / "approvals.yaml").read_text()
    assert "staff_" not in written
    again = outreach("messages", "approve", "--all", *CLINICIAN)
    assert "prep_2h (en, version " in again.out
    assert ": approved." not in again.out
    assert (config / "approvals.yaml").read_text() == written


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing_here", *CLINICIAN), "There is no message named 'nothing_here'."),
        (("prep_2h", "--language", "fr", *CLINICIAN), "is not written in 'fr', only in en, es."),
        (("--all", "--language", "fr", *CLINICIAN), "No message is written in 'fr'."),
        (("staff_page", *CLINICIAN), "goes to staff alone and needs no approval."),
        (CLINICIAN, "name the messages, or say --all"),
        (("prep_2h", "--all", *CLINICIAN), "name the messages, or say --all"),
        (("prep_2h", "--by", " ", "--role", "clinician"), "must be a name of 1 to 60 characters"),
        (("prep_2h", "--by", "Dana", "--role", "nurse"), "is not one of 'clinician'"),
        (("prep_2h", "--role", "clinician"), "--by"),
    ],
)
def test_what_cannot_be_approved_is_told_and_changes_nothing(
    words: tuple[str, ...], told: str, config: Path, outreach: Outreach
) -> None:
    before = (config / "approvals.yaml").read_bytes()
    said = outreach("messages", "approve", *words)
    assert said.code in {1, 2}
    assert told in said.err
    assert said.err.count("\n") == 1
    assert (config / "approvals.yaml").read_bytes() == before


def test_a_missing_file_is_made(config: Path, outreach: Outreach) -> None:
    (config / "approvals.yaml").unlink()
    assert outreach("messages", "preview", "prep_2h").code == 0
    assert outreach("messages", "approve", "prep_2h", *CLINICIAN).code == 0
    assert (config / "approvals.yaml").read_text().count("- message: prep_2h") == 2


def test_a_broken_file_is_told_with_its_line_by_every_command(
    config: Path, outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = config / "approvals.yaml"
    file.write_text("approvals:\n  - message: prep_2h\n    role: nurse\n")
    for words in (("approve", "prep_2h", *CLINICIAN), ("preview", "prep_2h")):
        said = outreach("messages", *words)
        assert said.code == 1
        assert f"{file}, line 3: approvals.0.role" in said.err
    (one,) = doctor_says(outreach)
    assert (one["level"], f"{file}, line 3" in one["message"]) == ("fault", True)


# -- real patients and the sandbox


def test_the_doctor_lists_what_is_not_approved_with_a_real_carrier_alone(
    config: Path, outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = doctor_says(outreach)
    assert (one["level"], "sandbox" in one["message"]) == ("ok", True)

    for name, value in LIVE.items():
        monkeypatch.setenv(name, value)
    clinician, translator = doctor_says(outreach)
    assert {clinician["level"], translator["level"]} == {"warning"}
    assert "before a clinician approves them" in clinician["message"]
    assert "prep_2h (en)" in clinician["message"]
    assert "prep_2h (en)" not in translator["message"]
    assert "prep_2h (es)" in translator["message"]
    assert "staff_page" not in clinician["message"]
    assert "outreach messages approve NAME --role clinician --by NAME" in clinician["remedy"]

    outreach("messages", "approve", "--all", *CLINICIAN)
    (translator,) = doctor_says(outreach)
    assert "translator" in translator["message"]
    outreach("messages", "approve", "--all", *TRANSLATOR)
    (one,) = doctor_says(outreach)
    assert one["level"] == "ok"


@pytest.mark.parametrize(
    ("fields", "channels"),
    [
        ({}, set()),
        ({"sandbox": True, "twilio_account_sid": "AC1", "smtp_host": "mail"}, set()),
        ({"twilio_account_sid": "AC1"}, {ChannelKind.SMS}),
        ({"smtp_host": "mail.example.org"}, {ChannelKind.EMAIL}),
        (
            {"twilio_account_sid": "AC1", "sendgrid_api_key": "SG.x"},
            {ChannelKind.SMS, ChannelKind.EMAIL},
        ),
    ],
)
def test_channels_are_real_when_their_messages_reach_people(
    fields: dict[str, str], channels: set[ChannelKind]
) -> None:
    assert real_channels(settings_for(**fields)) == channels


def test_an_installation_asks_for_approvals_when_its_carrier_is_real(
    config: Path, outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_KEYS", KEYS)
    monkeypatch.setenv("OUTREACH_INDEX_KEY", INDEX_KEY)

    def lacking() -> tuple[str, ...]:
        world = build_world(load_settings())
        try:
            return world.sign_off.lacking("prep_2h", "es", ChannelKind.SMS)
        finally:
            world.db.close()

    assert lacking() == ()
    for name, value in {**LIVE, "TWILIO_FROM_NUMBER": "+12025550100"}.items():
        monkeypatch.setenv(name, value)
    assert lacking() == ("clinician", "translator")
    outreach("messages", "approve", "prep_2h", *CLINICIAN)
    assert lacking() == ("translator",)
    outreach("messages", "approve", "prep_2h", *TRANSLATOR)
    assert lacking() == ()
