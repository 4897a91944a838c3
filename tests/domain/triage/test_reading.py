"""Folding, phrases and spelling: how words become matches."""

import re

import pytest

from outreach.domain.triage.folding import Gap, gap_of, pieces, split_number
from outreach.domain.triage.phrases import compile_phrase
from outreach.domain.triage.spelling import Speller


def test_folding_keeps_the_place_of_each_word() -> None:
    text = "Ｃａｎ’t “RESPIRÉ” 101,5°F"
    found = [(piece.text, text[piece.start : piece.end]) for piece in pieces(text)]
    assert found[:2] == [("can't", "Ｃａｎ’t"), ("respire", "RESPIRÉ")]
    assert found[2] == ("101,5", "101,5")


def test_initials_are_joined_and_glued_units_split() -> None:
    assert [piece.text for piece in pieces("S.O.B. now")] == ["sob", "now"]
    assert [part.text for part in split_number(pieces("102f")[0])] == ["102", "f"]
    assert [part.text for part in split_number(pieces("1o2")[0])] == ["102"]


def test_gaps_between_words() -> None:
    assert [gap_of(mark) for mark in (" ", ", ", "... ", ". ", "? ", "\n")] == [
        Gap.SPACE, Gap.SOFT, Gap.SOFT, Gap.HARD, Gap.HARD, Gap.HARD,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("phrase", "line", "found"),
    [
        ("chest <pain>", " my chest hurts ", True),
        ("chest <pain>", " my chest really hurts ", False),
        ("chest .. <pain>", " my chest really hurts ", True),
        ("chest ~ <pain>", " hurts in my chest ", True),
        ("chest .. <pain>", " my chest| it hurts ", False),
        ("chest the? hurts", " chest hurts ", True),
        ("wont+stop|bad bleeding", " wont stop bleeding ", True),
        ("chest", " chests ", False),
    ],
)
def test_the_notation_of_phrases(phrase: str, line: str, found: bool) -> None:
    compiled = compile_phrase(phrase, {"pain": ("hurts", "pain")})
    assert bool(re.search(compiled.expression, line)) is found


@pytest.mark.parametrize(
    "phrase", ["", ".. chest", "chest ..", "my? chest", "chest pain?", "<nope>", "Chest", "a ~ b c"]
)
def test_a_phrase_that_cannot_be_read_says_so(phrase: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        compile_phrase(phrase, {})


@pytest.mark.parametrize(
    ("typed", "read"),
    [("throt", ["throat"]), ("seizrue", ["seizure"]), ("chestpain", ["chest", "pain"]),
     ("heeeelp", ["help"]), ("threat", ["threat"]), ("zebra", ["zebra"]), ("pan", ["pan"])],
)  # fmt: skip
def test_bounded_spelling(typed: str, read: list[str]) -> None:
    speller = Speller(["throat", "seizure", "chest", "pain", "help"], ["threat"])
    assert speller.words(typed) == read
