"""How hard a text is to read: Flesch-Kincaid grade in English, Fernandez-Huerta in Spanish."""

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")
_ENGLISH_NUCLEUS = re.compile(r"[aeiouy]+")
_ENGLISH_SILENT = re.compile(
    r"(?<![^aeiouy]l)e$"  # house, but little
    r"|(?<![sxzcg])(?<!ch)(?<!sh)(?<![^aeiouy]l)es$"  # sleeves, but pages and tables
    r"|(?<![td])ed$"  # called, but wanted
)
_SPANISH_NUCLEUS = re.compile(r"[íú]|[iuüy]?[aeoáéó][iuy]?|[iuü]+")

_SPANISH_MUTE_U = re.compile(r"(?<=[qg])u(?=[eiéí])")

GRADE_OF_HUERTA = ((101.0, 4), (90.0, 5), (80.0, 6), (70.0, 7), (60.0, 9), (50.0, 12))
"""Lowest Fernandez-Huerta score of a school grade, after the author's own table (1959)."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What the formulas count."""

    words: int
    sentences: int
    syllables: int


def grade(text: str, language: str) -> float | None:
    """The school grade a reader of ``text`` needs; None where no formula exists or no words.

    English: Flesch-Kincaid (Kincaid et al. 1975). Spanish: the grade band of the Fernandez-Huerta
    score (206.84 - 60 syllables per word - 1.02 words per sentence), so a whole number. Numbers
    are not words. Syllables are estimated by spelling, exactly enough for a threshold.
    """
    counted = effort(text, language)
    if counted is None or language not in {"en", "es"}:
        return None
    per_word = counted.syllables / counted.words
    per_sentence = counted.words / counted.sentences
    if language == "en":
        return 0.39 * per_sentence + 11.8 * per_word - 15.59
    score = 206.84 - 60 * per_word - 1.02 * per_sentence
    return float(next((years for lowest, years in GRADE_OF_HUERTA if score >= lowest), 13))


def effort(text: str, language: str) -> Effort | None:
    """Words, sentences and syllables; None when there is no word."""
    words = _WORD.findall(text)
    if not words:
        return None
    sentences = sum(1 for part in _SENTENCE_END.split(text) if _WORD.search(part))
    count = spanish_syllables if language == "es" else english_syllables
    return Effort(len(words), max(1, sentences), sum(count(word) for word in words))


def english_syllables(word: str) -> int:
    """Groups of vowels, less a silent final ``e``, ``es`` or ``ed``; at least one."""
    lower = word.lower()
    return max(1, len(_ENGLISH_NUCLEUS.findall(_ENGLISH_SILENT.sub("", lower))))


def spanish_syllables(word: str) -> int:
    """Vowel nuclei: ``i`` and ``u`` join a strong vowel unless they bear an accent."""
    lower = unicodedata.normalize("NFC", word.lower())
    spoken = _SPANISH_MUTE_U.sub("", lower)
    return max(1, len(_SPANISH_NUCLEUS.findall(spoken)))
