"""Closed days, as every other stage asks of them: which visits are on one, and when to say so."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from outreach.domain import closures
from outreach.domain.journeys import Anchor
from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.domain.windows import Week
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Touchpoint
from outreach.storage.unit import Unit


def day_of(world: World, visit: Appointment) -> tuple[str, date] | None:
    """The site and the day of a visit; None where one of them is not known."""
    zone = world.clinic.zone_at(visit.site_code)
    if visit.start_at is None or visit.site_code is None or zone is None:
        return None
    return visit.site_code, closures.day_of(visit.start_at, zone)


def visits_on_closed_days(
    unit: Unit, world: World, visits: Iterable[Appointment]
) -> frozenset[UUID]:
    """Those of these visits whose site is closed on their day."""
    days = {visit.id: found for visit in visits if (found := day_of(world, visit)) is not None}
    closed = unit.closures.among(set(days.values())) if days else set()
    return frozenset(visit_id for visit_id, found in days.items() if found in closed)


def week_of(world: World, row: Touchpoint, now: datetime) -> Week | None:
    """The hours in which word of a closed day may go; None for all else, where its purpose counts.

    The exemption is in ``domain/closures.py``, and nowhere else.
    """
    zone = world.clinic.zone_at(row.site_code)
    if row.anchor_kind is not Anchor.CLOSURE or zone is None:
        return None
    week = world.policy.week_for(row.purpose)
    return closures.hours(week, closures.day_of(row.anchor_at, zone), now, zone)


def nothing_to_say(visit: Appointment | None, row: Touchpoint, now: datetime) -> SkipReason | None:
    """Why a patient need not hear any more that the site is closed on the day of a visit.

    A visit that was called off meanwhile is still told of: that is what the text says.
    """
    if visit is None:
        return SkipReason.CANCELLED
    if visit.version != row.anchor_version or visit.patient_id != row.patient_id:
        return SkipReason.MOVED
    if visit.start_at is not None and visit.start_at <= now:
        return SkipReason.PAST_EVENT
    return None


def said_already(unit: Unit, world: World, row: Touchpoint) -> bool:
    """Whether the text for another visit of this patient on the same closed day speaks for it."""
    on_its_way = {TouchpointStatus.QUEUED, TouchpointStatus.SENT}
    return any(other.status in on_its_way for other in _others(unit, world, row))


def left_untold(unit: Unit, world: World, row: Touchpoint) -> list[Touchpoint]:
    """What relied on the text of ``row``, which will not go: nothing else speaks for it."""
    if said_already(unit, world, row):
        return []
    return [other for other in _others(unit, world, row) if other.reason is SkipReason.COVERED]


def _others(unit: Unit, world: World, row: Touchpoint) -> list[Touchpoint]:
    zone = world.clinic.zone_at(row.site_code)
    if row.anchor_kind is not Anchor.CLOSURE or row.site_code is None or zone is None:
        return []
    span = closures.bounds(closures.day_of(row.anchor_at, zone), zone)
    rows = unit.closures.told_between(row.site_code, *span, patient_id=row.patient_id)
    return [other for other in rows if other.id != row.id]
