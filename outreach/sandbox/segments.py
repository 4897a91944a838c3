"""How many SMS segments a text takes (3GPP TS 23.038), counted without the program under test."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")


def segments_of(text: str) -> int:
    """At least 1. A pair (escape or surrogate) is never split over two segments."""
    if all(char in _BASIC or char in _ESCAPED for char in text):
        widths = [2 if char in _ESCAPED else 1 for char in text]
        return _count(widths, single=160, split=153)
    return _count([2 if ord(char) > 0xFFFF else 1 for char in text], single=70, split=67)


def _count(widths: list[int], single: int, split: int) -> int:
    if sum(widths) <= single:
        return 1
    segments, used = 1, 0
    for width in widths:
        if used + width > split:
            segments, used = segments + 1, 0
        used += width
    return segments
