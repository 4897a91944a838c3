"""Days and times as people and spreadsheets write them in the cells of a table."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from outreach.intake.local_time import Moment, NotATime, in_zone, iso_moment

_AMERICAN = frozenset({"US", "PH", "PR"})
"""Regions that write the month first."""
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})(?:[ T,]+(.+))?", re.ASCII)
_CLOCK = re.compile(
    r"(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s*([ap])?\.?m?\.?", re.IGNORECASE | re.ASCII
)


def is_clock(written: str) -> bool:
    """True for a time without a day."""
    return _CLOCK.fullmatch(written) is not None


def cell_moment(written: str, region: str, zone: ZoneInfo) -> Moment:
    """The instant in a cell: ISO 8601, or a day as ``cell_day`` reads it and a time (``2:30 pm``).

    Raises:
        NotATime: it is none, or does not exist.
    """
    try:
        return iso_moment(written, zone)
    except NotATime:
        day, _, clock = written.partition(" ")
    on = cell_day(day.rstrip(","), region)
    if not clock.strip():
        return in_zone(datetime.combine(on, time()), zone, date_only=True)
    return in_zone(datetime.combine(on, _clock(clock.strip())), zone)


def cell_day(written: str, region: str) -> date:
    """``2027-03-14``, ``3/14/2027`` where the month comes first, ``14/3/2027`` elsewhere.

    Raises:
        NotATime: it is none, or does not exist.
    """
    try:
        match = _SLASHED.fullmatch(written)
        if match is None:
            return date.fromisoformat(written)
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        year += 2000 if year < 100 else 0
        month, day = (
            (first, second) if region in _AMERICAN and "." not in written else (second, first)
        )
        return date(year, month, day)
    except ValueError as error:
        raise NotATime from error


def _clock(written: str) -> time:
    match = _CLOCK.fullmatch(written)
    if match is None or (match[2] is None and match[3] is None):
        raise NotATime
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise NotATime
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, minute)
    except ValueError as error:
        raise NotATime from error
