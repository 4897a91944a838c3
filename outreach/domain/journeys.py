"""Care paths as data: what is said when, counted from what. Loaded from ``config/journeys``."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.states import ChannelKind, Purpose
from outreach.domain.triage.result import Prompt


class Anchor(StrEnum):
    """What the time of a step is counted from."""

    VISIT_START = "visit_start"
    INFUSION_END = "infusion_end"
    DOSE = "dose"
    CAMPAIGN = "campaign"
    OCCASION = "occasion"
    """Something that is neither a visit nor a dose: see ``domain/occasions.py``."""
    CLOSURE = "closure"
    """That a site is closed on the day of a visit, counted from when staff said so."""


class Only(StrEnum):
    """A condition of a step, judged when it is planned or (``unanswered``) when it is due."""

    ALWAYS = "always"
    FIRST_VISIT = "first_visit"
    LATER_VISITS = "later_visits"
    UNANSWERED = "unanswered"
    """Only while the dose has been reported neither as taken nor as skipped by staff."""


@dataclass(frozen=True, slots=True)
class Offset:
    """Distance from the anchor: days keep the wall-clock time, hours are exact."""

    days: int = 0
    hours: float = 0
    at: time | None = None
    """Local wall-clock time of the day reached by ``days``; None keeps the anchor's own."""


@dataclass(frozen=True, slots=True)
class Step:
    """One planned contact of a journey."""

    id: str
    message: str
    offset: Offset
    useful_hours: float
    """For how long after its time it is still worth sending; never past a visit's start."""
    channels: tuple[ChannelKind, ...] = (ChannelKind.SMS,)
    also_email: bool = False
    first_message: str | None = None
    """The message of a first visit, where that differs."""
    only: Only = Only.ALWAYS
    asks: Prompt | None = None
    question_hours: int = 24


@dataclass(frozen=True, slots=True)
class Journey:
    """A care path: who it is for, what it counts from, and its steps."""

    name: str
    title: str
    anchor: Anchor
    kinds: frozenset[str]
    """Kinds of visit it is for, or of occasion; empty for journeys about doses."""
    purpose: Purpose
    steps: tuple[Step, ...]
    digest: str = ""
    """Names this version; the file's own text is kept in the database under it."""
    source: str = ""
    """The file's text."""


@dataclass(frozen=True, slots=True)
class AnchorPoint:
    """One thing that steps are counted from."""

    at: datetime
    zone: ZoneInfo
    first_visit: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A step with its times: due, and until when it is useful (both UTC)."""

    step: Step
    message: str
    due_at: datetime
    useful_until: datetime


def step_time(offset: Offset, anchor: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of an offset from an anchor.

    Days move the calendar date and keep the wall-clock time of ``zone``, also across a change of
    clocks. A wall-clock time that does not exist that day moves forward by the gap; one that
    happens twice means the first.
    """
    moment = anchor.astimezone(UTC)  # so that hours added to it are hours that pass
    if offset.days or offset.at is not None:
        local = anchor.astimezone(zone)
        wall = (local + timedelta(days=offset.days)).replace(tzinfo=None, fold=0)
        if offset.at is not None:
            wall = datetime.combine(wall.date(), offset.at)
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
    return moment + timedelta(hours=offset.hours)


def steps_for(journey: Journey, anchor: AnchorPoint) -> list[Planned]:
    """The steps of ``journey`` that apply to an anchor, in order of time.

    Nothing counted from a visit's start is of use once the visit began, not even a step whose
    ``at`` falls after it: such a step is planned, never goes, and ends late.
    """
    planned = []
    for step in journey.steps:
        if step.only is Only.FIRST_VISIT and not anchor.first_visit:
            continue
        if step.only is Only.LATER_VISITS and anchor.first_visit:
            continue
        due = step_time(step.offset, anchor.at, anchor.zone)
        useful = due + timedelta(hours=step.useful_hours)
        if journey.anchor is Anchor.VISIT_START:
            useful = min(useful, anchor.at.astimezone(UTC))
        message = step.first_message if anchor.first_visit and step.first_message else step.message
        planned.append(Planned(step, message, due, useful))
    return sorted(planned, key=lambda item: item.due_at)
