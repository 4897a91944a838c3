"""Surveys as a nurse writes them: what is read, and what is refused with its line."""

import json
from pathlib import Path

import pytest

from outreach.configuration.journey_files import load_journeys
from outreach.configuration.survey_files import load_surveys, survey_schema
from outreach.domain.errors import ConfigurationError
from outreach.domain.surveys import Survey
from outreach.domain.triage.result import Prompt
from tests.worlds import CONFIG, clinic, engine, templates

SHIPPED = CONFIG / "surveys"
NAMES = frozenset(templates().names())
GOOD = """\
name: after
title: After a visit
symptoms:
  - {id: headache, words: {en: headache, es: dolor de cabeza}}
questions:
  - id: which
    prompt: symptom
    message: auto_survey_which
    open_hours: 24
"""


def load(folder: Path) -> dict[str, Survey]:
    return load_surveys(folder, clinic(), NAMES)


def test_the_shipped_check_in_asks_what_and_then_how_much() -> None:
    survey = load(SHIPPED)["checkin"]
    assert [one.prompt for one in survey.questions] == [Prompt.SYMPTOM, Prompt.INTERFERENCE_0_4]


def test_no_line_of_the_shipped_list_is_a_red_flag_by_itself() -> None:
    """Who has one of those needs a phone, not a number to send."""
    for one in load(SHIPPED)["checkin"].symptoms:
        for words in one.words.values():
            assert not engine().triage(words).urgent, words


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert load(tmp_path / "surveys") == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("prompt: symptom", "prompt: dose", 7, "should be 'symptom'"),
        ("auto_survey_which", "auto_nothing", 8, "no message"),
        ("auto_survey_which", "prep_7d", 8, "begin with auto_"),
        (", es: dolor de cabeza", "", 4, "lacks 'es'"),
        ("id: which", "id: severity", 6, "taken"),
        ("open_hours: 24", "open_hours: 24\n    from_severity: 3", 10, "2"),
        ("  - {id: headache, words: {en: headache, es: dolor de cabeza}}", "  []", 3, "list"),
        ("title:", "titel:", 2, "Did you mean"),
    ],
)
def test_what_cannot_work_is_told_with_its_line(
    old: str, new: str, line: int, word: str, tmp_path: Path
) -> None:
    (tmp_path / "after.yaml").write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path)
    assert f"after.yaml, line {line}:" in str(caught.value)
    assert word in str(caught.value)


def test_two_surveys_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="another survey already"):
        load(tmp_path)


STEP = """\
name: after_visit
title: After
anchor: infusion_end
kinds: [infusion]
steps:
  - id: h24
    after: {hours: 24}
    message: checkin_24h
    useful_hours: 24
    asks: {prompt: severity_0_3, open_hours: 24, survey: checkin}
"""


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("survey: checkin", "survey: chekin", "no survey 'chekin'"),
        ("prompt: severity_0_3", "prompt: redflag_yes_no", "goes on from"),
        ("prompt: severity_0_3", "prompt: symptom", "should be"),
    ],
)
def test_a_step_goes_on_with_a_survey_there_is_after_a_severity(
    old: str, new: str, word: str, tmp_path: Path
) -> None:
    (tmp_path / "after_visit.yaml").write_text(STEP.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=word):
        load_journeys(tmp_path, clinic(), NAMES, {"checkin"})
    (tmp_path / "after_visit.yaml").write_text(STEP, encoding="utf-8")
    (journey,) = load_journeys(tmp_path, clinic(), NAMES, {"checkin"})
    assert journey.steps[0].survey == "checkin"


def test_a_call_about_unconfirmed_visits_needs_a_step_that_asks(tmp_path: Path) -> None:
    text = STEP.replace("steps:", "unconfirmed: {call_hours_before: 24}\nsteps:")
    (tmp_path / "after_visit.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="prompt: confirm"):
        load_journeys(tmp_path, clinic(), NAMES, {"checkin"})
    shipped = load_journeys(CONFIG / "journeys", clinic(), NAMES, {"checkin"})
    hours = {one.name: one.unconfirmed_hours for one in shipped if one.unconfirmed_hours}
    assert hours == {"infusion_visit": 24}


def test_the_schema_beside_the_surveys_is_current() -> None:
    kept = (SHIPPED / "survey.schema.json").read_text(encoding="utf-8")
    assert kept == json.dumps(survey_schema(), indent=2) + "\n", (
        "write json.dumps(survey_schema(), indent=2) and a line break into survey.schema.json"
    )


def test_every_survey_points_its_editor_to_the_schema() -> None:
    for file in SHIPPED.glob("*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=survey.schema.json"
