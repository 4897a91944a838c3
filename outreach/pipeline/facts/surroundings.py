"""What stands around a touchpoint: a patient's other visits, what was said, what was answered.

Read for a whole batch in at most five statements, and only where a touchpoint of it asks.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.domain.courses import Course, CourseVisit, course_of
from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, Journey, Notice, Only, WhenLate, correction_number
from outreach.domain.states import MessageStatus, SkipReason
from outreach.pipeline.facts.closed_days import visits_on_closed_days
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Patient, Touchpoint
from outreach.storage.repositories.messages import Told
from outreach.storage.unit import Unit

_NEAR = timedelta(days=10)
_AS_GOOD_AS_THE_DAY_BEFORE = timedelta(hours=36)
"""A notice no older than this, counted from the visit, says what the day before's text does."""
_COURSE = frozenset({Only.COURSE_START, Only.COURSE_DAY, Only.COURSE_END})
_TAKEN = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.DELIVERED})
_ON_ITS_WAY = frozenset({MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.UNKNOWN})


_FIRST = 1
"""The version of a visit that was booked and never moved."""


class SameDay(Enum):
    """What another visit's text of that day means for a touchpoint."""

    SAID = auto()
    """That text went and names this visit too."""
    COMING = auto()
    """That text is on its way; whether it goes is known in a minute."""


@dataclass
class Surroundings:
    """Visits and texts by patient; answers by the touchpoint that waits for one."""

    visits: dict[UUID, list[Appointment]] = field(default_factory=lambda: defaultdict(list))
    closed: frozenset[UUID] = frozenset()
    """Those of the visits whose site is closed on their day."""
    told: dict[UUID, list[Told]] = field(default_factory=lambda: defaultdict(list))
    overdue: dict[UUID, list[Touchpoint]] = field(default_factory=lambda: defaultdict(list))
    """By visit, the reminders that wait although their time has come, as after an outage."""
    risks: dict[UUID, frozenset[str]] = field(default_factory=dict)
    """The risk flags of each patient."""
    unanswered: set[UUID] = field(default_factory=set)
    """Touchpoints whose ``of`` was asked, and nobody has written since."""

    in_hand: set[UUID] = field(default_factory=set)
    """Reminders of missed doses whose patients wrote since, and staff deal with what they wrote."""

    def queue(self, row: Touchpoint, now: datetime) -> None:
        """A text about a visit was queued in this batch: those that come after it see it."""
        if row.appointment_id is not None:
            version, visit_id = row.anchor_version, row.appointment_id
            told = Told(row.id, row.step, visit_id, version, frozenset(), MessageStatus.QUEUED, now)
            self.told[row.patient_id].append(told)


def read_surroundings(
    unit: Unit, world: World, rows: Sequence[Touchpoint], patients: Mapping[UUID, Patient]
) -> Surroundings:
    """All that ``rows`` may ask about what stands around them, as it is now."""
    found = Surroundings(risks={key: one.risk_flags for key, one in patients.items()})
    about_visits = [row for row in rows if row.appointment_id is not None]
    if about_visits:
        _read_visits(unit, world, found, about_visits)
        _read_told(unit, world, found, about_visits)
    collapsing = {row.anchor_id for row in rows if row.when_late is WhenLate.COLLAPSE}
    if collapsing:
        for row in unit.ledger.overdue(collapsing, world.clinic_now()):
            found.overdue[row.anchor_id].append(row)
    asking = [row for row in rows if row.only is Only.UNANSWERED and row.of is not None]
    if asking:
        found.unanswered = unit.replies.unanswered([row.id for row in asking])
    missed = [row for row in rows if row.only is Only.UNANSWERED and row.anchor_kind is Anchor.DOSE]
    if missed:
        _read_in_hand(unit, found, missed)
    return found


def _read_in_hand(unit: Unit, found: Surroundings, rows: Sequence[Touchpoint]) -> None:
    patients, since = {row.patient_id for row in rows}, min(row.anchor_at for row in rows)
    items = unit.followups.in_hand(patients, since)
    made = [(item.patient_id, item.created_at) for item in items]
    found.in_hand = {
        row.id
        for row in rows
        if any(who == row.patient_id and row.anchor_at <= at for who, at in made)
    }


def _read_visits(unit: Unit, world: World, found: Surroundings, rows: Sequence[Touchpoint]) -> None:
    moments = [row.anchor_at for row in rows]
    patients = {row.patient_id for row in rows}
    for visit in unit.visits.between(patients, min(moments) - _NEAR, max(moments) + _NEAR):
        if visit.status not in GONE:
            found.visits[visit.patient_id].append(visit)
    several = [visit for some in found.visits.values() if len(some) > 1 for visit in some]
    if several:
        found.closed = visits_on_closed_days(unit, world, several)


def _read_told(unit: Unit, world: World, found: Surroundings, rows: Sequence[Touchpoint]) -> None:
    """Only for those who have several visits, or whose text depends on another's delivery."""
    patients = {
        row.patient_id
        for row in rows
        if row.only is Only.UNDELIVERED or len(found.visits[row.patient_id]) > 1
    }
    if patients:
        since = world.clinic_now() - _NEAR
        for patient_id, told in unit.messages.told_of_visits(patients, since):
            found.told[patient_id].append(told)


def unmet(
    world: World, around: Surroundings, row: Touchpoint, visit: Appointment | None
) -> SkipReason | None:
    """Why the condition of a touchpoint does not hold; None where it does or has none."""
    if _risk_gone(world, around, row, visit):
        return SkipReason.STOPPED
    if row.only is Only.UNANSWERED and row.of is not None:
        return None if row.id in around.unanswered else SkipReason.STOPPED
    if row.id in around.in_hand:
        return SkipReason.COVERED
    if visit is None or visit.start_at is None:
        return None
    if row.only is Only.UNDELIVERED:
        return SkipReason.COVERED if _delivered(world, around, row, visit) else None
    if row.only in _COURSE:
        course = _course(world, around, row, visit)
        if course is not None and not _holds(row.only, course, visit):
            return SkipReason.COVERED
    return None


def _risk_gone(
    world: World, around: Surroundings, row: Touchpoint, visit: Appointment | None
) -> bool:
    """Whether it was planned for a risk flag that the patient does not carry any more."""
    journey = _journey(world, row)
    step = next((one for one in journey.steps if one.id == row.step), None) if journey else None
    if step is None or not step.risks:
        return False
    course = None if visit is None else _course(world, around, row, visit)
    first = visit is not None and (visit.first_visit or (course is not None and course.is_first))
    return not step.is_for(around.risks.get(row.patient_id, frozenset()), first_visit=first)


def _holds(only: Only, course: Course, visit: Appointment) -> bool:
    if only is Only.COURSE_START:
        return course.starts_with(visit.id)
    if only is Only.COURSE_END:
        return course.ends_with(visit.id)
    return course.goes_on_after(visit.id)


def _course(
    world: World, around: Surroundings, row: Touchpoint, visit: Appointment
) -> Course | None:
    zone, journey = world.clinic.zone_at(visit.site_code), _journey(world, row)
    if zone is None or visit.start_at is None or journey is None:
        return None
    others = [
        CourseVisit(other.id, other.start_at, other.first_visit)
        for other in around.visits[row.patient_id]
        if other.start_at is not None and other.kind == visit.kind
    ]
    this = CourseVisit(visit.id, visit.start_at, visit.first_visit)
    return course_of(this, others, journey.course_gap_days, zone)


def _journey(world: World, row: Touchpoint) -> Journey | None:
    return next((item for item in world.journeys if item.name == row.journey), None)


def _delivered(world: World, around: Surroundings, row: Touchpoint, visit: Appointment) -> bool:
    """Whether the text it depends on arrived, or has only now been sent on its way.

    One that leaves now and fails is replaced or becomes a call: that is no matter of this one.
    """
    journey, recent = _journey(world, row), row.anchor_at - _AS_GOOD_AS_THE_DAY_BEFORE
    notices = [] if journey is None else [step.id for step in journey.notices.values()]
    return any(
        told.status in {MessageStatus.DELIVERED, *_ON_ITS_WAY}
        and (
            told.step == row.of
            or (
                any(correction_number(told.step, one) for one in notices) and told.made_at >= recent
            )
        )
        and told.names(visit.id, visit.version)
        for told in around.told[row.patient_id]
    )


def followed(around: Surroundings, row: Touchpoint, now: datetime) -> bool:
    """Whether a later reminder of the same visit is due too and says what matters now."""
    return row.when_late is WhenLate.COLLAPSE and any(
        (other.journey, other.anchor_version) == (row.journey, row.anchor_version)
        and other.when_late is WhenLate.COLLAPSE
        and other.only is not Only.UNDELIVERED
        and row.due_at < other.due_at <= now < other.useful_until
        for other in around.overdue[row.anchor_id]
    )


def told_with_its_course(
    world: World, around: Surroundings, row: Touchpoint, now: datetime
) -> bool:
    """Whether days of a course were booked late together, and an earlier day's notice says so.

    One that is moved, or added when the others are long known, has its own: it names another hour.
    """
    journey = _journey(world, row)
    booked = None if journey is None else journey.notices.get(Notice.BOOKED)
    mine = next((v for v in around.visits[row.patient_id] if v.id == row.appointment_id), None)
    if journey is None or booked is None or row.step != booked.id or row.anchor_version > _FIRST:
        return False
    course = None if mine is None else _course(world, around, row, mine)
    if mine is None or course is None:
        return False
    since = now - timedelta(hours=journey.covers_hours)
    return any(
        told.step == row.step
        and told.status in {MessageStatus.DELIVERED, *_TAKEN, *_ON_ITS_WAY}
        and told.made_at >= since
        and course.has_before(told.visit_id, mine.id)
        for told in around.told[row.patient_id]
    )


def same_day(world: World, around: Surroundings, row: Touchpoint) -> SameDay | None:
    """Whether the same step of another visit that day speaks, or will speak, for this one too."""
    mine = next((v for v in around.visits[row.patient_id] if v.id == row.appointment_id), None)
    if row.anchor_kind is not Anchor.VISIT_START or mine is None:
        return None
    siblings = {visit.id for visit in beside(world, around, mine)}
    found = None
    for told in around.told[row.patient_id]:
        if told.touchpoint_id == row.id or told.step != row.step or told.visit_id not in siblings:
            continue
        if told.status in _TAKEN and told.names(mine.id, mine.version):
            return SameDay.SAID
        if told.status in _ON_ITS_WAY:
            found = SameDay.COMING
    return found


def beside(world: World, around: Surroundings, visit: Appointment) -> list[Appointment]:
    """The patient's other visits of the same kind, place and calendar day, by start.

    Other kinds have words of their own, and another place needs its own name. What is held, or on
    a day on which the site is closed, is named in no reminder.
    """
    own = _day(world, visit)
    return [
        other
        for other in around.visits[visit.patient_id]
        if other.id != visit.id
        and (other.kind, other.site_code) == (visit.kind, visit.site_code)
        and other.id not in around.closed
        and not other.held
        and _day(world, other) == own
    ]


def _day(world: World, visit: Appointment) -> date | None:
    zone: ZoneInfo | None = world.clinic.zone_at(visit.site_code)
    if zone is None or visit.start_at is None:
        return None
    return visit.start_at.astimezone(zone).date()
