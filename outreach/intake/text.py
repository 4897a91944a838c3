"""Text from outside, made harmless: no control, direction or half characters, bounded length."""

import re
import unicodedata

MAX_TEXT = 256
"""Characters kept of any one name, identifier or label."""

_DIRECTION = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_BLANKS = re.compile(r"\s+")


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """``text`` on one line, trimmed, at most ``limit`` characters.

    Control characters become blanks; direction marks (they let a name rewrite the line around
    it) and lone surrogates (no database stores them) are dropped. Joiners stay: Persian and
    several Indian scripts need them.
    """
    if text.isalnum() and text.isascii() and len(text) <= limit:
        return text
    if text.isascii() and text.isprintable() and "  " not in text and len(text) <= limit:
        return text.strip()
    kept = (_harmless(char) for char in text[: limit * 4])
    return _BLANKS.sub(" ", "".join(kept)).strip()[:limit].strip()


def _harmless(char: str) -> str:
    if char in _DIRECTION:
        return ""
    category = unicodedata.category(char)
    if category == "Cs":
        return ""
    return " " if category == "Cc" else char
