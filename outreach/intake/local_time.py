"""Local wall-clock times -> instants in UTC, marked where a clock change makes them doubtful."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

EARLIEST_YEAR = 1900
LATEST_YEAR = 2200

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,12})?)?(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant (UTC) as some sender wrote it."""

    at: datetime
    date_only: bool = False
    """Only a day was written; ``at`` is its local midnight."""
    zone_assumed: bool = False
    """No offset was written; the zone of the site was taken."""
    doubt: str | None = None
    """``ambiguous`` or ``nonexistent`` on the day the clocks change."""


class NotATime(ValueError):
    """The text is no date or time, or names one that does not exist."""


def in_zone(local: datetime, zone: ZoneInfo, *, date_only: bool = False) -> Moment:
    """The instant of a naive ``local`` in ``zone``.

    A time that occurs twice is read as the earlier one; a time that is skipped is read with the
    offset before the change, so 02:30 becomes 03:30. Both are marked in ``doubt``.

    Raises:
        NotATime: the year is outside 1900..2200.
    """
    if not EARLIEST_YEAR <= local.year <= LATEST_YEAR:
        raise NotATime
    earlier = local.replace(tzinfo=zone)
    at = earlier.astimezone(UTC)
    if earlier.utcoffset() == earlier.replace(fold=1).utcoffset():
        return Moment(at, date_only, True)
    exists = at.astimezone(zone).replace(tzinfo=None) == local
    return Moment(at, date_only, True, "ambiguous" if exists else "nonexistent")


def iso_moment(text: str, zone: ZoneInfo) -> Moment:
    """An ISO 8601 date or date and time; without an offset it is local to ``zone``.

    Raises:
        NotATime: anything else, or a day that does not exist.
    """
    text = text.strip()
    try:
        if _DAY.fullmatch(text):
            return in_zone(datetime.combine(date.fromisoformat(text), time()), zone, date_only=True)
        if not _ISO.fullmatch(text):
            raise NotATime
        value = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise NotATime from error
    if value.tzinfo is None:
        return in_zone(value, zone)
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise NotATime
    return Moment(value.astimezone(UTC))


def with_time(moment: Moment, at: time, zone: ZoneInfo) -> Moment:
    """``moment`` itself, or ``at`` o'clock of its day when only a day was written."""
    if not moment.date_only:
        return moment
    return in_zone(datetime.combine(moment.at.astimezone(zone).date(), at), zone)


def doubt_note(moment: Moment, place: str) -> str | None:
    """One sentence for the warnings, or None; ``place`` names the field, not its content."""
    if moment.doubt == "ambiguous":
        return f"{place}: this local time occurs twice that day; the earlier one was taken"
    if moment.doubt == "nonexistent":
        return f"{place}: the clocks skip this local time; it was read as one hour later"
    return None
