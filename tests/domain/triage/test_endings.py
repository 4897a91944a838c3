"""Spanish as it sounds, endings of words, and two languages in one sentence."""

import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.forms import english_forms, spanish_forms
from outreach.domain.triage.result import Label
from outreach.domain.triage.sounds import spanish_sound


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("serrando", "cerrando"), ("aogo", "ahogo"), ("desmalle", "desmaye"),
        ("imfarto", "infarto"), ("varriga", "barriga"), ("kuello", "cuello"),
        ("oxijeno", "oxigeno"), ("siego", "ciego"), ("incho", "hincho"),
    ],
)  # fmt: skip
def test_what_sounds_alike_has_one_sound(typed: str, meant: str) -> None:
    assert spanish_sound(typed) == spanish_sound(meant)


def test_what_sounds_different_has_another_sound() -> None:
    assert spanish_sound("casa") != spanish_sound("cama")
    assert spanish_sound("hoja") != spanish_sound("ojo")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sangrarme", "sangrar"), ("ahogandose", "ahogando"), ("jaquequita", "jaqueca"),
        ("moradito", "morado"), ("durisima", "dura"), ("doloron", "dolor"),
        ("dolorcito", "dolor"),
    ],
)  # fmt: skip
def test_spanish_endings_lead_to_the_plain_word(typed: str, meant: str) -> None:
    assert meant in list(spanish_forms(typed))


def test_english_gets_its_g_back() -> None:
    assert list(english_forms("droopin")) == ["drooping"]
    assert list(english_forms("chest")) == []


@pytest.mark.parametrize(
    "text",
    [
        "se me esta serrando la garganta",
        "no para de sangrarme la encia",
        "no puede breathe bien mi esposo",
        "my mouth is droopin on one side",
        "no fever but me duele el pecho",
        "sin fiebre but my chest hurts",
        "no symptoms except temp 101.1",
    ],
)
def test_such_a_red_flag_is_found(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text).urgent


@pytest.mark.parametrize("text", ["no tengo pus", "no chest pain", "no tengo chest pain"])
def test_a_denial_in_the_language_of_the_sentence_counts(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text).label is Label.NONE_OK
