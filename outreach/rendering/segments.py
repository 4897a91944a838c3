"""How long a text is as an SMS: its encoding, its units, and the segments a carrier bills.

GSM-7 is 3GPP TS 23.038 (default alphabet and its extension table); a text with any other
character travels as UCS-2. One segment holds 160 septets or 70 UTF-16 units, and 153 or 67 once
the text is split, because each part then carries a header.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"

GSM_7 = frozenset(_BASIC + _EXTENSION)
"""Every character a GSM-7 text may hold; those of the extension table take two units."""

_OUTSIDE_GSM_7 = re.compile(f"[^{re.escape(_BASIC + _EXTENSION)}]")
_ESCAPED = re.compile(f"[{re.escape(_EXTENSION)}]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")

_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc`´", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033«»", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u2022\u00b7", "-"),
        **dict.fromkeys("\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008", " "),
        **dict.fromkeys("\u2009\u200a\u202f\u205f\u3000", " "),
        **dict.fromkeys("\u2028\u2029\u0085", "\n"),
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
        "\u2026": "...",
        "\u2044": "/",
        "ª": "a",
        "º": "o",
        "Ł": "L",
        "ł": "l",
        "Đ": "D",
        "đ": "d",
        "ı": "i",
        "Œ": "OE",
        "œ": "oe",
    }
)


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of one SMS body."""

    encoding: Encoding
    units: int
    """Septets of GSM-7 (two for an extension character) or UTF-16 units of UCS-2."""
    segments: int


def measure(text: str) -> Measure:
    """The encoding, units and segments of ``text`` as Twilio bills it, with no folding.

    A pair of units that makes one character (escape and extension character, or two surrogates)
    never splits: the whole pair moves on to the next segment. An empty text is one segment.
    """
    if _OUTSIDE_GSM_7.search(text) is None:
        pairs, single, split = _ESCAPED, 160, 153
        encoding: Encoding = "GSM-7"
    else:
        pairs, single, split = _ASTRAL, 70, 67
        encoding = "UCS-2"
    starts = [match.start() for match in pairs.finditer(text)]
    units = len(text) + len(starts)
    segments = 1 if units <= single else _packed(units, starts, split)
    return Measure(encoding, units, segments)


def _packed(units: int, pair_starts: list[int], capacity: int) -> int:
    """Segments of ``capacity`` units, when the n-th pair starts at character ``pair_starts[n]``."""
    padding = 0
    for earlier_pairs, index in enumerate(pair_starts):
        # Each earlier pair is one unit longer than it has characters; padding is what was left
        # empty at the end of a segment because a pair did not fit.
        if (index + earlier_pairs + padding) % capacity == capacity - 1:
            padding += 1
    return -(-(units + padding) // capacity)


def to_gsm7(text: str) -> str:
    """``text`` with look-alikes and accents outside GSM-7 folded to GSM-7, where one is meant.

    Curly quotes, dashes and odd spaces become plain ones; ``á`` becomes ``a`` while ``é`` and ``ñ``
    stay, since GSM-7 has them. What has no GSM-7 likeness (an emoji, another script) is kept, and
    the text is then UCS-2. Applied to rendered texts only: names in them may hold anything.
    """
    if _OUTSIDE_GSM_7.search(text) is None:
        return text
    # composed first too: U+1FEF and its like are but other names of a look-alike
    plain = unicodedata.normalize("NFC", text).translate(_LOOKALIKES)
    composed = unicodedata.normalize("NFC", plain)
    return _OUTSIDE_GSM_7.sub(_without_accent, composed)


def _without_accent(match: re.Match[str]) -> str:
    character = match.group()
    if "\u0300" <= character <= "\u036f":  # an accent that composes with nothing
        return ""
    base = unicodedata.normalize("NFD", character)[0]
    return base if base in GSM_7 else character
