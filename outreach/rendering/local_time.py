"""How a day and a time of day read in a message, in the patient's language (Babel, CLDR)."""

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list

DAY_PATTERNS = {"en": "EEE, MMM d", "es": "EEEE d 'de' MMMM"}
"""Where Babel's short form would confuse: in Spanish ``mar`` is a Tuesday and a month."""

CLOCK_LOCALES = {"es": "en"}
"""Spanish readers in the United States see times as on local signs: 9:30 AM."""

ODD_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " "})


def day(at: datetime, language: str) -> str:
    """``Tue, Mar 3`` or ``martes 3 de marzo``: the local day of ``at``, an aware local datetime.

    Raises:
        ValueError: ``at`` has no zone, so that its day would be a guess.
    """
    _require_zone(at)
    return _day(at.date(), language)


def clock(at: datetime, language: str) -> str:
    """``9:30 AM``: the local wall-clock time of ``at``, an aware local datetime.

    Raises:
        ValueError: ``at`` has no zone, so that its time of day would be a guess.
    """
    _require_zone(at)
    return _clock(at.time().replace(second=0, microsecond=0), language)


def clocks(times: Sequence[datetime], language: str) -> str:
    """``9:30 AM`` or ``9:30 AM and 2:00 PM``: local wall-clock times in a row.

    Raises:
        ValueError: one of them has no zone.
    """
    return format_list([clock(at, language) for at in times], locale=_locale(language))


def _require_zone(at: datetime) -> None:
    if at.utcoffset() is None:
        raise ValueError("a message was given a time without a zone")


@lru_cache(maxsize=4096)
def _day(value: date, language: str) -> str:
    pattern = DAY_PATTERNS.get(language)
    if pattern is not None:
        return format_date(value, pattern, locale=language)
    return format_skeleton("MMMEd", value, locale=_locale(language)).translate(ODD_SPACES)


@lru_cache(maxsize=4096)
def _clock(value: time, language: str) -> str:
    locale = _locale(CLOCK_LOCALES.get(language, language))
    return format_time(value, "short", locale=locale).translate(ODD_SPACES)


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")
