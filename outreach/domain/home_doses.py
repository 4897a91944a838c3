"""Home doses as they were kept: in time or late, where they went, and what a nurse should ask.

Pure. Nothing here is ever told to a patient: how to dose is for a nurse to say.
"""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from outreach.domain.triage.doses import DoseReport, combined

_AFTER = timedelta(hours=6)
"""A dose late in the evening is in time until so long after it, although the day is over."""
_USUAL = 3
"""So many volumes of a patient make one that is usual."""
_HALF_A_DAY = 12
_CENTURY = 100


@dataclass(frozen=True, slots=True)
class DoseLimits:
    """What a clinic takes for plausible (``home_doses`` in ``clinic.yaml``)."""

    most_ml: float = 100
    most_sites: int = 8
    rest_days: int = 7
    """So many days pass before a dose goes to the same place again."""


class Kept(StrEnum):
    """How one dose was kept."""

    ON_TIME = "on_time"
    LATE = "late"
    """Taken after its day, told of only then, or called late by the patient."""
    PROMISED = "promised"
    """LATE was written, and nothing since."""
    SKIPPED = "skipped"
    UNANSWERED = "unanswered"
    OPEN = "open"
    """Its time is not over, and nothing was said."""


@dataclass(frozen=True, slots=True)
class Told:
    """One report of a dose."""

    at: datetime
    """When it came (UTC)."""
    report: DoseReport


@dataclass(frozen=True, slots=True)
class HomeDose:
    """One dose that was planned, and what was told of it, oldest first."""

    name: str
    due_at: datetime
    told: tuple[Told, ...] = ()

    @property
    def report(self) -> DoseReport | None:
        """All that was told, as one."""
        return combined([one.report for one in self.told])


@dataclass(frozen=True, slots=True)
class Adherence:
    """How the doses of some days were kept. Doses whose time is not over are left out."""

    days: int
    on_time: int
    late: int
    promised: int
    skipped: int
    unanswered: int

    @property
    def due(self) -> int:
        """All of them."""
        return self.on_time + self.late + self.promised + self.skipped + self.unanswered

    @property
    def taken_share(self) -> float | None:
        """Those taken, in time or late, as a share of all that were due; None without any."""
        return None if not self.due else round((self.on_time + self.late) / self.due, 3)


def kept(dose: HomeDose, now: datetime, zone: ZoneInfo) -> Kept:
    """How one dose was kept, as known at ``now`` (UTC); its day is one in ``zone``.

    In time until its day ends, and for six hours in any case. When it was taken is what the patient
    says; where nothing is said, when DONE came.
    """
    report = dose.report
    ends = _ends(dose.due_at, zone)
    if report is None or report.answer is None:
        return Kept.OPEN if now < ends else Kept.UNANSWERED
    if report.answer == "skip":
        return Kept.SKIPPED
    if report.answer == "late":
        return Kept.PROMISED
    taken = taken_at(dose, zone)
    in_time = taken is not None and taken < ends and not report.was_late
    return Kept.ON_TIME if in_time else Kept.LATE


def _ends(due_at: datetime, zone: ZoneInfo) -> datetime:
    tomorrow = due_at.astimezone(zone).date() + timedelta(days=1)
    return max(datetime.combine(tomorrow, time(), zone).astimezone(UTC), due_at + _AFTER)


def taken_at(dose: HomeDose, zone: ZoneInfo) -> datetime | None:
    """When a dose was taken (UTC), as far as it was told: None when it was not."""
    done = [one for one in dose.told if one.report.answer == "done"]
    if not done:
        return None
    first = done[0]
    named = next((one for one in reversed(dose.told) if one.report.clock), None)
    if named is None:
        return first.at - timedelta(days=1) if first.report.yesterday else first.at
    return _at_the_clock(named, zone)


def _at_the_clock(told: Told, zone: ZoneInfo) -> datetime:
    """The latest instant before the report at which the clock showed what was written."""
    written = told.report.clock or ""
    hour, minute = (int(part) for part in written.rstrip("?").split(":"))
    hours = [hour % _HALF_A_DAY, hour % _HALF_A_DAY + _HALF_A_DAY] if "?" in written else [hour]
    day = told.at.astimezone(zone).date() - timedelta(days=told.report.yesterday)
    days = [day] if told.report.yesterday else [day, day - timedelta(days=1)]
    moments = [
        datetime.combine(one, time(each, minute), zone).astimezone(UTC)
        for one in days
        for each in hours
    ]
    return max((at for at in moments if at <= told.at + timedelta(minutes=5)), default=told.at)


def adherence(doses: Sequence[HomeDose], now: datetime, days: int, zone: ZoneInfo) -> Adherence:
    """How the doses due in the last ``days`` days before ``now`` (UTC) were kept."""
    ways = [
        kept(dose, now, zone) for dose in doses if now - timedelta(days=days) < dose.due_at <= now
    ]
    return Adherence(
        days,
        ways.count(Kept.ON_TIME),
        ways.count(Kept.LATE),
        ways.count(Kept.PROMISED),
        ways.count(Kept.SKIPPED),
        ways.count(Kept.UNANSWERED),
    )


@dataclass(frozen=True, slots=True)
class Repeat:
    """A dose went where one had gone too short a time before."""

    area: str
    dose: str
    at: datetime
    days: int
    """Since the dose before it at this place."""
    began: str
    """The dose with which the uses at too short a distance began: it names all of them."""


def repeats(doses: Sequence[HomeDose], rest_days: int, zone: ZoneInfo) -> list[Repeat]:
    """Where places were used again too soon, oldest first; days are those on the calendar.

    "Thigh" without a side may be either: it counts as a repeat of both.
    """
    uses = _uses(doses, zone)
    found: list[Repeat] = []
    began: dict[str, str] = {}
    for index, (at, dose, areas) in enumerate(uses):
        for area in areas:
            before = next(
                (use for use in reversed(uses[:index]) if any(_same(area, one) for one in use[2])),
                None,
            )
            if before is None:
                continue
            days = (at.astimezone(zone).date() - before[0].astimezone(zone).date()).days
            if days < rest_days:
                first = began.get(f"{before[1].name}:{_place(area)}", before[1].name)
                began[f"{dose.name}:{_place(area)}"] = first
                found.append(Repeat(area, dose.name, at, days, first))
    return found


def _uses(
    doses: Sequence[HomeDose], zone: ZoneInfo
) -> list[tuple[datetime, HomeDose, tuple[str, ...]]]:
    uses = []
    for dose in doses:
        at, report = taken_at(dose, zone), dose.report
        if at is not None and report is not None and report.areas:
            uses.append((at, dose, report.areas))
    return sorted(uses, key=lambda use: (use[0], use[1].name))


def _place(area: str) -> str:
    return area.rpartition(" ")[2]


def _same(one: str, other: str) -> bool:
    sides = " " in one and " " in other
    return one == other if sides else _place(one) == _place(other)


def questions(
    report: DoseReport, limits: DoseLimits, usual: Sequence[float], today: date
) -> tuple[str, ...]:
    """What a nurse should ask about one dose: ``volume``, ``sites``, ``area``, ``expiry``.

    Args:
        usual: the volumes in ml that this patient told of before.
        today: the day of the dose, where the patient lives.
    """
    found = []
    volume = report.volume_ml
    if volume is not None and not report.per_site:
        middle = median(usual) if len(usual) >= _USUAL else None
        unusual = middle is not None and not middle / 2 <= volume <= middle * 2
        if not 0 < volume <= limits.most_ml or unusual:
            found.append("volume")
    elif volume is not None and not 0 < volume <= limits.most_ml:
        found.append("volume")
    sites = report.sites
    if sites is not None and not (sites == int(sites) and 1 <= sites <= limits.most_sites):
        found.append("sites")
    if report.odd_areas:
        found.append("area")
    last = None if report.expiry is None else last_day(report.expiry)
    if last is not None and last < today:
        found.append("expiry")
    return tuple(found)


_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MESES = "ene feb mar abr may jun jul ago sep oct nov dic"
_MONTH = {
    name: number
    for names in (_MONTHS, _MESES)
    for number, name in enumerate(names.split(), 1)
}  # fmt: skip


def last_day(expiry: str) -> date | None:
    """The last day that an expiry date, as patients write it, may mean; None when it is none.

    Where day and month could be either, the later reading counts: nobody is asked for nothing.
    """
    month = re.search(r"[A-Za-z]{3}", expiry)
    numbers = [int(part) for part in re.findall(r"\d+", expiry)]
    if month is not None:
        known = _MONTH.get(month[0].lower())
        if known is None or not numbers:
            return None
        return _day(numbers[-1], known, numbers[0] if len(numbers) > 1 else None)
    if re.match(r"\d{4}", expiry):
        return _day(*numbers) if len(numbers) > 1 else None
    if len(numbers) == 2:
        return _day(numbers[1], numbers[0])
    if len(numbers) != 3:
        return None
    first, second, year = numbers
    readings = [_day(year, first, second), _day(year, second, first)]
    return max((one for one in readings if one is not None), default=None)


def _day(year: int, month: int, day: int | None = None) -> date | None:
    year += 2000 if year < _CENTURY else 0
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        return None
