"""HL7 v2 times (TS, DTM, DT) -> instants, with the field's offset or else the site's zone."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.intake.local_time import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    Moment,
    NotATime,
    in_zone,
    iso_moment,
)

_TIME = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\d{0,8})(?:\.\d*)?)?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_WIDEST_OFFSET = timedelta(hours=15)


def hl7_moment(text: str, zone: ZoneInfo, place: str) -> Moment:
    """The instant that ``text`` names; ``place`` (``SCH-11.4``) is for the problem's sentence.

    Takes what occurs: 8, 10, 12, 14 and 16 digits (the last two a fraction of a second that
    lost its point), fractions, offsets with or without a colon, blanks around, ISO 8601.

    Raises:
        BadInput: 102 when it is no time, or a day or hour that does not exist.
    """
    try:
        if len(text) == 14 and text.isdigit() and text.isascii():
            return in_zone(_local(text), zone)
        return _moment(text.strip(), zone)
    except (NotATime, ValueError, OverflowError) as error:
        raise BadInput("102", f"{place}: not a date and time that exists") from error


def _local(digits: str) -> datetime:
    day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    return datetime.combine(day, time(int(digits[8:10]), int(digits[10:12]), int(digits[12:14])))


def _moment(text: str, zone: ZoneInfo) -> Moment:
    match = _TIME.fullmatch(text)
    if match is None:
        return iso_moment(text, zone)
    year, month, day, hour, minute, second, _fraction, offset = match.groups()
    day_of = date(int(year), int(month), int(day))
    local = datetime.combine(day_of, time(int(hour or 0), int(minute or 0), int(second or 0)))
    if offset is None:
        return in_zone(local, zone, date_only=hour is None)
    if not EARLIEST_YEAR <= local.year <= LATEST_YEAR:
        raise NotATime
    return Moment(local.replace(tzinfo=_offset(offset)).astimezone(UTC))


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if span >= _WIDEST_OFFSET or int(digits[2:]) >= 60:
        raise NotATime
    return timezone(-span if text[0] == "-" else span)


def hl7_day(text: str) -> date | None:
    """The day at the beginning of ``text`` (a birth date); None when it names no day."""
    digits = text.strip()[:10].replace("-", "")[:8]
    if len(digits) != 8 or not digits.isdigit() or not digits.isascii():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
