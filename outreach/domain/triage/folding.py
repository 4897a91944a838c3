"""A reply as typed -> small plain words that remember where they stood.

Case, accents, compatibility forms and invisible characters are folded away; sentence ends,
commas and emoji are kept as the gaps between words.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class Gap(IntEnum):
    """What stands between a word and the next one."""

    SPACE = 0
    SOFT = 1
    """A comma, colon, dash, bracket, ellipsis or emoji."""
    HARD = 2
    """The end of a sentence or line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One word, number or emoji of the reply."""

    text: str
    start: int
    end: int
    after: str
    """The characters up to the next piece, folded."""


_TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[a-z0-9]+(?:'[a-z]+)*|[^\x00-\x7f]")
_GLUED = re.compile(r"^(\d+)([a-z]+)$")
_O_FOR_ZERO = re.compile(r"^\d[\do]*\d$|^\do$")
_APOSTROPHES = dict.fromkeys(map(ord, "’‘‛´`ʼ＇"), "'")
_PLAIN_MARKS = {
    "°": " degrees ", "º": " degrees ", "…": "...", "¿": "?", "¡": "!", "–": "-", "—": "-",
    "“": '"', "”": '"', "«": '"', "»": '"', "ı": "i", "ł": "l", "ø": "o",
}  # fmt: skip


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if ord(character) in _APOSTROPHES:
        return "'"
    if character in _PLAIN_MARKS:
        return _PLAIN_MARKS[character]
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp"}:
        return " " if category == "Zs" else "\n"
    if category in {"Mn", "Me", "Mc", "Cf", "Sk", "Cs", "Co", "Cn"}:
        return ""
    plain = unicodedata.normalize("NFKD", character).casefold()
    return "".join(c for c in plain if unicodedata.category(c) not in {"Mn", "Cf"})


def _folded(text: str) -> tuple[str, list[int] | None]:
    """The folded text and, unless it is unchanged in length, the origin of each character."""
    if text.isascii():
        return text.lower().replace("`", "'"), None
    characters: list[str] = []
    origin: list[int] = []
    for position, character in enumerate(text):
        for plain in _fold_character(character):
            characters.append(plain)
            origin.append(position)
    return "".join(characters), origin


def pieces(text: str) -> list[Piece]:
    """The words, numbers and emoji of ``text`` in order, with offsets into ``text`` itself."""
    folded, origin = _folded(text)
    matches = list(_TOKEN.finditer(folded))
    result: list[Piece] = []
    for index, match in enumerate(matches):
        following = matches[index + 1].start() if index + 1 < len(matches) else len(folded)
        word, start, end = match.group(), match.start(), match.end()
        after = folded[end:following]
        if origin is not None:
            start, end = origin[start], origin[end - 1] + 1
        result.append(Piece(word, start, end, after))
    return _joined_initials(result)


def _joined_initials(found: list[Piece]) -> list[Piece]:
    """``s.o.b.`` -> ``sob``: single letters with nothing but a full stop between them."""
    result: list[Piece] = []
    joining = False
    for piece in found:
        letter = len(piece.text) == 1 and piece.text.isalpha() and piece.text.isascii()
        if joining and letter:
            last = result.pop()
            piece = Piece(last.text + piece.text, last.start, piece.end, piece.after)
        result.append(piece)
        joining = letter and piece.after == "."
    return result


def split_number(piece: Piece) -> list[Piece]:
    """``102f`` -> ``102`` ``f``; ``1o2`` -> ``102``; anything else as it is."""
    if not piece.text[0].isdigit():
        return [piece]
    if "o" in piece.text and _O_FOR_ZERO.match(piece.text):
        return [Piece(piece.text.replace("o", "0"), piece.start, piece.end, piece.after)]
    glued = _GLUED.match(piece.text)
    if glued is None:
        return [piece]
    middle = min(piece.start + len(glued[1]), piece.end)
    return [
        Piece(glued[1], piece.start, middle, ""),
        Piece(glued[2], middle, piece.end, piece.after),
    ]


def gap_of(after: str) -> Gap:
    """What the characters after a word mean for the reach of a negation or a phrase."""
    if after == " " or not after:
        return Gap.SPACE
    if "!" in after or "?" in after or ";" in after or "\n" in after:
        return Gap.HARD
    if "." in after and ".." not in after:
        return Gap.HARD
    return Gap.SOFT if after.strip() else Gap.SPACE


def number_in(word: str) -> float | None:
    """The number a word is (``2``, ``38,5``), or None."""
    if word.isalpha():  # nearly every word
        return None
    text = word.replace(",", ".")
    if not word.isascii() or text.count(".") > 1 or not text.replace(".", "").isdigit():
        return None
    return float(text)
