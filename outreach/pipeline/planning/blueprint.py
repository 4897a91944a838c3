"""Blueprint: the touchpoints that one version of one anchor gets, as rows not stored yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from outreach.domain.journeys import Anchor, AnchorPoint, Journey, Notice, Silence, correction
from outreach.domain.layout import Circumstances, Laid, lay_out, notice_now
from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Dose, Occasion, Touchpoint

_CORRECTED_WITHIN = timedelta(days=2)
"""An end that is reported anew this near to the old one is a correction, not another infusion."""


@dataclass(frozen=True, slots=True)
class About:
    """What the touchpoints of one plan are about."""

    kind: Anchor
    id: UUID
    version: int
    patient_id: UUID
    kind_of: str | None = None
    """The kind of visit or occasion, as journeys name those they are for."""
    site_code: str | None = None
    appointment_id: UUID | None = None
    dose_id: UUID | None = None


def about_start(visit: Appointment) -> About:
    """A visit's start."""
    return _about_visit(Anchor.VISIT_START, visit, visit.version)


def about_end(visit: Appointment) -> About:
    """An infusion's actual end."""
    return _about_visit(Anchor.INFUSION_END, visit, visit.end_version)


def about_dose(dose: Dose) -> About:
    """A home dose."""
    return About(Anchor.DOSE, dose.id, dose.version, dose.patient_id, dose_id=dose.id)


def about_occasion(occasion: Occasion) -> About:
    """What is neither a visit nor a dose."""
    return About(
        Anchor.OCCASION,
        occasion.id,
        occasion.version,
        occasion.patient_id,
        occasion.kind.value,
        occasion.site_code,
    )


def _about_visit(kind: Anchor, visit: Appointment, version: int) -> About:
    return About(kind, visit.id, version, visit.patient_id, visit.kind, visit.site_code, visit.id)


def _was_said(row: Touchpoint) -> bool:
    return row.status is TouchpointStatus.SENT or row.reason is SkipReason.MERGED


class Blueprint:
    """Lays out the journeys of one anchor beside what was planned and said of it before.

    Args:
        before: every touchpoint of the anchor and its kind, of all versions.
        maybe_first: it was the patient's first visit, or Outreach has seen none before it and
            cannot know: the safe reading is that it was.
    """

    def __init__(
        self,
        world: World,
        about: About,
        point: AnchorPoint,
        before: Sequence[Touchpoint],
        *,
        maybe_first: bool = False,
    ) -> None:
        self._world, self._about, self._point = world, about, point
        self._before, self._maybe_first = before, maybe_first
        self._now = world.clinic_now()
        self._known = {
            (row.journey, row.step) for row in before if row.anchor_version == about.version
        }

    def rows(self, *, revived: bool = False, several_days: bool = False) -> list[Touchpoint]:
        """Every step that is not written yet.

        Args:
            revived: the visit was cancelled and is on again.
            several_days: it is one of a course of more than one day.
        """
        told = revived and any(_was_said(row) for row in self._before)
        return [
            self.row(journey, laid)
            for journey in self.journeys()
            for laid in lay_out(
                journey,
                self._point,
                self.circumstances(journey, revived=told, several_days=several_days),
            )
            if (journey.name, laid.id) not in self._known
        ]

    def notice(self, notice: Notice, number: int = 1) -> list[Touchpoint]:
        """One notice, from each journey that has it; none once the visit has begun.

        Args:
            number: which notice of this kind it is for the patient and the day.
        """
        return [self.row(journey, laid) for journey, laid in self._notices(notice, number)]

    def _notices(self, notice: Notice, number: int) -> Iterator[tuple[Journey, Laid]]:
        for journey in self.journeys():
            planned = notice_now(journey, notice, self._point, self._now)
            if planned is None or self._point.at <= self._now:
                continue
            step = replace(planned.step, id=correction(planned.step.id, number))
            laid = Laid(replace(planned, step=step), notice=notice)
            if (journey.name, laid.id) not in self._known:
                yield journey, laid

    def journeys(self) -> list[Journey]:
        """The journeys that are for this anchor."""
        return [
            journey
            for journey in self._world.journeys
            if journey.anchor is self._about.kind
            and (not journey.kinds or self._about.kind_of in journey.kinds)
        ]

    def as_edited(self, journey: Journey, *, several_days: bool = False) -> list[Touchpoint]:
        """Every step of an edited journey, also those that are written already."""
        known = self.circumstances(journey, several_days=several_days, edited=True)
        return [self.row(journey, laid) for laid in lay_out(journey, self._point, known)]

    def circumstances(
        self,
        journey: Journey,
        *,
        revived: bool = False,
        several_days: bool = False,
        edited: bool = False,
    ) -> Circumstances:
        """What is known when the steps of a journey are laid out."""
        return Circumstances(
            self._now,
            self._world.policy.week_for(journey.purpose),
            self._said(journey),
            revived=revived,
            several_days=several_days,
            edited=edited,
        )

    def _said(self, journey: Journey) -> frozenset[str]:
        """What the patient has been told of this very time and place.

        A moved visit is told anew; a corrected end is the same infusion: nobody is asked twice.
        """
        return frozenset(
            row.step
            for row in self._before
            if row.journey == journey.name
            and row.patient_id == self._about.patient_id
            and _was_said(row)
            and self._is_this_occurrence(row)
        )

    def _is_this_occurrence(self, row: Touchpoint) -> bool:
        if self._about.kind is Anchor.INFUSION_END:
            return abs(row.anchor_at - self._point.at) < _CORRECTED_WITHIN
        return (row.anchor_at, row.site_code) == (self._point.at, self._about.site_code)

    def row(self, journey: Journey, laid: Laid) -> Touchpoint:
        """One touchpoint."""
        planned, step, about = laid.planned, laid.planned.step, self._about
        return Touchpoint(
            id=self._world.new_id(),
            journey=journey.name,
            journey_digest=journey.digest,
            step=step.id,
            patient_id=about.patient_id,
            anchor_kind=about.kind,
            anchor_id=about.id,
            anchor_version=about.version,
            anchor_at=self._point.at,
            appointment_id=about.appointment_id,
            dose_id=about.dose_id,
            site_code=about.site_code,
            template=planned.message,
            purpose=journey.purpose,
            channels=[channel.value for channel in step.channels],
            also_email=step.also_email,
            only=planned.only,
            of=planned.of,
            asks=step.asks,
            question_hours=step.question_hours,
            when_late=step.when_late,
            silence=self._silence(step.silence),
            due_at=planned.due_at,
            useful_until=planned.useful_until,
            status=TouchpointStatus.PLANNED if laid.reason is None else TouchpointStatus.SKIPPED,
            reason=laid.reason,
            decided_at=None if laid.reason is None else self._now,
            created_at=self._now,
        )

    def _silence(self, written: Silence) -> Silence:
        """What no answer means for this patient: a call, or nothing."""
        if written is Silence.CALL_FIRST:
            watched = self._maybe_first or self._point.risks
            return Silence.CALL if watched else Silence.NOTHING
        return written
