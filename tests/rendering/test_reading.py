"""Reading grades against syllables counted by hand."""

import pytest

from outreach.rendering.reading import effort, english_syllables, grade, spanish_syllables


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("the", 1), ("visit", 2), ("insurance", 3), ("before", 2), ("sleeves", 1), ("changes", 2),
        ("wanted", 2), ("called", 1), ("little", 2), ("tables", 2), ("emergency", 4), ("you", 1),
    ],
)  # fmt: skip
def test_english_syllables(word: str, syllables: int) -> None:
    assert english_syllables(word) == syllables


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("visita", 3), ("agua", 2), ("día", 2), ("miércoles", 3), ("emergencia", 4), ("que", 1),
        ("guerra", 2), ("pingüino", 3), ("hay", 1), ("leer", 2), ("oír", 2), ("riñón", 2),
    ],
)  # fmt: skip
def test_spanish_syllables(word: str, syllables: int) -> None:
    assert spanish_syllables(word) == syllables


def test_flesch_kincaid_by_hand() -> None:
    # 6 words, 2 sentences, 7 syllables; numbers are not words.
    text = "Your visit is soon. Call 202-555-0142 today."
    counted = effort(text, "en")
    assert counted is not None
    assert (counted.words, counted.sentences, counted.syllables) == (6, 2, 8)
    assert grade(text, "en") == pytest.approx(0.39 * 3 + 11.8 * 8 / 6 - 15.59)


def test_easy_spanish_is_an_early_grade_and_hard_spanish_a_late_one() -> None:
    assert grade("Su visita es hoy. Coma antes. Tome agua.", "es") == 5
    hard = (
        "La administración intravenosa periódica requiere autorización previa documentada de su"
        " compañía aseguradora correspondiente."
    )
    assert grade(hard, "es") == 13


def test_no_words_or_no_formula_is_no_grade() -> None:
    assert grade("202-555-0142", "en") is None
    assert grade("Hallo Welt", "de") is None
