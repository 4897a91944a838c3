"""Hours in which something may go: windows by the clock on the wall, in one zone or several.

Where the zone is uncertain, a window is open only while it is open in every plausible one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from outreach.domain.clinic import Window

Week = Mapping[int, Window]
"""Weekday (0 is Monday) -> the hours a text may go; a day that is missing is closed."""


def every_day(opens: time, closes: time) -> Week:
    """The same window on all seven days."""
    return dict.fromkeys(range(7), Window(opens, closes))


def common_week(weeks: Iterable[Week]) -> Week:
    """The hours that are in every one of some weeks."""
    first, *others = weeks
    common = dict(first)
    for week in others:
        for day, window in list(common.items()):
            other = week.get(day, Window(time.max, time.min))
            both = Window(max(window.opens, other.opens), min(window.closes, other.closes))
            common[day] = both
            if both.opens >= both.closes:
                del common[day]
    return common


def same_day(at: datetime, others: Iterable[datetime], zones: Sequence[ZoneInfo]) -> list[datetime]:
    """Those of ``others`` that fall on the calendar day of ``at`` in any of some zones."""
    days = [at.astimezone(zone).date() for zone in zones]
    return [
        other
        for other in others
        if any(other.astimezone(zone).date() == day for zone, day in zip(zones, days, strict=True))
    ]


def day_after(at: datetime, zones: Sequence[ZoneInfo]) -> datetime:
    """When the calendar day of ``at`` has ended in every zone (UTC)."""
    return max(
        datetime.combine(at.astimezone(zone).date() + timedelta(days=1), time(), zone).astimezone(
            UTC
        )
        for zone in zones
    )


def next_open(now: datetime, zones: Sequence[ZoneInfo], week: Week) -> datetime | None:
    """``now`` if a window of ``week`` is open in every zone, else when it next is (UTC).

    What counts is what a clock on the wall there shows, also on a day when it is changed. An
    opening time that does not exist that day moves forward by the gap. None when there is no such
    moment within a week.
    """
    if _open_in_all(now, zones, week):
        return now
    openings = sorted({at for zone in zones for at in _openings(now, zone, week)})
    return next((at for at in openings if _open_in_all(at, zones, week)), None)


def window_closes(now: datetime, zones: Sequence[ZoneInfo], week: Week) -> datetime:
    """When the window that is open at ``now`` closes in the first of some zones (UTC).

    ``now`` itself when it is not open in every one of them.
    """
    return min((_closes(now, zone, week) for zone in zones), default=now)


def _open_in_all(at: datetime, zones: Sequence[ZoneInfo], week: Week) -> bool:
    return all(_window_at(at, zone, week) is not None for zone in zones)


def _openings(now: datetime, zone: ZoneInfo, week: Week) -> list[datetime]:
    """When a window opens in a zone after ``now``, for a week (UTC)."""
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=days) for days in range(9))
    windows = ((day, week.get(day.weekday())) for day in days)
    return [
        at
        for day, window in windows
        if window is not None
        for at in _instants(day, window.opens, zone)
        if at > now
    ]


def _closes(now: datetime, zone: ZoneInfo, week: Week) -> datetime:
    window = _window_at(now, zone, week)
    if window is None:
        return now
    instants = _instants(now.astimezone(zone).date(), window.closes, zone)
    return next(closes for closes in instants if closes > now)


def _window_at(at: datetime, zone: ZoneInfo, week: Week) -> Window | None:
    """The window that is open at an instant, if one is."""
    local = at.astimezone(zone)
    window = week.get(local.weekday())
    if window is None or not window.opens <= local.time() < window.closes:
        return None
    return window


@lru_cache(maxsize=4096)
def _instants(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When the wall clock shows ``wall`` on ``day``, in order (UTC): twice where it is put back."""
    both = {datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(both))
