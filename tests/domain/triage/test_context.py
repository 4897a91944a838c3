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
    "mi mama tuvo un infarto hoy",
    "a mi papa le dio un derrame hoy, ayuda",
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
READ_ABOUT = [
    "the leaflet scared me. Stroke, clots, seizures, kidney failure. Normal?",
    "they said watch for dark urine, yellow skin, trouble breathing. i had none of that",
    "que miedo el folleto: coágulos, derrame, meningitis. No me dio nada de eso",
    "había leído de infartos, coágulos, derrames y no sé qué más, y casi no me animo",
    "hypothetically, what if someone got blood in the tube?",
    "how high does a fever have to be before i call",
    "how do i know if its an allergic reaction",
]
RELATIVES = [
    "my dad got really confused",
    "my brother has chest pain",
    "my mom had a seizure an hour ago",
    "my dad was wheezing all night after the drip",
    "mi papa estaba muy confundido",
    "mi abuelita estaba vomitando sangre",
    "mi hermano se tomo todas sus pastillas",
]
NOT_SICK = [
    "my dog had a seizure so im at the vet",
    "mi perro convulsiono y estoy en el veterinario",
    "my neighbor fainted so im late",
    "mi vecina se desmayo y la acompañe",
    "running out of needles only enough for 2 doses",
    "me equivoque de dia, era el martes verdad",
    "i cant see my appointment in the portal",
    "its 102 degrees outside",
    "bp 118/72 temp 98.4 o2 98",
    "hr 68 o2 97",
    "my heart raced back then. That was years ago",
    "When i was 19 i tried to end my life",
    "feet a little swollen",
    "urgent: what time is my appointment",
]
TAKEN_AT_ITS_WORD = [
    "feet swollen",
    "feet a little swollen, worse every day",
    "my dog found me on the floor",
    "i read the leaflet. chest pain, dizzy, cant breathe",
    "had none of that before, chest pain now",
    "hace años que me quiero morir",
    "years ago i tried to end my life and now i want to again",
    "help me, when is my appointment",
    "oxygen 84 feel fine",
    "pee is red, i take vitamins",
    "leí de infartos, coágulos, derrames y ahora me duele el pecho",
    "mi mama dice que no puede respirar",
    "nunca me habia faltado el aire asi",
    "temblaba sin control",
    "no me ayuda con las convulsiones, hoy tuve tres",
    "quiero desaparecer desde hace dias",
    "no veo nada",
    "me muero de dolor",
]
DENIED_CLOSE_BY = [
    "la pierna no esta roja ni caliente",
    "site isnt red or hot or hard",
    "i did not take a double dose",
    "fever no, rash no, breathing fine",
    "denies chest pain, sob, fever",
    "mi mama no esta confundida, habla bien y come",
]
IDIOMS = [
    "dying of boredom",
    "me muero de hambre",
    "almost gave me a heart attack lol",
    "no puedo respirar de la risa",
    "me mato el trabajo",
    "quisiera desaparecer un rato",
    "se cayo el internet",
    "no veo la hora de salir",
]


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


@pytest.mark.parametrize("text", [*READ_ABOUT, *NOT_SICK, *DENIED_CLOSE_BY])
def test_what_is_read_about_or_nobodys_illness_pages_nobody(
    engine: TriageEngine, text: str
) -> None:
    assert not engine.triage(text).urgent


@pytest.mark.parametrize("text", [*RELATIVES, *TAKEN_AT_ITS_WORD])
def test_relatives_may_be_the_patient_and_doubt_pages(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text).urgent


def test_not_okay_is_no_all_clear(engine: TriageEngine) -> None:
    result = engine.triage("im not okay")
    assert (result.label, result.staff) == (Label.SYMPTOM_MILD, True)


def test_a_lexicon_bends_no_words_of_another_language(engine: TriageEngine) -> None:
    assert not engine.triage("hoy me puse las medias que me dieron para la cita").urgent


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
