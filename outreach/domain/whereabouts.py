"""Where somebody lives, as far as it is known: whose hours, and which state's rules, count there.

What the clinic verified counts before the postal code, and that before the area code of the phone,
which tells where a number was first given out. What is not certain stays open: several zones or
states are all of those that are plausible, and a message must be permitted in each.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import PhoneNumberType, timezone
from phonenumbers.tzdata import TIMEZONE_DATA

from outreach.domain import us_places

_ZIP = re.compile(r"(\d{5})(?:-?\d{4})?")
_NORTH_AMERICAN = re.compile(r"\+1([2-9]\d\d)\d{7}")
_OF_A_PLACE = frozenset(
    {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
)
"""Kinds of number that belong to a country; toll-free, internet and personal ones do not."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is plausible of where somebody lives."""

    zones: tuple[ZoneInfo, ...] = ()
    """Every plausible zone, the likeliest first; empty when nothing is known."""
    states: frozenset[str] = frozenset()
    """Every plausible state of the United States, as two letters."""
    known_by: str = ""
    """What tells the zone, in words."""


def whereabouts(
    *, zone: str | None, postal_code: str | None, phone: str | None, region: str
) -> Whereabouts:
    """Where somebody lives.

    Args:
        zone: the IANA zone that the clinic verified.
        postal_code: as it was written; understood where ``region`` is US.
        phone: E.164.
        region: the clinic's own country, two letters.
    """
    by_code = _by_zip(postal_code) if region == "US" else None
    best = by_code if by_code is not None else by_phone(phone)
    verified = named_zone(zone)
    if verified is None:
        return best
    return Whereabouts((verified,), best.states, "the zone that the clinic verified")


def named_zone(name: str | None) -> ZoneInfo | None:
    """The zone with this IANA name, if there is one."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the database is no zone
        return None


def by_phone(phone: str | None) -> Whereabouts:
    """What an E.164 number tells: its area code in North America, else its country's own plan.

    Nothing for numbers that belong to no place, such as toll-free ones.
    """
    if not phone:
        return Whereabouts()
    match = _NORTH_AMERICAN.fullmatch(phone)
    return _by_area(match[1]) if match is not None else _by_plan(phone)


def _by_zip(postal_code: str | None) -> Whereabouts | None:
    """None where it is no ZIP code of a place that is known here."""
    match = _ZIP.fullmatch(postal_code.strip()) if postal_code else None
    if match is None:
        return None
    if us_places.is_abroad(match[1]):
        return Whereabouts(known_by="a postal code of the armed forces")
    states = us_places.states_of_zip(match[1])
    if not states:
        return None
    return Whereabouts(_zones(us_places.zones_of_zip(match[1])), states, "the postal code")


@lru_cache(maxsize=1000)
def _by_area(code: str) -> Whereabouts:
    known_by = "the area code"
    state = us_places.state_of_area(code)
    listed = us_places.zones_of_area(code) or _zones_of_plan(code)
    if state is not None:
        names = listed or us_places.zones_of_state(state)
        return Whereabouts(_zones(names), frozenset({state}), known_by)
    if not listed:
        return Whereabouts()
    # a code that is newer than our table: any state that keeps this time
    return Whereabouts(_zones(listed), us_places.states_keeping(listed), known_by)


@lru_cache(maxsize=1000)
def _zones_of_plan(code: str) -> tuple[str, ...]:
    """Every zone that any exchange of a North American area code is in: numbers are carried along
    when people move within it."""
    found = [
        zone
        for prefix, zones in TIMEZONE_DATA.items()
        if prefix.startswith(f"1{code}")
        for zone in zones
    ]
    return tuple(dict.fromkeys(found))


def _by_plan(phone: str) -> Whereabouts:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return Whereabouts()
    if phonenumbers.number_type(number) not in _OF_A_PLACE:
        return Whereabouts()
    zones = _zones(timezone.time_zones_for_number(number))
    return (
        Whereabouts(zones, known_by="the country of the phone number") if zones else Whereabouts()
    )


def _zones(names: Iterable[str]) -> tuple[ZoneInfo, ...]:
    found = [zone for name in names if (zone := named_zone(name)) is not None]
    return tuple(zone for zone in found if zone.key != timezone.UNKNOWN_TIMEZONE)
