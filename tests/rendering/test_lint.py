"""The shipped messages obey the copy rules, and each rule catches an offender."""

from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.configuration.copy_file import load_copy_words
from outreach.configuration.journey_files import load_journeys
from outreach.domain.states import ChannelKind
from outreach.rendering.copy_rules import CopyRules
from outreach.rendering.lint import Fault, Rule, Sample, lint
from outreach.rendering.messages import MessageTemplates
from outreach.rendering.purposes import mismatches
from outreach.rendering.samples import COVERAGES, SampleCoverage
from tests.worlds import CONFIG, JOURNEYS, clinic

Write = Callable[[str, str], Path]

NEEDED = {
    "welcome", "prep_7d", "prep_7d_first", "prep_3d", "prep_1d", "prep_1d_first", "prep_2h",
    "checkin_24h", "checkin_72h", "checkin_10d", "dose_day", "dose_missed", "auto_call_911",
    "auto_at_er", "auto_page_1h", "auto_call_988", "auto_help", "auto_opted_out", "auto_opted_in",
    "auto_confirmed", "auto_reschedule", "auto_dose_done", "auto_dose_late", "auto_dose_skip",
    "auto_received", "auto_screen_none", "auto_screen_problem", "campaign_hours",
    "campaign_survey_call", "staff_page",
}  # fmt: skip
BY_EMAIL = {"prep_7d", "prep_7d_first", "prep_3d", "dose_missed", "campaign_hours", "staff_page"}
WORDS = load_copy_words(CONFIG / "copy.yaml", ("en", "es"))
RULES = CopyRules(WORDS)
ENGLISH = CopyRules(WORDS, languages=("en",))
CLEAN = "{{ clinic.name }}: See you soon. Call {{ clinic.phone }}."


def test_every_shipped_message_is_clean() -> None:
    assert lint(MessageTemplates(), RULES) == []


def test_every_message_the_road_needs_is_shipped() -> None:
    templates = MessageTemplates()
    assert set(templates.names()) >= NEEDED
    assert {
        name for name in templates.names() if templates.offers(name, "en", ChannelKind.EMAIL)
    } >= BY_EMAIL


def only(write: Write, folder: Path, sms: str, rules: CopyRules | None = None) -> list[Fault]:
    write("note/en/sms.txt", sms)
    return lint(MessageTemplates(folder), rules or ENGLISH)


def test_a_clean_message_has_no_fault(write: Write, tmp_path: Path) -> None:
    assert only(write, tmp_path, CLEAN) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (CLEAN + " Your infusion is near.", Rule.FORBIDDEN_WORD),
        (CLEAN + " Bring the Hizentra.", Rule.FORBIDDEN_WORD),
        (CLEAN + " Take 20 g of it.", Rule.FORBIDDEN_WORD),
        (CLEAN + " Take 2 units.", Rule.FORBIDDEN_WORD),
        (CLEAN + " Your CIDP day is near.", Rule.FORBIDDEN_WORD),
        (CLEAN + " Reply YES to come.", Rule.RESERVED_KEYWORD),
        (CLEAN + " Reply C or yes.", Rule.RESERVED_KEYWORD),
        (CLEAN + " Reply 'no', 'maybe' or 'quit'.", Rule.RESERVED_KEYWORD),
        (CLEAN + " Reply END now.", Rule.RESERVED_KEYWORD),
        (CLEAN + " Reply CANCEL to end texts.", Rule.RESERVED_KEYWORD),
        (CLEAN + " Reply C to come, or QUIT.", Rule.RESERVED_KEYWORD),
        (CLEAN + ' Reply with "cancel" to stay home.', Rule.RESERVED_KEYWORD),
        (CLEAN + " Reply STOP if you feel bad.", Rule.RESERVED_KEYWORD),
        (CLEAN + " We are here." * 25, Rule.TOO_LONG),
        (CLEAN + " Sí.", Rule.NOT_GSM_7),
        (
            CLEAN + " Comprehensive preparatory documentation is obligatory for participation.",
            Rule.HARD_TO_READ,
        ),
        (CLEAN + " Drink more water.", Rule.FLUIDS_CAVEAT),
        (CLEAN + " Drink water. Rest, unless told to limit fluids.", Rule.FLUIDS_CAVEAT),
        ("See you soon. Call {{ clinic.phone }}.", Rule.NO_CLINIC_NAME),
        ("{{ clinic.name }}: See you soon.", Rule.NO_PHONE),
        (CLEAN + " {{ diagnosis }}", Rule.UNDEFINED_VARIABLE),
        (CLEAN + " {% if first == 'Q' %}{{ visit.room }}{% endif %}", Rule.UNDEFINED_VARIABLE),
        (CLEAN + " {{ campaign.when }}", Rule.UNDEFINED_VARIABLE),
        (CLEAN + " See https://bit.ly/x1.", Rule.SHORT_LINK),
        (CLEAN + " {% if first %}", Rule.BROKEN),
        (CLEAN + " {{ first | float / 0 }}", Rule.BROKEN),
    ],
)
def test_each_rule_catches_its_offender(
    text: str, rule: Rule, write: Write, tmp_path: Path
) -> None:
    assert {fault.rule for fault in only(write, tmp_path, text)} == {rule}


@pytest.mark.parametrize(
    "text",
    [
        CLEAN + " Reply STOP to end texts.",
        CLEAN + " Reply C to come, R to change.",
        CLEAN + " Reply C or call us to cancel.",
        CLEAN + " We have 3 chairs and 20 staff.",
        CLEAN + " Reply DONE when you end your home dose.",
        CLEAN + " Drink water, unless told to limit fluids.",
        CLEAN + " Give us a ring. The site is at example.org/a.",
    ],
)
def test_what_only_looks_like_an_offence_passes(text: str, write: Write, tmp_path: Path) -> None:
    assert only(write, tmp_path, text) == []


def test_a_missing_language_is_a_fault_for_each_channel(write: Write, tmp_path: Path) -> None:
    write("note/es/subject.txt", "{{ clinic.name }}")
    write("note/es/body.txt", "Llame al {{ clinic.phone }}.")
    faults = only(write, tmp_path, CLEAN, RULES)
    assert {(fault.file, fault.rule) for fault in faults} == {
        ("note/es", Rule.MISSING_LANGUAGE),
        ("note/en", Rule.MISSING_LANGUAGE),
    }


def test_every_language_of_the_clinic_must_be_there(write: Write, tmp_path: Path) -> None:
    faults = only(write, tmp_path, CLEAN, CopyRules(WORDS, languages=("en", "fr")))
    assert [(fault.file, fault.rule) for fault in faults] == [("note/fr", Rule.MISSING_LANGUAGE)]


@pytest.mark.parametrize("word", ["infusion", "quimioterapia", "octagam", "VIH", "CIDP"])
def test_a_word_is_forbidden_in_its_own_language_or_in_all(
    word: str, write: Write, tmp_path: Path
) -> None:
    write("note/en/sms.txt", CLEAN)
    write("note/es/sms.txt", f"{CLEAN} Hoy {word}.")
    (fault,) = lint(MessageTemplates(tmp_path), RULES)
    assert fault.rule is Rule.FORBIDDEN_WORD


def test_a_keyword_is_found_behind_a_verb_with_an_accent(write: Write, tmp_path: Path) -> None:
    write("note/es/subject.txt", "{{ clinic.name }}")
    write("note/es/body.txt", "Llame al {{ clinic.phone }}. Envíe end.")
    faults = lint(MessageTemplates(tmp_path), CopyRules(WORDS, languages=("es",)))
    assert {fault.rule for fault in faults} == {Rule.RESERVED_KEYWORD}


def test_a_clinic_name_that_makes_texts_shorter_is_found(write: Write, tmp_path: Path) -> None:
    write("note/en/sms.txt", CLEAN)
    faults = lint(MessageTemplates(tmp_path), ENGLISH, Sample("Клиника", "202-555-0142"))
    assert Rule.NOT_GSM_7 in {fault.rule for fault in faults}


@pytest.mark.parametrize("name", ["auto_note", "campaign_note", "staff_note"])
@pytest.mark.parametrize("variable", ["visit.start | day", "dose.at | clock"])
def test_messages_without_a_visit_or_dose_may_not_speak_of_one(
    name: str, variable: str, write: Write, tmp_path: Path
) -> None:
    write(f"{name}/en/sms.txt", f"{CLEAN} See you {{{{ {variable} }}}}.")
    faults = lint(MessageTemplates(tmp_path), ENGLISH)
    assert {fault.rule for fault in faults} == {Rule.UNDEFINED_VARIABLE}
    asked = variable.partition(".")[0]
    guarded = f"{CLEAN} {{% if {asked} is defined %}}See you {{{{ {variable} }}}}.{{% endif %}}"
    write(f"{name}/en/sms.txt", guarded)
    assert lint(MessageTemplates(tmp_path), ENGLISH) == []


def test_email_parts_are_checked_too(write: Write, tmp_path: Path) -> None:
    subject = write("note/en/subject.txt", "{{ clinic.name }}: your IVIG day")
    body = write("note/en/body.html", "<p>Your <b>infusion</b> day</p>")
    write("note/en/body.txt", "Call {{ clinic.phone }}.")
    found = {(fault.file, fault.rule) for fault in only(write, tmp_path, CLEAN)}
    assert found == {(str(subject), Rule.FORBIDDEN_WORD), (str(body), Rule.FORBIDDEN_WORD)}


def test_the_clinics_own_name_counts_as_words_and_length(write: Write, tmp_path: Path) -> None:
    write("note/en/sms.txt", CLEAN)
    faults = lint(MessageTemplates(tmp_path), ENGLISH, Sample("Elm Infusion Center", "1"))
    assert {fault.rule for fault in faults} == {Rule.FORBIDDEN_WORD}


def test_a_fault_reads_as_one_line() -> None:
    assert str(Fault("a/en/sms.txt", Rule.NO_PHONE, "x")) == "a/en/sms.txt: no_phone: x"


RED_FLAG_REPLIES = {
    "auto_call_911": ("Call 911 now.", "Llame al 911 ahora."),
    "auto_at_er": ("Stay there.", "Quedese alli."),
    "auto_page_1h": ("Call us now: 202-555-0142.", "Llame ahora: 202-555-0142."),
    "auto_call_988": ("Call or text 988 now.", "Llame al 988 ahora"),
}


@pytest.mark.parametrize("name", RED_FLAG_REPLIES)
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("coverage", COVERAGES)
def test_a_red_flag_reply_starts_with_the_one_action_and_asks_nothing(
    name: str, language: str, coverage: SampleCoverage
) -> None:
    context = {
        "clinic": {"name": "Elm Clinic", "phone": "202-555-0142"},
        "first": "",
        "coverage": {"always": coverage.always, "nurse_on": coverage.nurse_on},
    }
    text = MessageTemplates().render(name, language, ChannelKind.SMS, context).text
    said = text.removeprefix("Elm Clinic: ")
    assert said.startswith(RED_FLAG_REPLIES[name][language == "es"])
    assert "?" not in text
    assert "911" in text
    hours = {"en": "in office hours only", "es": "Solo vemos los textos en horas de oficina"}
    always = {"en": "see texts day and night", "es": "Vemos los textos dia y noche"}
    told = {"en": "A nurse has been told", "es": "Ya lo sabe una enfermera"}
    assert (hours[language] in text) is not coverage.always
    assert (always[language] in text) is coverage.always
    assert (told[language] in text) is coverage.nurse_on
    assert {"en": "Do not wait for a text", "es": "No espere un texto"}[language] in text or (
        name == "auto_at_er"
    )


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_automatic_answer_says_when_it_is_seen(language: str) -> None:
    templates = MessageTemplates()
    context = {
        "clinic": {"name": "Elm Clinic", "phone": "202-555-0142"},
        "first": "",
        "for_other": False,
        "survey": {"symptoms": [{"en": "tired", "es": "cansancio"}]},
    }
    ways = [
        (name, channel)
        for name in templates.names()
        if name.startswith("auto_")
        for channel in (ChannelKind.SMS, ChannelKind.EMAIL)
        if templates.offers(name, language, channel)
    ]
    assert len([channel for _, channel in ways if channel is ChannelKind.SMS]) == 26
    assert len([channel for _, channel in ways if channel is ChannelKind.EMAIL]) == 12
    for name, channel in ways:
        texts = {
            templates.render(
                name, language, channel, {**context, "coverage": {"always": always, "nurse_on": on}}
            ).text
            for always in (True, False)
            for on in (True, False)
        }
        red_flag = name.startswith("auto_opted_out_") or "911" in name or "988" in name
        assert len(texts) == (4 if red_flag or name in {"auto_at_er", "auto_page_1h"} else 2)


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        ("note", None, "has no purpose.txt; write one that says care or education or marketing"),
        ("note", "reply", "is for reply"),
        ("note", "advert", "is none of care"),
        ("auto_note", "care", "is for care; a message of this name is for reply"),
        ("campaign_note", "care", "is for campaign or education or marketing"),
        ("staff_note", "care", "is for staff"),
    ],
)
def test_a_message_says_what_it_is_for(
    name: str, word: str | None, told: str, write: Write, tmp_path: Path
) -> None:
    write(f"{name}/en/sms.txt", CLEAN)
    declared = tmp_path / name / "purpose.txt"
    declared.unlink() if word is None else declared.write_text(word, encoding="utf-8")
    (fault,) = lint(MessageTemplates(tmp_path), ENGLISH)
    assert (fault.file, fault.rule) == (f"{name}/purpose.txt", Rule.PURPOSE)
    assert told in fault.detail


@pytest.mark.parametrize(("declared", "wrong"), [("care", False), ("marketing", True)])
def test_a_journey_uses_messages_for_what_they_are_for(
    declared: str, write: Write, tmp_path: Path, *, wrong: bool
) -> None:
    write("prep_7d/en/sms.txt", CLEAN)
    (tmp_path / "prep_7d" / "purpose.txt").write_text(declared, encoding="utf-8")
    found = list(mismatches(JOURNEYS[:1], MessageTemplates(tmp_path)))
    assert [("d7" in line, "is for marketing" in line) for line in found] == (
        [(True, True)] if wrong else []
    )


def test_the_shipped_journeys_use_messages_for_what_they_are_for() -> None:
    templates = MessageTemplates()
    journeys = load_journeys(CONFIG / "journeys", clinic(), templates.names())
    assert list(mismatches(journeys, templates)) == []
