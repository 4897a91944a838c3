"""Coverage: looks ahead in the roster, and tells staff of a gap while there is time to fill it."""

from datetime import datetime, timedelta

from outreach.domain.roster import Gap, GapKind, gaps
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.world import World
from outreach.storage.unit import Unit

LOOK_EVERY = timedelta(minutes=15)
"""How often the roster is looked at (clinic time)."""
FIRST_LOOK = timedelta(minutes=1)
"""How long after a start (clinic time): the roster may have been edited while nothing ran."""
_SOON = timedelta(hours=8)
"""A gap that begins within this time is paged, because it may be tonight."""
_WORDS = {
    GapKind.NOBODY: "Nobody is on the roster",
    GapKind.NO_NURSE: "No nurse is on the roster",
}


def drain(world: World, limit: int = 1) -> int:
    """Looks at the roster if it is time to (clinic time); returns how often, at most once.

    One item for each gap that begins within ``alarm_hours``, and one a day while the file as it
    was last edited cannot be read.
    """
    now = world.clinic_now()
    with world.db.write() as unit:
        watch = unit.coverage.take_due(now) if limit else None
        if watch is None:
            return 0
        watch.look_at = now + LOOK_EVERY
        roster = world.roster.now()
        _tell_of_fault(unit, world, now)
        for gap in gaps(roster, world.clinic.coverage, now, now + roster.alarm):
            _tell_of_gap(unit, world, gap, now)
    world.wake("followup")
    return 1


def _tell_of_fault(unit: Unit, world: World, now: datetime) -> None:
    if world.roster.fault() is None:
        return
    day = now.astimezone(world.clinic.zone).date()
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"roster:fault:{day.isoformat()}",
            kind="operator",
            action=Action.PAGE_1H,
            summary="The roster that was edited cannot be read, so the one before it counts. "
            "Run 'outreach roster check'.",
        ),
    )


def _tell_of_gap(unit: Unit, world: World, gap: Gap, now: datetime) -> None:
    """One item by the gap's end: while time passes within a gap it is the same one."""
    begins, ends = (at.astimezone(world.clinic.zone) for at in (gap.begins, gap.ends))
    open_end = gap.ends >= now + world.roster.now().alarm
    key = f"roster:{gap.kind.value}:{_edge(gap, now, open_end)}"
    until = "for as far as is looked ahead" if open_end else f"until {ends:%a %d %b %H:%M}"
    since = "now" if gap.begins <= now else f"from {begins:%a %d %b %H:%M}"
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=key,
            kind="operator",
            action=Action.PAGE_1H if gap.begins - now < _SOON else Action.SAME_DAY,
            summary=f"{_WORDS[gap.kind]} {since}, {until}. Edit roster.yaml.",
        ),
    )


def _edge(gap: Gap, now: datetime, open_end: bool) -> str:
    """What names a gap: its beginning while that lies ahead, else its end or the day."""
    if gap.begins > now:
        return gap.begins.isoformat()
    return now.date().isoformat() if open_end else gap.ends.isoformat()
