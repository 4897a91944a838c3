"""A day on which a site is closed: which day a visit is on, and from when its patients may hear.

The one exemption from the windows of ``policy.yaml``: who would set out for a closed door is told
before leaving home. On the closed day itself texts about it may go from 06:00 at the site. The
hours of 47 CFR 64.1200(c)(1), 08:00-21:00, bind solicitations; this sells nothing. On any day
before it the care window holds.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.domain.clinic import Window
from outreach.domain.policy import Week

OPENS = time(6)
"""From when a text about a closed day may go on that day, by the clock at the site."""
_CLOSES = time(21)
"""Until when, where policy.yaml has no window that day."""


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant at a site."""
    return at.astimezone(zone).date()


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From midnight to midnight, by the clock at a site (UTC)."""
    first, last = (datetime.combine(day + timedelta(days=more), time(), zone) for more in (0, 1))
    return first.astimezone(UTC), last.astimezone(UTC)


def hours(week: Week, closed: date, now: datetime, zone: ZoneInfo) -> Week:
    """The hours in which texts about a closed day may go, as seen at ``now``.

    Those of ``week``, opened earlier on the closed day itself. That day's hours are left alone
    while the same weekday lies between it and now.
    """
    if (closed - day_of(now, zone)).days >= 7:
        return week
    usual = week.get(closed.weekday(), Window(OPENS, _CLOSES))
    return {**week, closed.weekday(): Window(min(OPENS, usual.opens), usual.closes)}
