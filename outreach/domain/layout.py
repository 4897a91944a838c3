"""Layout: which steps of a journey an anchor gets, and what is known of them from the start.

A visit that is booked late, moved or revived does not bring a shower of texts: what has passed is
said in one, and what that one says is not said again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from outreach.domain.journeys import (
    Anchor,
    AnchorPoint,
    Journey,
    Notice,
    Offset,
    Only,
    Planned,
    WhenLate,
    at_its_time,
    step_time,
    steps_for,
)
from outreach.domain.states import SkipReason
from outreach.domain.windows import Week, next_open

EVENING = time(19)
"""When a text goes whose own hour is later than any permitted one of its day."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of an anchor when its steps are laid out."""

    now: datetime
    week: Week
    """The hours in which the journey's texts may go, in the anchor's zone."""
    said: frozenset[str] = frozenset()
    """Steps and notices that were said about this very time and place before."""
    revived: bool = False
    """It was cancelled and is on again, and the patient had been texted about it."""
    several_days: bool = False
    """The visit is one of a course of more than one day."""
    edited: bool = False
    """The journey was edited, and nothing happened to the anchor: no notice goes, and a step that
    has passed is not made up for."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A step with its times and, where it is known already that it never goes, the reason."""

    planned: Planned
    reason: SkipReason | None = None
    notice: Notice | None = None

    @property
    def id(self) -> str:
        """The name of the step in the ledger."""
        return self.planned.step.id


def lay_out(journey: Journey, anchor: AnchorPoint, known: Circumstances) -> list[Laid]:
    """Every step of ``journey`` for an anchor, in order of time, with what is decided of it.

    Counted from a visit's start, nothing is said once it has begun (``past_event``). What was said
    about the same time and place before is ``covered``. Where steps have passed and the journey has
    a ``booked`` notice, those that collapse end ``collapsed`` and the notice goes now; steps due
    within the journey's ``covers_hours`` after it are ``covered``. After a revival passed steps
    end ``late``, and the notice of it goes instead. Where all of them are too late and no notice
    says so, the last one is left to be judged when due: what nobody hears of is work for staff.
    """
    steps = [
        _not_before_hours(_on_its_day(row, anchor, known), anchor, known)
        for row in steps_for(journey, anchor)
        if known.several_days or row.only is not Only.COURSE_DAY
    ]
    if journey.anchor is Anchor.VISIT_START and anchor.at <= known.now:
        return [Laid(row, SkipReason.PAST_EVENT) for row in steps]
    rows = [Laid(row, _known_reason(row, known)) for row in steps]
    if known.edited:
        return rows
    notice = _notice(rows, known)
    if notice is None or (told := notice_now(journey, notice, anchor, known.now)) is None:
        return rows if journey.anchor is not Anchor.VISIT_START else _last_one_judged(rows, known)
    said_before = notice is Notice.BOOKED and told.step.id in known.said
    now = Laid(told, SkipReason.COVERED if said_before else None, notice)
    return [now, *_beside(rows, journey, notice, known, anchor)]


def notice_now(
    journey: Journey, notice: Notice, anchor: AnchorPoint, now: datetime
) -> Planned | None:
    """A notice of ``journey`` that goes at once; None where the journey has none of that kind."""
    step = journey.notices.get(notice)
    if step is None:
        return None
    useful = min(now + timedelta(hours=step.useful_hours), anchor.at.astimezone(UTC))
    return replace(at_its_time(journey, step, anchor), due_at=now, useful_until=useful)


def _on_its_day(row: Planned, anchor: AnchorPoint, known: Circumstances) -> Planned:
    """A step of a day before the visit whose hour is after the permitted ones goes that evening.

    Waiting for morning would bring the text of the day before on the day itself.
    """
    offset = row.step.offset
    if offset.days >= 0 or offset.at is not None:
        return row
    if next_open(row.due_at, (anchor.zone,), known.week) == row.due_at:
        return row
    evening = step_time(replace(offset, at=EVENING), anchor.at, anchor.zone)
    open_then = next_open(evening, (anchor.zone,), known.week) == evening
    return replace(row, due_at=evening) if evening < row.due_at and open_then else row


def _not_before_hours(row: Planned, anchor: AnchorPoint, known: Circumstances) -> Planned:
    """A step that would fall into closed hours moves to the evening before, where it says so."""
    rule = row.step.evening_before
    if rule is None or next_open(row.due_at, (anchor.zone,), known.week) == row.due_at:
        return row
    same_evening = step_time(Offset(at=rule.at), row.due_at, anchor.zone)
    if same_evening < row.due_at:  # the permitted hours of its day are over, and were open then
        return replace(row, due_at=same_evening)
    evening = step_time(Offset(days=-1, at=rule.at), anchor.at, anchor.zone)
    if evening >= row.due_at:
        return row
    return replace(row, due_at=evening, only=Only.UNDELIVERED, of=rule.covered_by)


def _known_reason(row: Planned, known: Circumstances) -> SkipReason | None:
    if row.step.id in known.said:
        return SkipReason.COVERED
    gone_by = known.edited or row.step.when_late is WhenLate.SKIP
    skipped = gone_by and row.due_at < known.now
    return SkipReason.LATE if skipped or row.useful_until <= known.now else None


def _last_one_judged(rows: list[Laid], known: Circumstances) -> list[Laid]:
    """Where every step is too late, the last one that is of no use any more has no reason yet."""
    gone = [row for row in rows if row.planned.useful_until <= known.now]
    if not gone or any(row.reason is not SkipReason.LATE for row in rows):
        return rows
    return [replace(row, reason=None) if row is gone[-1] else row for row in rows]


def _passed(rows: Iterable[Laid], known: Circumstances) -> list[Laid]:
    """What has not been said in its time; after a revival, all that was said before it counts."""
    return [
        row
        for row in rows
        if row.planned.due_at < known.now
        and (known.revived or row.reason is not SkipReason.COVERED)
    ]


def _notice(rows: list[Laid], known: Circumstances) -> Notice | None:
    """What the patient should hear at once about this visit, if anything."""
    if known.revived:
        return Notice.REVIVED
    passed = _passed(rows, known)
    collapsing = any(row.planned.step.when_late is WhenLate.COLLAPSE for row in passed)
    return Notice.BOOKED if collapsing else None


def _beside(
    rows: list[Laid], journey: Journey, notice: Notice, known: Circumstances, anchor: AnchorPoint
) -> list[Laid]:
    """The steps beside a notice that goes now: what has passed, and what it makes needless."""
    passed = {row.id for row in _passed(rows, known)}
    goes = next_open(known.now, (anchor.zone,), known.week) or known.now
    covered_until = goes + timedelta(hours=journey.covers_hours)
    found = []
    for row in rows:
        collapses = row.planned.step.when_late is WhenLate.COLLAPSE
        if row.reason is SkipReason.COVERED and notice is Notice.BOOKED:
            found.append(row)
        elif row.id in passed and notice is Notice.BOOKED and collapses:
            found.append(replace(row, reason=SkipReason.COLLAPSED))
        elif row.id in passed:
            late = notice is Notice.REVIVED
            found.append(replace(row, reason=SkipReason.LATE if late else row.reason))
        elif collapses and row.planned.due_at <= covered_until:
            found.append(replace(row, reason=SkipReason.COVERED))
        else:
            found.append(row)
    return found
