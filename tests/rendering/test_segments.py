"""SMS segments against a slow, unit-by-unit packer, and the folding of rendered texts."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outreach.rendering.segments import GSM_7, Measure, measure, to_gsm7

EXTENSION = "\f^{}\\[~]|€"
GSM_TEXT = st.text(alphabet=sorted(GSM_7), max_size=700)
ESCAPED_TEXT = st.text(alphabet="a€{", max_size=700)
ANY_TEXT = st.text(alphabet="aé€😀ñá漢", max_size=400)


def pack_slowly(text: str) -> Measure:
    """Puts one character after another into segments, as a carrier would."""
    gsm = all(character in GSM_7 for character in text)
    sizes = [2 if (c in EXTENSION if gsm else ord(c) > 0xFFFF) else 1 for c in text]
    single, capacity = (160, 153) if gsm else (70, 67)
    if sum(sizes) <= single:
        return Measure("GSM-7" if gsm else "UCS-2", sum(sizes), 1)
    segments, used = 1, 0
    for size in sizes:
        if used + size > capacity:
            segments, used = segments + 1, 0
        used += size
    return Measure("GSM-7" if gsm else "UCS-2", sum(sizes), segments)


@given(st.one_of(GSM_TEXT, ESCAPED_TEXT, ANY_TEXT, st.text(max_size=300)))
def test_measure_agrees_with_packing_character_by_character(text: str) -> None:
    assert measure(text) == pack_slowly(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Measure("GSM-7", 0, 1)),
        ("a" * 160, Measure("GSM-7", 160, 1)),
        ("a" * 161, Measure("GSM-7", 161, 2)),
        ("a" * 306, Measure("GSM-7", 306, 2)),
        ("a" * 307, Measure("GSM-7", 307, 3)),
        ("€" * 80, Measure("GSM-7", 160, 1)),
        ("á" * 70, Measure("UCS-2", 70, 1)),
        ("á" * 71, Measure("UCS-2", 71, 2)),
        ("😀" * 35, Measure("UCS-2", 70, 1)),
        ("ç", Measure("UCS-2", 1, 1)),
        ("Ç", Measure("GSM-7", 1, 1)),
    ],
)
def test_the_edges_of_a_segment(text: str, expected: Measure) -> None:
    assert measure(text) == expected


def test_an_escape_pair_moves_to_the_next_segment_whole() -> None:
    # 306 units would fill two segments exactly, but the pair straddles their border.
    text = "a" * 152 + "€" + "a" * 152
    assert measure(text) == Measure("GSM-7", 306, 3)


def test_a_surrogate_pair_moves_to_the_next_segment_whole() -> None:
    text = "á" * 66 + "😀" + "á" * 66
    assert measure(text) == Measure("UCS-2", 134, 3)


@given(GSM_TEXT)
def test_folding_leaves_gsm7_text_alone(text: str) -> None:
    assert to_gsm7(text) == text


@given(st.text(max_size=200))
@example("\u1fef")
def test_folding_twice_is_folding_once(text: str) -> None:
    once = to_gsm7(text)
    assert to_gsm7(once) == once


@given(st.text(alphabet="áíóúÁÍÓÚéñüàâêîôûãõçčšž‘’“”–—…\u00a0\u202f abc", max_size=200))
def test_latin_letters_and_typographic_marks_fold_into_gsm7(text: str) -> None:
    assert measure(to_gsm7(text)).encoding == "GSM-7"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ángel Núñez", "Angel Nuñez"),
        ("José", "José"),
        ("Jose\u0301", "José"),
        ("“Sí” – it’s…", '"Si" - it\'s...'),
        ("9:30\u202fAM", "9:30 AM"),
        ("Łukasz Đorđe", "Lukasz Dorde"),
        ("ok 👍", "ok 👍"),
        ("Привет, й", "Привет, й"),
    ],
)
def test_folding_keeps_what_gsm7_has_and_what_it_cannot_say(text: str, folded: str) -> None:
    assert to_gsm7(text) == folded
