"""A scenario file: one JSON object a line, in order of time."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput

VERBS = (
    "event",
    "reply",
    "receipt",
    "outage",
    "optout",
    "optin",
    "campaign",
    "close",
    "closure",
    "staff",
)
_ALSO = {"opt_out": "optout", "opt_in": "optin", "time": "at"}
"""Other names for the keys of a line."""
_ALONE = {"event": "raw", "outage": "until", "optout": "phone", "optin": "phone"}
"""What a verb means that has a word in place of an object."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happens: at an instant, of a kind, with its details."""

    number: int
    at: datetime
    verb: str
    """One of ``VERBS``, or ``until``: the end."""
    details: dict[str, Any]


def read_scenario(lines: Iterable[str], zone: ZoneInfo) -> list[Line]:
    """The scenario, sorted by time; lines of one instant keep their order.

    Times without an offset are in ``zone``.

    Raises:
        BadInput: a line cannot be read; names its number and what it should be.
    """
    found = [
        _line(number, text, zone)
        for number, text in enumerate(lines, start=1)
        if text.strip() and not text.lstrip().startswith("#")
    ]
    return sorted(found, key=lambda line: line.at)


def _line(number: int, text: str, zone: ZoneInfo) -> Line:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise _bad(number, f"is not JSON ({error.msg})") from None
    if not isinstance(value, dict):
        raise _bad(number, "is not a JSON object")
    for name, usual in _ALSO.items():
        if name in value:
            value.setdefault(usual, value.pop(name))
    verbs = [verb for verb in VERBS if verb in value]
    if not verbs and "until" in value:
        end = value["until"] if isinstance(value["until"], str) else value.get("at")
        return Line(number, instant(end, zone, number), "until", {})
    if not verbs and "type" in value:  # an event that is not wrapped
        return Line(number, instant(value.get("at"), zone, number), "event", _without(value, "at"))
    if len(verbs) != 1:
        raise _bad(number, f"must have exactly one of {', '.join(VERBS)}, or be an 'until'")
    details = value[verbs[0]]
    if isinstance(details, str) and verbs[0] in _ALONE:
        details = {_ALONE[verbs[0]]: details}
    if not isinstance(details, dict):
        raise _bad(number, f"'{verbs[0]}' must be an object")
    return Line(number, instant(value.get("at"), zone, number), verbs[0], details)


def _without(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != key}


def instant(text: object, zone: ZoneInfo, number: int) -> datetime:
    """An ISO 8601 time; without an offset it is in ``zone``.

    Raises:
        BadInput: it is not one.
    """
    try:
        at = datetime.fromisoformat(str(text).strip().upper())
    except ValueError:
        raise _bad(number, "needs a time such as 2027-03-01T09:00") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _bad(number: int, what: str) -> BadInput:
    return BadInput("scenario", f"Line {number} of the scenario {what}.")
