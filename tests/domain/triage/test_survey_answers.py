"""Answers to the further questions of a survey."""

import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Action, Label, Prompt


@pytest.mark.parametrize(
    ("text", "answer"),
    [("2", "2"), ("2,4", "2,4"), ("2.4", "2,4"), ("1 and 3", "1,3"), ("1 y 3", "1,3"), ("3 3", "3"),
     ("#4", "4"), ("number 4", "4"), ("0", "none"), ("O", "none"), ("none", "none"),
     ("nada", "none"), ("no headache", "none"), ("headache and chills", "words"),
     ("dolor de cabeza", "words"), ("zzyzx in the elbow", "words"),
     ("2 days of headache", "words")],
)  # fmt: skip
def test_which_symptom_is_read(engine: TriageEngine, text: str, answer: str) -> None:
    assert engine.triage(text, prompt=Prompt.SYMPTOM).answer == answer


@pytest.mark.parametrize("text", ["can I eat?", "STOP", "HELP", "ok thanks", "x", "??"])
def test_what_is_about_something_else_is_no_answer(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text, prompt=Prompt.SYMPTOM).answer is None


@pytest.mark.parametrize("prompt", [Prompt.SYMPTOM, Prompt.INTERFERENCE_0_4])
def test_a_number_there_is_no_place_for_is_for_staff_the_same_day(
    engine: TriageEngine, prompt: Prompt
) -> None:
    result = engine.triage("12", prompt=prompt)
    assert (result.answer, result.label, result.action) == (None, Label.UNCLEAR, Action.SAME_DAY)


def test_a_red_flag_in_an_answer_is_one(engine: TriageEngine) -> None:
    for prompt in (Prompt.SYMPTOM, Prompt.INTERFERENCE_0_4):
        assert engine.triage("chest pain", prompt=prompt).action is Action.CALL_911
    assert engine.triage("2 and I cant breathe", prompt=Prompt.SYMPTOM).urgent


@pytest.mark.parametrize(
    ("text", "score"),
    [("0", "0"), ("O", "0"), ("not at all", "0"), ("nada", "0"), ("a little", "1"),
     ("un poco", "1"), ("not much", "1"), ("some", "2"), ("2-3", "3"), ("quite a bit", "3"),
     ("bastante", "3"), ("very much", "4"), ("mucho", "4"), ("4!!", "4"), ("a lot", "4")],
)  # fmt: skip
def test_how_much_it_limits_is_read(engine: TriageEngine, text: str, score: str) -> None:
    result = engine.triage(text, prompt=Prompt.INTERFERENCE_0_4)
    assert result.answer == score
    wanted = (Action.NONE, Action.ROUTINE, Action.ROUTINE, Action.SAME_DAY, Action.SAME_DAY)
    assert result.action is wanted[int(score)]


def test_without_the_question_a_number_means_nothing(engine: TriageEngine) -> None:
    result = engine.triage("2,4")
    assert (result.answer, result.staff) == (None, True)
