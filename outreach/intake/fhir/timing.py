"""FHIR ``Timing`` -> explicit dose instants, never more than a bounded number of them.

Only what reminders need is read: which days, at which local times, from when until when.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from types import MappingProxyType
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.intake.fhir.scope import Scope, concept_words
from outreach.intake.json_fields import Json, child, number, text, texts
from outreach.intake.local_time import in_zone, with_time

_DAYS_IN = MappingProxyType({"d": 1.0, "wk": 7.0})
_HOURS_IN = MappingProxyType({"h": 1.0, "min": 1 / 60, "s": 1 / 3600})
_MONTHS_IN = MappingProxyType({"mo": 1, "a": 12})
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CODES = MappingProxyType(
    {
        "QD": (1, 1.0, "d"),
        "BID": (2, 1.0, "d"),
        "TID": (3, 1.0, "d"),
        "QID": (4, 1.0, "d"),
        "AM": (1, 1.0, "d"),
        "PM": (1, 1.0, "d"),
        "BED": (1, 1.0, "d"),
        "QOD": (1, 2.0, "d"),
        "WK": (1, 1.0, "wk"),
        "MO": (1, 1.0, "mo"),
        "Q4H": (1, 4.0, "h"),
        "Q6H": (1, 6.0, "h"),
        "Q8H": (1, 8.0, "h"),
    }
)
"""HL7 GTSAbbreviation codes that stand in ``Timing.code`` instead of a ``repeat``."""
_WHEN = MappingProxyType(
    {
        "MORN": time(8), "MORN.early": time(7), "MORN.late": time(10), "WAKE": time(8),
        "NOON": time(12), "AFT": time(14), "AFT.early": time(13), "AFT.late": time(16),
        "EVE": time(18), "EVE.early": time(17), "EVE.late": time(20), "NIGHT": time(20),
        "HS": time(20), "PHS": time(20), "C": time(12), "CM": time(8), "CD": time(12),
        "CV": time(18), "AC": time(12), "ACM": time(8), "ACD": time(12), "ACV": time(18),
        "PC": time(13), "PCM": time(9), "PCD": time(13), "PCV": time(19),
    }
)  # fmt: skip
_SPREAD = MappingProxyType(
    {
        2: (time(9), time(20)),
        3: (time(8), time(14), time(20)),
        4: (time(8), time(12), time(16), time(20)),
    }
)
"""Local times of several doses a day when the order names none: all within texting hours."""
_OLDEST = timedelta(days=31)
"""Doses longer past than this at arrival are not written out."""
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Local days between which doses fall, both included, and how many at most."""

    first: date
    last: date
    count: int | None
    open_ended: bool


def dose_instants(scope: Scope, timing: Json, span: Span, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The doses of one Timing within ``span``, in order, UTC.

    Raises:
        BadInput: ``value`` for a schedule that nobody could follow (period 0, unknown unit).
    """
    found = [
        scope.moment({"event": one}, "event", zone, "Timing.event")
        for one in texts(timing, "event")
    ]
    if found:
        at = scope.arrival.settings.dose_time
        return tuple(sorted({with_time(one, at, zone).at for one in found if one is not None}))
    limit = scope.arrival.settings.max_doses
    doses: list[datetime] = []
    past = scope.arrival.received_at - _OLDEST if span.open_ended else None
    for dose in _repeated(scope, timing, span, zone):
        if past is not None and dose < past:
            continue
        if len(doses) == limit:
            scope.notes.append(f"dosage: only the first {limit} doses were written out")
            break
        doses.append(dose)
    return tuple(doses)


def _repeated(scope: Scope, timing: Json, span: Span, zone: ZoneInfo) -> Iterator[datetime]:
    repeat = child(timing, "repeat")
    frequency, period, unit = _rhythm(scope, timing, repeat)
    locals_ = _locals(scope, repeat, span, frequency, period, unit)
    return (in_zone(local, zone).at for local in islice(locals_, span.count))


def _rhythm(scope: Scope, timing: Json, repeat: Json) -> tuple[int, float, str]:
    """How often in what: ``(frequency, period, unit)``."""
    unit = text(repeat, "periodUnit")
    if not unit:
        for code in concept_words(child(timing, "code")):
            if code.upper() in _CODES:
                return _CODES[code.upper()]
        if repeat.get("dayOfWeek"):
            return 1, 1.0, "wk"
        if repeat.get("timeOfDay") or repeat.get("when"):
            return 1, 1.0, "d"
        scope.notes.append("dosage: no schedule that can be written out")
        return 0, 1.0, "d"
    frequency = number(repeat, "frequency")
    period = number(repeat, "period")
    if unit not in _DAYS_IN and unit not in _HOURS_IN and unit not in _MONTHS_IN:
        raise BadInput("value", "Timing.repeat.periodUnit: unknown unit")
    if repeat.get("frequencyMax") or repeat.get("periodMax"):
        scope.notes.append("dosage: a range of frequencies; the lower one was taken")
    frequency = 1.0 if frequency is None else frequency
    period = 1.0 if period is None else period
    if not 1 <= frequency <= 48 or not 0 < period <= 1200:
        raise BadInput("value", "Timing.repeat: frequency or period out of range")
    return int(frequency), period, unit


def _locals(
    scope: Scope, repeat: Json, span: Span, frequency: int, period: float, unit: str
) -> Iterator[datetime]:
    """The local times of the doses, in order."""
    if frequency == 0:
        return iter(())
    if unit in _HOURS_IN:
        step = timedelta(hours=period * _HOURS_IN[unit] / frequency)
        return _every(step, span, scope.arrival.settings.dose_time)
    written = _times(repeat)
    weekdays = _weekdays(repeat)
    if unit in _MONTHS_IN:
        days = _monthly(span, period * _MONTHS_IN[unit])
        per_day = 1
    elif weekdays:
        days = _on_weekdays(span, weekdays, period if unit == "wk" else 1.0)
        per_day = 1
    else:
        length = period * _DAYS_IN[unit]
        per_day = max(1, round(frequency / length)) if frequency > 1 and not written else 1
        days = _daily(span, length, 1 if written and length <= 1 else frequency, per_day)
    times = written or _spread(scope, per_day)
    return (datetime.combine(day, at) for day in days for at in times)


def _every(step: timedelta, span: Span, at: time) -> Iterator[datetime]:
    """Every ``step``, but not more often than hourly: no reminder can be."""
    step = max(step, timedelta(hours=1))
    moment = datetime.combine(span.first, at)
    while moment.date() <= span.last:
        yield moment
        moment += step


def _daily(span: Span, length: float, frequency: int, per_day: int) -> Iterator[date]:
    """``frequency`` doses in ``length`` days, evenly, ``per_day`` of them on each dosing day."""
    step = max(1.0, length * per_day / frequency)
    days = (span.first + timedelta(days=int(step * turn)) for turn in range(_turns(span, step)))
    return takewhile(lambda day: day <= span.last, days)


def _turns(span: Span, step: float) -> int:
    return int((span.last - span.first).days / step) + 1


def _on_weekdays(span: Span, weekdays: frozenset[int], weeks: float) -> Iterator[date]:
    """The days of every ``weeks``-th week, counted from the week of the first day."""
    every = max(1, round(weeks))
    monday = span.first - timedelta(days=span.first.weekday())
    for offset in range((span.last - monday).days + 1):
        day = monday + timedelta(days=offset)
        if day >= span.first and day.weekday() in weekdays and offset // 7 % every == 0:
            yield day


def _monthly(span: Span, months: float) -> Iterator[date]:
    """The same day every so many months; a day a month lacks becomes its last."""
    every, turn = max(1, round(months)), 0
    while True:
        year, month = divmod(span.first.year * 12 + span.first.month - 1 + every * turn, 12)
        if year > span.last.year:
            return
        day = date(year, month + 1, min(span.first.day, monthrange(year, month + 1)[1]))
        if day > span.last:
            return
        yield day
        turn += 1


def _times(repeat: Json) -> tuple[time, ...]:
    """``timeOfDay``, else what ``when`` means; empty when the order names no time."""
    clock = {
        time(int(match[1]), int(match[2]))
        for one in texts(repeat, "timeOfDay")
        if (match := _CLOCK.fullmatch(one))
    }
    named = {_WHEN[one] for one in texts(repeat, "when") if one in _WHEN}
    return tuple(sorted(clock or named))


def _spread(scope: Scope, per_day: int) -> tuple[time, ...]:
    if per_day == 1:
        return (scope.arrival.settings.dose_time,)
    if per_day in _SPREAD:
        return _SPREAD[per_day]
    step = timedelta(hours=12) / (per_day - 1)
    first = datetime.combine(date.min, time(8))
    return tuple((first + step * turn).time() for turn in range(per_day))


def _weekdays(repeat: Json) -> frozenset[int]:
    return frozenset(
        _WEEKDAYS.index(word)
        for one in texts(repeat, "dayOfWeek")
        if (word := one.lower()) in _WEEKDAYS
    )


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The local day of an instant."""
    return at.astimezone(zone).date()
