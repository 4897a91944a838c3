"""What sets a red flag aside, and what does not: asymmetric toward safety."""

import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Label

DENIED = [
    "no chest pain",
    "no fever, chills, or chest pain",
    "no chest pain or trouble breathing",
    "i dont have chest pain",
    "denies chest pain",
    "never had chest pain",
    "without any chest pain",
    "my leg isnt swollen",
    "no heart pain",
    "my breathing is much better",
    "chest pain: no",
    "no throat swelling, no chest pain, feel fine",
    "sin dolor de pecho",
    "no tengo dolor de pecho ni falta de aire",
    "no me duele el pecho",
    "nunca he tenido dolor de pecho",
]
STANDS = [
    "no fever but chest pain",
    "no fever except chest pain",
    "no fever. chest pain",
    "no fever 😟 chest pain",
    "no fever and chest pain",
    "no, i have chest pain",
    "no i have chest pain",
    "not only a headache, chest pain too",
    "not feeling well my chest hurts",
    "cant walk without chest pain",
    "i dont know if this is chest pain",
    "the chest pain wont stop",
    "no longer just tired, chest pain now",
    "chest pain no energy",
    "chest pain yesterday",
    "the chest pain is gone now",
    "i can not breathe",
    "no throat swelling",
    "im not suicidal",
    "is chest pain normal?",
    "my husband is having chest pain",
    "my mom cant breathe",
    "sin fiebre pero me duele el pecho",
    "no tengo fiebre, me duele el pecho",
    "no me siento bien me duele el pecho",
    "no se me quita el dolor de pecho",
    "no puedo caminar sin dolor de pecho",
    "si tengo dolor de pecho",
    "no quiero vivir",
    "mi mama no puede respirar",
    "when i get up my chest hurts",
    "when i got home i passed out",
    "if i stand up i pass out",
    "cuando me paro me desmayo",
    "si bien solo que tengo dolor de pecho",
    "si me duele el pecho no puedo dormir",
    "me dijeron que tengo un coagulo en el pulmon",
    "never had a seizure before but i just had one",
    "nunca me habia desmayado hasta hoy",
    "lol passed out in the kitchen",
    "im having trouble breathing, ok",
    "cant work im in the hospital",
    "no voy a la cita estoy en el hospital",
]
QUESTIONS = [
    "what if i get chest pain?",
    "what if i get fever, chills, or chest pain",
    "can ivig cause a stroke?",
    "what are the signs of a stroke",
    "que hago si me da dolor de pecho?",
    "si me da dolor de pecho a quien llamo?",
    "puede causar un derrame?",
    "what should i do if my throat swells up?",
    "que hago si se me cierra la garganta?",
    "can this cause anaphylaxis?",
    "are seizures common with this?",
]
NOTED = [
    "my mom had a stroke last year",
    "my neighbor died of a heart attack",
    "i had a seizure years ago",
    "in 2015 i had chest pain",
    "mi abuela tuvo un infarto",
    "hace años tuve una convulsion",
]
IDIOMS = ["dying of boredom", "me muero de hambre", "almost gave me a heart attack lol"]


@pytest.mark.parametrize("text", DENIED)
def test_a_denied_flag_is_no_flag(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text).label is Label.NONE_OK


@pytest.mark.parametrize("text", STANDS)
def test_a_doubtful_flag_stands(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text).urgent


@pytest.mark.parametrize("text", QUESTIONS)
def test_an_imagined_flag_is_a_question(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text)
    assert (result.label, result.staff) == (Label.QUESTION, True)


@pytest.mark.parametrize("text", NOTED)
def test_old_and_foreign_flags_are_read_by_staff(engine: TriageEngine, text: str) -> None:
    result = engine.triage(text)
    assert (result.urgent, result.staff) == (False, True)


@pytest.mark.parametrize("text", IDIOMS)
def test_an_idiom_is_no_flag(engine: TriageEngine, text: str) -> None:
    assert not engine.triage(text).urgent


def test_suicidal_words_are_never_imagined(engine: TriageEngine) -> None:
    assert engine.triage("what if i want to kill myself?").urgent


@pytest.mark.parametrize(
    "text", ["no chest pain since monday at noon", "camino y no me da el aire"]
)
def test_a_denial_with_more_in_it_is_read_by_staff(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text).staff


def test_what_is_not_understood_goes_to_staff(engine: TriageEngine) -> None:
    for text in ("", "   ", "qwrtp", "🦄", "ok so the thing with the paper and aunt rosa"):
        result = engine.triage(text)
        assert (result.label, result.staff) == (Label.UNCLEAR, True)
