"""Answers to the open question; in doubt the worse reading counts."""

import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Action, Label, Prompt


@pytest.mark.parametrize(
    ("text", "grade"),
    [("0", "0"), ("O", "0"), ("o", "0"), ("none", "0"), ("cero", "0"), ("1", "1"), ("2-3", "3"),
     ("1 or 2", "2"), ("2.5", "3"), ("a 2", "2"), ("un 2", "2"), ("severe", "3"), ("leve", "1"),
     ("mild", "1"), ("not bad", "1"), ("moderado", "2"), ("8/10", "3"), ("5/10", "2"), ("3!!", "3"),
     ("2 2 sites", "2"), ("1 pero me siento mejor", "1")],
)  # fmt: skip
def test_a_severity_is_read(engine: TriageEngine, text: str, grade: str) -> None:
    result = engine.triage(text, prompt=Prompt.SEVERITY_0_3)
    assert result.answer == grade
    wanted = {"0": Action.NONE, "1": Action.ROUTINE, "2": Action.SAME_DAY, "3": Action.PAGE_1H}
    assert result.action is wanted[grade]


def test_a_number_off_the_scale_goes_to_staff_the_same_day(engine: TriageEngine) -> None:
    result = engine.triage("7", prompt=Prompt.SEVERITY_0_3)
    assert (result.answer, result.label, result.action) == (None, Label.UNCLEAR, Action.SAME_DAY)


def test_the_worse_of_number_and_words_counts(engine: TriageEngine) -> None:
    assert engine.triage("0 but i cant breathe", prompt=Prompt.SEVERITY_0_3).urgent
    worse = engine.triage("3 but feeling ok", prompt=Prompt.SEVERITY_0_3)
    assert worse.action is Action.PAGE_1H


def test_a_count_of_days_is_no_severity(engine: TriageEngine) -> None:
    result = engine.triage("2 days of headache", prompt=Prompt.SEVERITY_0_3)
    assert result.answer is None
    assert result.label is Label.SYMPTOM_MILD


@pytest.mark.parametrize("text", ["2", "Y", "3", "0"])
def test_a_bare_answer_without_a_question_goes_to_staff(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text)
    assert (result.label, result.answer, result.staff) == (Label.UNCLEAR, None, True)


@pytest.mark.parametrize(
    "text", ["Y", "yes", "SI", "sí", "yep", "a little", "maybe", "un poco", "👍", "✅👍🏽"]
)
def test_yes_to_a_red_flag_question_pages(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text, prompt=Prompt.REDFLAG_YES_NO)
    assert (result.answer, result.action) == ("yes", Action.PAGE_1H)


@pytest.mark.parametrize("text", ["N", "no", "nope", "Ninguno", "no thanks", "not really"])
def test_no_to_a_red_flag_question_is_well(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text, prompt=Prompt.REDFLAG_YES_NO)
    assert (result.answer, result.label) == ("no", Label.NONE_OK)


def test_no_with_a_red_flag_in_it_pages(engine: TriageEngine) -> None:
    assert engine.triage("no but my chest hurts", prompt=Prompt.REDFLAG_YES_NO).urgent


def test_yes_to_a_screening_question_is_for_today(engine: TriageEngine) -> None:
    assert engine.triage("yes", prompt=Prompt.SCREEN).action is Action.SAME_DAY


@pytest.mark.parametrize(
    ("text", "answer"),
    [("C", "confirm"), ("confirmed", "confirm"), ("ok see you then", "confirm"),
     ("si confirmo", "confirm"), ("R", "reschedule"), ("need to change it", "reschedule"),
     ("no", "reschedule"), ("yes but i need to reschedule", "reschedule")],
)  # fmt: skip
def test_confirming_and_changing(engine: TriageEngine, text: str, answer: str) -> None:
    result = engine.triage(text, prompt=Prompt.CONFIRM)
    assert (result.answer, result.label) == (answer, Label.LOGISTICS)
    assert result.staff == (answer == "reschedule")


def test_yes_to_a_confirmation_also_opts_in(engine: TriageEngine) -> None:
    result = engine.triage("YES", prompt=Prompt.CONFIRM)
    assert (result.answer, result.opt_in) == ("confirm", True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [("DONE", "done"), ("LISTA", "done"), ("ya me la puse", "done"), ("LATE", "late"),
     ("tarde", "late"), ("later tonight", "late"), ("SKIP", "skip"), ("no", "skip"),
     ("se me olvide la dosis", "skip")],
)  # fmt: skip
def test_home_doses(engine: TriageEngine, text: str, answer: str) -> None:
    assert engine.triage(text, prompt=Prompt.DOSE).answer == answer


def test_a_stop_word_is_obeyed_under_any_question(engine: TriageEngine) -> None:
    for prompt in Prompt:
        assert engine.triage("STOP", prompt=prompt).opt_out


@pytest.mark.parametrize("text", ["👎", "ok", "thanks", "🙂", "what?"])
def test_no_answer_to_a_red_flag_question_is_read_by_staff(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text, prompt=Prompt.REDFLAG_YES_NO)
    assert (result.answer, result.staff) == (None, True)


def test_a_thumb_confirms_a_visit_and_grades_nothing(engine: TriageEngine) -> None:
    assert engine.triage("👍", prompt=Prompt.CONFIRM).answer == "confirm"
    assert engine.triage("👍", prompt=Prompt.SEVERITY_0_3).answer is None


@pytest.mark.parametrize("text", ["C", "r", "LATE", "skip", "Tarde"])
def test_a_word_we_ask_for_is_about_the_visit_without_a_question(
    engine: TriageEngine, text: str
) -> None:
    result = engine.triage(text)
    assert (result.label, result.answer, result.staff) == (Label.LOGISTICS, None, True)
