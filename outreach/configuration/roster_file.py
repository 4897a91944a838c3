"""``roster.yaml`` -> ``Roster``: the clinic's people, how they are paged, and who is on when.

The file is edited every week, so it is read again whenever it has changed.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import structlog
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from outreach.configuration.clinic_file import E164, Code, Minutes, Words, email_address
from outreach.configuration.documents import FaultAt, Place, StrictModel, load_document
from outreach.configuration.policy_file import DAYS
from outreach.configuration.wall_times import WallTime
from outreach.domain.clinic import Clinic
from outreach.domain.errors import ConfigurationError
from outreach.domain.roster import (
    Coverage,
    DatedShift,
    Duty,
    OnHolidays,
    OpenHours,
    Reach,
    Roster,
    Span,
    StaffMember,
    WeeklyShift,
)
from outreach.domain.states import ChannelKind

log = structlog.get_logger(__name__)

ROSTER = "roster.yaml"
_RANGE = re.compile(r"([a-z]+)-([a-z]+)")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERY_DAY = frozenset(range(7))


def _days(value: object) -> object:
    """``monday-friday``, ``every_day``, or a list of days, as numbers of weekdays."""
    if value == "every_day":
        return _EVERY_DAY
    if isinstance(value, str) and (match := _RANGE.fullmatch(value)):
        first, last = _day(match[1]), _day(match[2])
        return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    if isinstance(value, str):
        return frozenset({_day(value)})
    if isinstance(value, list) and value:
        return frozenset(_day(one) for one in value)
    raise ValueError("is no day. Write monday-friday, every_day, or a list such as [monday].")


def _day(word: object) -> int:
    if word not in DAYS:
        raise ValueError(f"'{word}' is not a day of the week. Write it out, such as monday.")
    return DAYS.index(str(word))


def webhook_address(url: str) -> str:
    """``url``, if pages may be posted to it.

    Raises:
        ValueError: it is not https (http only to this machine itself), or holds credentials.
    """
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not safe or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise ValueError(
            "is not an address to post to. Write one such as https://pager.clinic.example/hook,"
            " without a name and password in it."
        )
    return url


Days = Annotated[frozenset[int], BeforeValidator(_days)]
Hours = Annotated[int, Field(ge=1, le=24 * 60)]


class ReachEntry(StrictModel):
    """One way to page somebody."""

    by: ChannelKind
    address: Annotated[str, Field(min_length=1, max_length=300)]

    @field_validator("address")
    @classmethod
    def _fits(cls, address: str, info: ValidationInfo) -> str:
        match info.data.get("by"):
            case ChannelKind.SMS | ChannelKind.VOICE if not E164.fullmatch(address):
                raise ValueError(
                    "must be a phone number with country code, such as '+12025550123'."
                )
            case ChannelKind.EMAIL:
                return email_address(address)
            case ChannelKind.WEBHOOK:
                return webhook_address(address)
        return address


class PersonEntry(StrictModel):
    """Somebody who can be paged."""

    code: Code
    name: Words
    nurse: bool = False
    reach: Annotated[tuple[ReachEntry, ...], Field(min_length=1)]


class SpanEntry(StrictModel):
    """From one time of the day to another."""

    begins: WallTime
    ends: WallTime

    def span(self) -> Span:
        """As the domain has it."""
        return Span(self.begins, self.ends)


class ShiftEntry(SpanEntry):
    """A weekly shift."""

    duty: Duty
    who: Annotated[tuple[Code, ...], Field(min_length=1)]
    days: Days
    holidays: Literal["not", "also", "only"] = "not"
    first: date | None = None
    last: date | None = None


class DatedEntry(SpanEntry):
    """What differs on one day."""

    day: date
    duty: Duty
    who: tuple[Code, ...]


class HolidayEntry(StrictModel):
    """A day on which the clinic is closed."""

    day: date
    name: Words


class HoursEntry(SpanEntry):
    """When the clinic is open."""

    days: Days


class WaitsEntry(StrictModel):
    """Minutes that each rung has before the next is paged."""

    on_duty: Minutes = 5
    backup: Minutes = 5
    on_call: Minutes = 5
    answering_service: Minutes = 5


class RosterFile(StrictModel):
    """The whole of ``roster.yaml``."""

    people: Annotated[tuple[PersonEntry, ...], Field(min_length=1)]
    wait_minutes: WaitsEntry = WaitsEntry()
    alarm_hours: Hours = 48
    hours: tuple[HoursEntry, ...] = ()
    holidays: tuple[HolidayEntry, ...] = ()
    shifts: Annotated[tuple[ShiftEntry, ...], Field(min_length=1)]
    exceptions: tuple[DatedEntry, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> "RosterFile":
        codes: set[str] = set()
        place: Place
        for number, person in enumerate(self.people):
            if person.code in codes:
                place = ("people", str(number), "code")
                raise FaultAt(place, f"'{person.code}' stands here twice. Give each one their own.")
            codes.add(person.code)
        for place, code in self._named():
            if code not in codes:
                known = ", ".join(sorted(codes))
                raise FaultAt(place, f"'{code}' is nobody of the people above ({known}).")
        return self

    def _named(self) -> Iterator[tuple[Place, str]]:
        for number, shift in enumerate(self.shifts):
            yield from ((("shifts", str(number), "who"), code) for code in shift.who)
        for number, entry in enumerate(self.exceptions):
            yield from ((("exceptions", str(number), "who"), code) for code in entry.who)


def load_roster(path: Path, clinic: Clinic) -> Roster:
    """The roster of a clinic, its times by the clinic's zone.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is missing or wrong; names the line.
    """
    written = load_document(path, RosterFile)
    if clinic.coverage is Coverage.HOURS_ONLY and not written.hours:
        raise ConfigurationError(
            f"{path}: hours is missing, and clinic.yaml declares coverage: hours_only. Write when"
            " the clinic is open."
        )
    waits = {duty: timedelta(minutes=getattr(written.wait_minutes, duty.value)) for duty in Duty}
    return Roster(
        zone=clinic.zone,
        people={entry.code: _member(entry) for entry in written.people},
        weekly=tuple(_weekly(entry) for entry in written.shifts),
        dated=tuple(
            DatedShift(entry.day, entry.duty, entry.who, entry.span())
            for entry in written.exceptions
        ),
        holidays={entry.day: entry.name for entry in written.holidays},
        hours=tuple(OpenHours(entry.days, entry.span()) for entry in written.hours),
        waits=waits,
        alarm=timedelta(hours=written.alarm_hours),
    )


def _member(entry: PersonEntry) -> StaffMember:
    reach = tuple(Reach(way.by, way.address) for way in entry.reach)
    return StaffMember(entry.code, entry.name, entry.nurse, reach)


def _weekly(entry: ShiftEntry) -> WeeklyShift:
    return WeeklyShift(
        entry.duty,
        entry.who,
        entry.days,
        entry.span(),
        OnHolidays(entry.holidays),
        entry.first,
        entry.last,
    )


class RosterOnFile:
    """The roster as its file is now. A faulty edit leaves the last good one in force."""

    def __init__(self, path: Path, clinic: Clinic) -> None:
        """Raises ConfigurationError when the file is wrong at the start."""
        self._path = path
        self._clinic = clinic
        self._known = (self._stamp(), load_roster(path, clinic))
        self._fault: str | None = None

    def now(self) -> Roster:
        """Read again when the file has changed. Raises nothing: pages must not stop for a typo."""
        stamp, roster = self._stamp(), self._known[1]
        if stamp != self._known[0]:
            # The stamp is older than what is read: a change in between is seen the next time.
            try:
                roster = load_roster(self._path, self._clinic)
                self._fault = None
            except ConfigurationError as error:
                self._fault = str(error)
                log.warning(
                    "roster.faulty", why="the edited file is wrong; the last good one counts"
                )
            self._known = (stamp, roster)
        return roster

    def fault(self) -> str | None:
        """What is wrong with the file as it is now; None where nothing is."""
        self.now()
        return self._fault

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return (found.st_mtime_ns, found.st_size, found.st_ino)
