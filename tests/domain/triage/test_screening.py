"""The question before a visit: none only where all is understood, a problem where in doubt."""

import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Action, Label, Prompt


@pytest.mark.parametrize(
    "text",
    ["NONE", "None.", "NO", "N", "nope", "N/A", "0", "NADA", "Ninguno", "ninguna", "nel",
     "no fever no infection", "No fever, infection or antibiotics", "None of the above, thank you",
     "nothing new", "I don't have any of those", "no thanks", "No I feel great!", "none im fine",
     "all good", "no fever, no chills, feeling good actually", "not pregnant", "No vaccines",
     "No kidney problem", "no surgery", "no tengo fiebre ni infeccion", "nada de eso gracias",
     "ninguno de los anteriores", "sin fiebre", "todo bien", "no vacuna"],
)  # fmt: skip
def test_a_full_denial_is_none(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text, prompt=Prompt.SCREEN)
    assert (result.answer, result.label, result.action) == ("none", Label.NONE_OK, Action.NONE)
    assert not result.staff


@pytest.mark.parametrize(
    "text",
    ["YES", "Y", "si", "SÍ", "maybe", "a little", "fever", "Fiebre", "I have a cold", "tengo tos",
     "I started antibiotics yesterday", "I am pregnant", "estoy embarazada", "kidney problem",
     "got a live vaccine last week", "me pusieron una vacuna ayer", "I had surgery last week",
     "me operaron", "started a new medicine", "problema del rinon", "no but I have a headache",
     "no fever but started amoxicillin", "none except a cough", "not feeling well",
     "no me siento bien", "No, had my tooth pulled last week", "no estoy bien",
     "no tengo fiebre pero me siento cansada desde ayer"],
)  # fmt: skip
def test_a_yes_or_anything_that_stands_is_a_problem(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text, prompt=Prompt.SCREEN)
    assert (result.answer, result.action) == ("problem", Action.SAME_DAY)
    assert not result.urgent
    assert result.staff


@pytest.mark.parametrize(
    "text",
    ["not sure", "no se", "no sabria", "no entiendo", "No idea", "no good", "No I do",
     "none?", "C", "R", "had a blood clot years ago", "No, but my house flooded",
     "can I still come with a cold?", "what time?"],
)  # fmt: skip
def test_what_is_not_understood_is_for_a_person(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text, prompt=Prompt.SCREEN)
    assert (result.answer, result.staff) == (None, True)


@pytest.mark.parametrize("text", ["ok", "thanks", "DONE"])
def test_a_polite_word_answers_nothing(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text, prompt=Prompt.SCREEN).answer is None


@pytest.mark.parametrize(
    "text",
    ["chest pain", "no but my chest hurts", "new clot in my leg", "no anaphylaxis",
     "yes temp 101.2 and shaking"],
)  # fmt: skip
def test_a_red_flag_stays_one_and_is_a_problem_too(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text, prompt=Prompt.SCREEN)
    assert result.urgent
    assert result.action is engine.triage(text).action
    assert result.answer == "problem"


def test_an_opt_out_is_no_answer(engine: TriageEngine) -> None:
    result = engine.triage("STOP", prompt=Prompt.SCREEN)
    assert (result.answer, result.opt_out) == (None, True)


@pytest.mark.parametrize(
    "text",
    ["he passed away", "She died last night", "my husband passed away", "Robin died on monday",
     "the patient is deceased", "hes dead", "mi esposo murio", "ella fallecio ayer", "ya murio",
     "el paciente falleció", "lamentablemente fallecio"],
)  # fmt: skip
def test_a_death_is_read(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text)
    assert "patient_died" in result.concepts
    assert result.action is Action.SAME_DAY


@pytest.mark.parametrize(
    "text",
    ["my dog died", "my phone died", "my friend passed away", "I almost died", "mi perro murio",
     "My mother passed away so I need to reschedule my appointment", "mi tio murio ayer",
     "mi mama fallecio y necesito cambiar mi cita", "passed out", "my arm feels dead"],
)  # fmt: skip
def test_what_only_looks_like_the_patients_death(engine: TriageEngine, text: str) -> None:
    assert "patient_died" not in engine.triage(text).concepts


@pytest.mark.parametrize(
    "text",
    ["wrong number", "you have the wrong number", "wrong person", "this is not her number",
     "nobody by that name here", "she doesnt use this number anymore", "numero equivocado",
     "se equivoco de numero", "este no es su numero", "no conozco a esa persona", "aqui no vive"],
)  # fmt: skip
def test_a_wrong_number_is_read(engine: TriageEngine, text: str) -> None:
    assert "wrong_number" in engine.triage(text).concepts


@pytest.mark.parametrize(
    "text", ["I have a new number", "you got the wrong time", "I dont know who is driving me"]
)
def test_what_only_looks_like_a_wrong_number(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text)
    assert "wrong_number" not in result.concepts
    assert result.staff
