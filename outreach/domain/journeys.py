"""Care paths as data: what is said when, counted from what. Loaded from ``config/journeys``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """A condition of a step. The first two are judged when it is planned, the others when due."""

    FIRST_VISIT = "first_visit"
    """The patient's first visit; for check-ins, a course that began with it."""
    LATER_VISITS = "later_visits"
    ALWAYS = "always"
    UNANSWERED = "unanswered"
    """Only while nobody answered: the dose, or what the step named by ``of`` asked."""
    UNDELIVERED = "undelivered"
    """Only while what the step named by ``of`` said about this visit has not been delivered."""
    COURSE_START = "course_start"
    """The first day of a course of visits; a visit alone is one."""
    COURSE_DAY = "course_day"
    """Every day of a course but its last; no visit alone is one."""
    COURSE_END = "course_end"
    """The last day of a course; a visit alone is one."""


JUDGED_WHEN_PLANNED = frozenset({Only.FIRST_VISIT, Only.LATER_VISITS})


class WhenLate(StrEnum):
    """What becomes of a step whose time has passed, or has become of no use."""

    SEND = "send"
    """It goes while it is of use, and then ends as late."""
    COLLAPSE = "collapse"
    """One text of the journey (``booked``) says it together with all others that have passed."""
    SKIP = "skip"
    """It ends as late at once."""
    CALL = "call"
    """It goes while it is of use; then staff call the patient."""


class Silence(StrEnum):
    """What no answer to a step's question means."""

    NOTHING = "nothing"
    CALL_FIRST = "call_first"
    """Staff call patients of a first visit, those whose first visit may have been unseen, and those
    who carry a risk flag."""
    CALL = "call"


class Notice(StrEnum):
    """A text that no time brings about but something that happened to a visit."""

    BOOKED = "booked"
    """It was booked or moved when some of the steps had passed: one text says them all."""
    REVIVED = "revived"
    """It was cancelled and is on again, and the patient had been texted about it."""
    STILL_ON = "still_on"
    """Another visit of that day, named in the same text, was cancelled or moved away."""


def correction(step: str, number: int) -> str:
    """What the ledger calls the n-th correction of one day: ``still_on``, then ``still_on_2``."""
    return step if number == 1 else f"{step}_{number}"


def correction_number(step: str, notice: str) -> int:
    """Which correction a step of the ledger is, where the notice is called so; 0 if it is none."""
    if step == notice:
        return 1
    name, _, number = step.rpartition("_")
    return int(number) if name == notice and number.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class Offset:
    """Distance from the anchor: days keep the wall-clock time, hours are exact."""

    days: int = 0
    hours: float = 0
    at: time | None = None
    """Local wall-clock time of the day reached by ``days``; None keeps the anchor's own."""


@dataclass(frozen=True, slots=True)
class EveningBefore:
    """For a step that would fall before the permitted hours: it goes the evening before instead,
    unless the text of another step, ``covered_by``, has been delivered by then."""

    at: time
    covered_by: str


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
    only: frozenset[Only] = frozenset()
    """All of these must hold; at most one of them is judged when it is due."""
    of: str | None = None
    """The step whose answer or delivery counts, where ``only`` speaks of one."""
    risks: frozenset[str] = frozenset()
    """Only for patients who carry one of these; beside a first visit, either is enough."""
    asks: Prompt | None = None
    question_hours: int = 24
    survey: str | None = None
    """The survey that goes on from the answer: see ``domain/surveys.py``."""
    when_late: WhenLate = WhenLate.SEND
    evening_before: EveningBefore | None = None
    silence: Silence = Silence.NOTHING
    staff: str | None = None
    """The words of an item for staff when it is due, whether or not the text can go."""

    @property
    def judged_when_due(self) -> Only:
        """The condition that is left to judge when it is due."""
        return next(iter(self.only - JUDGED_WHEN_PLANNED), Only.ALWAYS)

    def is_for(self, risks: frozenset[str], *, first_visit: bool) -> bool:
        """Whether it is for a patient who carries these risk flags, at such a visit."""
        if Only.LATER_VISITS in self.only and first_visit:
            return False
        if Only.FIRST_VISIT in self.only:
            return first_visit or bool(self.risks & risks)
        return not self.risks or bool(self.risks & risks)


@dataclass(frozen=True, slots=True)
class Unreported:
    """When an infusion that nobody reported as ended is asked about."""

    after_hours: float = 2
    """Hours after its planned end."""
    length_hours: float = 4
    """How long a visit is taken to last whose end was never planned."""


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
    notices: Mapping[Notice, Step] = field(default_factory=dict)
    covers_hours: float = 0
    """A ``booked`` text says enough for steps that are due within so many hours after it."""
    course_gap_days: int = 1
    """Visits at most this many calendar days apart belong to one course."""
    unreported: Unreported | None = None
    unconfirmed_hours: float | None = None
    """So many hours before a visit staff call who was asked to confirm it and has not answered."""
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
    risks: frozenset[str] = frozenset()
    """The risk flags of the patient."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step with its times: due, and until when it is useful (both UTC)."""

    step: Step
    message: str
    due_at: datetime
    useful_until: datetime
    only: Only
    """The condition that is judged when it is due."""
    of: str | None


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
    planned = [
        at_its_time(journey, step, anchor)
        for step in journey.steps
        if step.is_for(anchor.risks, first_visit=anchor.first_visit)
    ]
    return sorted(planned, key=lambda item: item.due_at)


def at_its_time(journey: Journey, step: Step, anchor: AnchorPoint) -> Planned:
    """One step of ``journey`` with the times that an anchor gives it."""
    due = step_time(step.offset, anchor.at, anchor.zone)
    useful = due + timedelta(hours=step.useful_hours)
    if journey.anchor is Anchor.VISIT_START:
        useful = min(useful, anchor.at.astimezone(UTC))
    message = step.first_message if anchor.first_visit and step.first_message else step.message
    return Planned(step, message, due, useful, step.judged_when_due, step.of)
