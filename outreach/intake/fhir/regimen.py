"""MedicationRequest -> a home-dosing schedule of explicit doses; the drug itself is never read."""

from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from outreach.domain.errors import BadInput
from outreach.domain.events import EventKind, Identifier, RegimenData
from outreach.intake.fhir.scope import Scope
from outreach.intake.fhir.timing import Span, dose_instants, local_day
from outreach.intake.json_fields import Json, child, children, flag, number, text, unique

_STOPPED = frozenset({"on-hold", "cancelled", "completed", "entered-in-error", "stopped"})
_KNOWN = _STOPPED | {"active", "draft", "unknown"}
_ORDERS = frozenset(
    {"order", "original-order", "reflex-order", "filler-order", "instance-order", ""}
)
_DAYS_IN = MappingProxyType(
    {"d": 1.0, "wk": 7.0, "mo": 30.4375, "a": 365.25, "h": 1 / 24, "day": 1.0, "days": 1.0,
     "week": 7.0, "weeks": 7.0, "month": 30.4375, "months": 30.4375}
)  # fmt: skip
_LONGEST = 3660
_WRITTEN_OUT = 1500
"""Days of one schedule that are walked; what lies before them is skipped."""
_COMMON_CYCLE = 84
"""A skip of so many days keeps weekdays and every rhythm of 1, 2, 3, 4, 6 or 12 days or weeks."""
_MAX_DOSAGES = 12


def regimen_change(scope: Scope) -> tuple[EventKind, RegimenData] | None:
    """What an order changes; None for drafts, plans and proposals, which nobody follows yet.

    An order for use as needed, or one whose schedule cannot be written out, is a regimen
    without doses: no reminders.

    Raises:
        BadInput: ``required`` without status or id; ``value`` for a status or schedule that
            does not exist; ``invariant`` when it ends before it starts.
    """
    resource = scope.resource
    status, intent = text(resource, "status"), text(resource, "intent")
    if status not in _KNOWN:
        raise BadInput("value" if status else "required", "MedicationRequest.status")
    if intent not in _ORDERS or status in ("draft", "unknown") or flag(resource, "doNotPerform"):
        return None
    ids = _identifiers(scope)
    if status in _STOPPED:
        return EventKind.REGIMEN_STOPPED, RegimenData(ids)
    zone = scope.arrival.default_zone
    doses: set[datetime] = set()
    rules: list[str] = []
    for dosage in children(resource, "dosageInstruction")[:_MAX_DOSAGES]:
        if flag(dosage, "asNeededBoolean") or child(dosage, "asNeededCodeableConcept"):
            scope.notes.append("dosage: as needed, so no reminders")
            continue
        timing = child(dosage, "timing")
        doses |= set(dose_instants(scope, timing, _span(scope, timing, zone), zone))
        rules.append(_in_words(child(timing, "repeat")))
    ordered = tuple(sorted(doses))[: scope.arrival.settings.max_doses]
    rule = "; ".join(one for one in rules if one)[:500] or None
    return EventKind.REGIMEN_PRESCRIBED, RegimenData(ids, ordered, rule)


def _identifiers(scope: Scope) -> tuple[Identifier, ...]:
    """The order's logical id first: portals reuse one prescription number for several orders."""
    found: list[Identifier] = []
    logical = text(scope.resource, "id")
    if logical:
        found.append(Identifier(scope.local_system("MedicationRequest"), logical))
    else:
        found += [
            Identifier(text(one, "system") or scope.authority, text(one, "value"))
            for one in children(scope.resource, "identifier")
            if text(one, "value")
        ]
    if not found:
        raise BadInput("required", "MedicationRequest: no id and no identifier")
    return unique(found)


def _span(scope: Scope, timing: Json, zone: ZoneInfo) -> Span:
    """First and last local day: the Timing's bounds, else the order's own dates, else a horizon."""
    repeat = child(timing, "repeat")
    bounds = child(repeat, "boundsPeriod")
    validity = child(child(scope.resource, "dispenseRequest"), "validityPeriod")
    today = local_day(scope.arrival.received_at, zone)
    first = (
        _day(scope, bounds, "start", zone)
        or _day(scope, validity, "start", zone)
        or _day(scope, scope.resource, "authoredOn", zone)
        or today
    )
    last = _day(scope, bounds, "end", zone)
    length = _length(child(repeat, "boundsDuration")) or _length(
        child(child(repeat, "boundsRange"), "low")
    )
    if last is None and length is not None:
        last = first + timedelta(days=length - 1)
    if last is None:
        last = _day(scope, validity, "end", zone)
    if last is not None and last < first:
        raise BadInput("invariant", "Timing.repeat: the schedule ends before it starts")
    horizon = max(first, today) + timedelta(days=scope.arrival.settings.horizon_days)
    open_ended = last is None or last > horizon
    if open_ended and last is not None:
        scope.notes.append("dosage: only the doses of the coming year were written out")
    count = number(repeat, "count")
    last = horizon if last is None else min(last, horizon)
    beyond = (last - first).days - _WRITTEN_OUT
    if beyond > 0:
        first += timedelta(days=-(-beyond // _COMMON_CYCLE) * _COMMON_CYCLE)
        scope.notes.append("dosage: the schedule began years ago; only its recent doses count")
    return Span(first, last, int(count) if count is not None and count >= 1 else None, open_ended)


def _day(scope: Scope, holder: Json, key: str, zone: ZoneInfo) -> date | None:
    written = text(holder, key)
    if len(written) in (4, 7):
        written = f"{written}-01-01"[:10]
    moment = scope.moment({key: written}, key, zone, f"dosage {key}")
    return None if moment is None else local_day(moment.at, zone)


def _length(quantity: Json) -> int | None:
    """A duration in whole days, at least one; None when it is none."""
    value = number(quantity, "value")
    unit = text(quantity, "code") or text(quantity, "unit")
    if value is None or value <= 0 or unit not in _DAYS_IN:
        return None
    return min(_LONGEST, max(1, round(value * _DAYS_IN[unit])))


def _in_words(repeat: Json) -> str:
    """The rhythm as plain words for staff: ``2 x per 1 wk on mon, thu``."""
    period, unit = number(repeat, "period"), text(repeat, "periodUnit")
    words = []
    if period is not None and unit:
        words.append(f"{number(repeat, 'frequency') or 1:g} x per {period:g} {unit}")
    for key, label in (("dayOfWeek", "on"), ("timeOfDay", "at"), ("when", "at")):
        value = repeat.get(key)
        if isinstance(value, list) and value:
            words.append(f"{label} {', '.join(str(one)[:12] for one in value[:14])}")
    return " ".join(words)
