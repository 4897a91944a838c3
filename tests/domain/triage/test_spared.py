"""Everyday words near those of a red flag: what is spared, and its neighbour that is not."""

import pytest

from outreach.domain.triage.engine import TriageEngine

PAIRS = [
    ("en", "so i wont make it by 9", "im not gonna make it unless somebody comes"),
    ("en", "sorry wont make it to dinner", "my dad is not going to make it"),
    ("en", "my heart hurts for you", "my heart hurts for about an hour when i walk"),
    ("en", "temperature taken twice", "i took my dose twice by mistake"),
    ("en", "i take it twice a day", "i took it twice today by accident"),
    ("en", "feels like i got hit by a truck", "my husband hit me again"),
    ("en", "worst migraines ever", "worst migraine of my life"),
    ("en", "headache for days", "headache like never before for two days"),
    ("en", "the dog came to check on me", "i came to on the floor of the kitchen"),
    ("en", "dry mouth and back pain", "my mouth is dry and crooked on one side"),
    ("en", "swelling at the thigh site, gone in a day", "my thigh is swollen and hot"),
    ("en", "a few hives on my neck and chest", "hives on my neck and my throat is tight"),
    ("en", "feet swollen from standing", "feet swollen and up 5 lbs since yesterday"),
    ("en", "nosebleed stopped in 2 minutes", "nosebleed hasnt stopped in 20 minutes"),
    ("en", "one vial is cracked so i didnt use it", "expired vial, i noticed after i used it"),
    ("en", "period cramps", "cramps so bad im on the floor, worse than my period"),
    ("en", "i have myositis", "they say it is transverse myelitis"),
    ("en", "2 cm of induration at the site", "she needed intubation"),
    ("en", "the drip took all day", "my pee only drips when i go"),
    ("es", "hambre que me muero", "siento que me muero"),
    ("es", "se tomó naproxeno dos veces", "me puse la dosis dos veces hoy"),
    ("es", "escalofríos leves y mucho cansancio", "escalofríos fuertes que no paran"),
    ("es", "asfixiada de trabajo", "me ahogo mucho en el trabajo"),
    ("es", "no podía ni ver la comida", "no puedo ver con un ojo"),
    ("es", "el estómago fatal", "me siento fatal"),
    ("es", "boca seca y dolor de espalda", "la boca seca y torcida"),
    ("es", "los ojos hinchados de llorar", "alergia con la medicina y los ojos hinchados"),
    ("es", "me pega el cansancio", "me pega mi esposo"),
    ("es", "me pica el pecho", "comezón y opresión en el pecho"),
    ("es", "cólicos de la regla", "cólicos insoportables, peor que la regla"),
    ("es", "tengo miositis", "tengo mucositis, llagas en la boca"),
]


@pytest.mark.parametrize(("language", "spared", "pressing"), PAIRS)
def test_everyday_words_are_spared_and_their_neighbours_are_not(
    engine: TriageEngine, language: str, spared: str, pressing: str
) -> None:
    assert not engine.triage(spared, language).urgent
    assert engine.triage(pressing, language).urgent


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "never had a seizure in my life until this"),
        ("en", "given intravenously in error"),
        ("en", "worked out how i'd do it"),
        ("en", "i wont be around much longer"),
        ("es", "ni quiero despertar"),
        ("es", "casi no hago del 1"),
        ("es", "me puse la del domingo y la de hoy juntas"),
        ("es", "mi mujer está de seis meses y no nota moverse al bebé"),
    ],
)
def test_red_flags_in_few_or_roundabout_words_are_seen(
    engine: TriageEngine, language: str, text: str
) -> None:
    assert engine.triage(text, language).urgent


@pytest.mark.parametrize("text", ["turn em off", "don't call, don't write", "they need to stop"])
def test_wishes_for_no_more_texts_are_seen(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text, "en").opt_out


@pytest.mark.parametrize("text", ["STOPP", "i want the pain to stop", "turn it off before i go?"])
def test_other_stops_are_no_wish_for_fewer_texts(engine: TriageEngine, text: str) -> None:
    assert not engine.triage(text, "en").opt_out
