"""What stands out in a report of a dose by its form: lots, an expiry date, a time of day.

Each is cut out of the text once it is read, so that its digits are taken for nothing else.
"""

import re
from dataclasses import dataclass

_LOT_WORD = (
    r"(?<!\ba )\b(?:lots?|lotes?)(?![a-z]*\s+of\b)"
    r"(?:\s*(?:no|nr|num|number|numbers|numero|numeros)\b\.?)?\s*(?:is|are|es|son)?\s*[#:.=-]*\s*"
)
_LOT = r"(?:[a-z]{1,4}[ ](?=\d{3})[a-z0-9-]+|(?=[a-z-]*\d)[a-z0-9][a-z0-9/-]*[a-z0-9]|\d)"
_LOTS = re.compile(
    rf"{_LOT_WORD}({_LOT}(?:\s*(?:,|&|\+|\band\b|\by\b)\s*(?=[a-z0-9-]*\d{{3}}|[a-z]+-?\d){_LOT})*)",
    re.IGNORECASE,
)
_BETWEEN_LOTS = re.compile(r"\s*(?:,|&|\+|\band\b|\by\b)\s*", re.IGNORECASE)
_BARE_LOT = re.compile(
    r"(?<![\w.,/:-])(?=[a-z0-9-]*[a-z])(?=(?:[a-z-]*\d){3})(?=[a-z0-9-]{5,20}(?![\w:/]))"
    r"(?!\d+(?:ml|cc|mg|gr?|am|pm|hrs?|mins?|x)(?![a-z]))[a-z0-9-]+",
    re.IGNORECASE,
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic"
_DAY = (
    r"(?:\d{4}[/.-]\d{1,2}(?:[/.-]\d{1,2})?|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{1,2}[/.-]\d{2,4}"
    rf"|(?:\d{{1,2}}[ -]?)?(?:{_MONTHS})[a-z]*[ .-]*(?:\d{{1,2}},?[ ])?\d{{2,4}})"
)
_EXPIRY = re.compile(
    r"\b(?:exp|expir(?:y|es|ed|ing|ation)|vence|vencimiento|venc|vto|caduca|caducidad|cad)\b"
    rf"\.?(?:\s*(?:date|fecha|on|el|de|is|es)\b)*\s*[:.#-]*\s*({_DAY})",
    re.IGNORECASE,
)
_DATE = re.compile(r"\b\d{1,2}[/-]\d{1,2}(?:[/-]\d{2,4})?\b")
_HALF = r"\s*(?P<half>[ap])\.?\s?m\b\.?"
_TIMES = (
    re.compile(rf"\b(?P<h>\d{{1,2}})(?:[:.](?P<m>[0-5]\d))?{_HALF}", re.IGNORECASE),
    re.compile(r"\b(?P<h>[01]?\d|2[0-3])[:h](?P<m>[0-5]\d)\b", re.IGNORECASE),
    re.compile(
        r"(?:\bat|@|\ba las|\ba la|\baround|\bcomo a las)\s*(?P<h>[01]?\d|2[0-3])\b(?![.,/]\d)"
        r"(?!\s*(?:sites?|sitios?|ml|cc|places|spots|needles)\b)",
        re.IGNORECASE,
    ),
)
_AFTERNOON = re.compile(r"\b(?:tonight|evening|afternoon|noche|tarde)\b", re.IGNORECASE)
_MORNING = re.compile(r"\b(?:this morning|manana|mañana|madrugada)\b", re.IGNORECASE)
_NOON, _DAY_HOURS = 12, 24


@dataclass(frozen=True, slots=True)
class Marks:
    """What was found, and the text without it."""

    rest: str
    lots: tuple[str, ...]
    """As written, in capitals."""
    expiry: str | None
    """As written."""
    clock: str | None
    """``20:15``; ``8:30?`` where it is not said whether in the morning or in the evening."""


def read_marks(text: str) -> Marks:
    """Lots, expiry and time of day in ``text`` (NFKC)."""
    expiry = _EXPIRY.search(text)
    rest = _without(text, expiry)
    lots: list[str] = []
    while (found := _LOTS.search(rest)) is not None:
        lots += _BETWEEN_LOTS.split(found[1])
        rest = _without(rest, found)
    if expiry is None:
        expiry = _EXPIRY.search(rest)
        rest = _without(rest, expiry)
    while not lots and (bare := _BARE_LOT.search(rest)) is not None:
        lots.append(bare[0])
        rest = _without(rest, bare)
    rest = _DATE.sub(" ", rest)
    clock = None
    for form in _TIMES:
        found = form.search(rest)
        if found is not None and (clock := _clock(found, rest)) is not None:
            rest = _without(rest, found)
            break
    return Marks(
        rest,
        tuple(dict.fromkeys(lot.strip().upper() for lot in lots)),
        None if expiry is None else expiry[1].upper(),
        clock,
    )


def _without(text: str, found: re.Match[str] | None) -> str:
    return text if found is None else f"{text[: found.start()]} {text[found.end() :]}"


def _clock(found: re.Match[str], text: str) -> str | None:
    parts = found.groupdict()
    hour, minute, half = int(parts["h"]), int(parts.get("m") or 0), parts.get("half")
    if half is not None:
        if not 1 <= hour <= _NOON:
            return None
        return f"{hour % _NOON + _NOON * (half.lower() == 'p'):02d}:{minute:02d}"
    if hour > _NOON or hour == 0:
        return f"{hour:02d}:{minute:02d}" if hour < _DAY_HOURS else None
    if _AFTERNOON.search(text):
        return f"{hour % _NOON + _NOON:02d}:{minute:02d}"
    if _MORNING.search(text):
        return f"{hour % _NOON:02d}:{minute:02d}"
    return f"{hour}:{minute:02d}?"
