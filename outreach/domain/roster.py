"""The roster: who of the clinic's people is on at a moment, and when nobody is.

A shift belongs to the day on which it begins, by the clock on the wall of the clinic's zone; one
that ends before it begins ends on the next day. Pure: the moment is passed in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from outreach.domain.states import ChannelKind

_DAY = timedelta(days=1)


class Duty(StrEnum):
    """A rung of the ladder, in the order in which they are paged."""

    ON_DUTY = "on_duty"
    BACKUP = "backup"
    ON_CALL = "on_call"
    ANSWERING_SERVICE = "answering_service"


class Coverage(StrEnum):
    """What the clinic declares to its patients: when somebody sees what they write."""

    ALWAYS = "24x7"
    HOURS_ONLY = "hours_only"


class OnHolidays(StrEnum):
    """What a holiday does to a weekly shift."""

    NOT = "not"
    ALSO = "also"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Reach:
    """One way to page somebody: an E.164 number, a mailbox, or a configured address."""

    channel: ChannelKind
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person, a phone that is handed on, or a service that answers."""

    code: str
    name: str
    nurse: bool
    """Whether a nurse reads what is sent here."""
    reach: tuple[Reach, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """From one time of the day to another; not later than ``begins``, it ends the next day."""

    begins: time
    ends: time

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its instants (UTC) where it begins on ``day`` in ``zone``."""
        last = day if self.ends > self.begins else day + _DAY
        return _instant(day, self.begins, zone), _instant(last, self.ends, zone)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class WeeklyShift:
    """A shift that comes back every week, while it is in force."""

    duty: Duty
    who: tuple[str, ...]
    days: frozenset[int]
    """Weekdays on which it begins; 0 is Monday."""
    span: Span
    holidays: OnHolidays = OnHolidays.NOT
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class DatedShift:
    """A shift of one day. Those of a day replace every weekly shift of that duty on it."""

    day: date
    duty: Duty
    who: tuple[str, ...]
    """Nobody, where it is empty."""
    span: Span


@dataclass(frozen=True, slots=True)
class OpenHours:
    """When a clinic that declares ``hours_only`` is open; never on a holiday."""

    days: frozenset[int]
    span: Span


@dataclass(frozen=True, slots=True)
class Stint:
    """One shift as it falls, in UTC, its end excluded."""

    duty: Duty
    who: tuple[str, ...]
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """The whole of ``config/roster.yaml``."""

    zone: ZoneInfo
    people: Mapping[str, StaffMember] = field(default_factory=dict)
    weekly: tuple[WeeklyShift, ...] = ()
    dated: tuple[DatedShift, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)
    hours: tuple[OpenHours, ...] = ()
    waits: Mapping[Duty, timedelta] = field(default_factory=dict)
    """How long each rung has to acknowledge before the next is paged."""
    alarm: timedelta = timedelta(hours=48)
    """A gap that begins within this time is told to staff."""

    def wait(self, duty: Duty | None) -> timedelta:
        """How long a rung has; None is everybody at once."""
        return self.waits.get(duty or Duty.ON_DUTY, timedelta(minutes=5))


class GapKind(StrEnum):
    """What is missing."""

    NOBODY = "nobody"
    """Nobody at all stands on the roster."""
    NO_NURSE = "no_nurse"
    """Somebody does, but no nurse, at a time that the clinic declares to be covered."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time (UTC, its end excluded) in which the roster does not hold what the clinic declares."""

    kind: GapKind
    begins: datetime
    ends: datetime


def stints_of(roster: Roster, day: date) -> Iterator[Stint]:
    """The shifts that begin on a day of the clinic's zone: dated ones before the weekly pattern."""
    dated = [shift for shift in roster.dated if shift.day == day]
    replaced = {shift.duty for shift in dated}
    for shift in dated:
        yield _stint(roster, shift.duty, shift.who, shift.span, day)
    for weekly in roster.weekly:
        if weekly.duty not in replaced and _falls_on(weekly, day, day in roster.holidays):
            yield _stint(roster, weekly.duty, weekly.who, weekly.span, day)


def _falls_on(shift: WeeklyShift, day: date, holiday: bool) -> bool:
    if day.weekday() not in shift.days:
        return False
    if (shift.first and day < shift.first) or (shift.last and day > shift.last):
        return False
    return shift.holidays is OnHolidays.ALSO or (shift.holidays is OnHolidays.ONLY) is holiday


def _stint(roster: Roster, duty: Duty, who: tuple[str, ...], span: Span, day: date) -> Stint:
    begins, ends = span.on(day, roster.zone)
    return Stint(duty, who, begins, ends)


def stints_around(roster: Roster, begins: datetime, ends: datetime) -> list[Stint]:
    """Every shift that touches the time from ``begins`` to ``ends``, by its own beginning."""
    day, last = begins.astimezone(roster.zone).date() - _DAY, ends.astimezone(roster.zone).date()
    found = []
    while day <= last:
        found += [s for s in stints_of(roster, day) if s.begins < ends and begins < s.ends]
        day += _DAY
    return sorted(found, key=lambda stint: (stint.begins, list(Duty).index(stint.duty)))


def on_at(roster: Roster, at: datetime) -> dict[Duty, tuple[StaffMember, ...]]:
    """Who stands on each rung at an instant, each person once; empty rungs are left out."""
    found: dict[Duty, dict[str, StaffMember]] = {}
    for stint in stints_around(roster, at, at + timedelta(microseconds=1)):
        for code in stint.who:
            found.setdefault(stint.duty, {})[code] = roster.people[code]
    return {duty: tuple(found[duty].values()) for duty in Duty if duty in found}


def nurse_on(roster: Roster, at: datetime) -> bool:
    """Whether a nurse is on at an instant. An answering service is none, whoever works there."""
    return any(
        person.nurse
        for duty, people in on_at(roster, at).items()
        if duty is not Duty.ANSWERING_SERVICE
        for person in people
    )


def is_open(roster: Roster, at: datetime) -> bool:
    """Whether the clinic's hours hold at an instant."""
    today = at.astimezone(roster.zone).date()
    for day in (today - _DAY, today):
        if day in roster.holidays:
            continue
        for hours in roster.hours:
            begins, ends = hours.span.on(day, roster.zone)
            if day.weekday() in hours.days and begins <= at < ends:
                return True
    return False


def gaps(roster: Roster, coverage: Coverage, begins: datetime, ends: datetime) -> tuple[Gap, ...]:
    """The times between two instants in which nobody is on, or no nurse where one must be.

    One must be at any time where the clinic declares ``24x7``, else within its hours.
    """
    found: list[Gap] = []
    edges = sorted({begins, ends, *_edges(roster, begins, ends)})
    for start, end in pairwise(edges):
        kind = _missing(roster, coverage, start)
        if kind is None:
            continue
        if found and found[-1].kind is kind and found[-1].ends == start:
            found[-1] = Gap(kind, found[-1].begins, end)
        else:
            found.append(Gap(kind, start, end))
    return tuple(found)


def _edges(roster: Roster, begins: datetime, ends: datetime) -> Iterator[datetime]:
    """Every instant at which something begins or ends."""
    for stint in stints_around(roster, begins, ends):
        yield from (at for at in (stint.begins, stint.ends) if begins < at < ends)
    day, last = begins.astimezone(roster.zone).date() - _DAY, ends.astimezone(roster.zone).date()
    while day <= last:
        for hours in roster.hours:
            yield from (at for at in hours.span.on(day, roster.zone) if begins < at < ends)
        day += _DAY


def _missing(roster: Roster, coverage: Coverage, at: datetime) -> GapKind | None:
    if not on_at(roster, at):
        return GapKind.NOBODY
    declared = coverage is Coverage.ALWAYS or is_open(roster, at)
    return GapKind.NO_NURSE if declared and not nurse_on(roster, at) else None


def member_at(roster: Roster, channel: ChannelKind, address: str) -> StaffMember | None:
    """Whose address this is; None where nobody on the roster has it."""
    wanted = Reach(channel, address)
    return next((one for one in roster.people.values() if wanted in one.reach), None)
