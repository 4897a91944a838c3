"""What a journey file may say as a whole, with the rules that hold inside one file.

Their docstrings are what editors show beside each setting.
"""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, model_validator

from outreach.configuration.documents import FaultAt
from outreach.configuration.journey_notices import NoticesEntry, UnconfirmedEntry, UnreportedEntry
from outreach.configuration.journey_steps import KnownNames, Name, StepEntry, StepModel, StepPrompt
from outreach.domain.journeys import Only
from outreach.domain.occasions import OccasionKind

_FOR_VISITS = (
    Only.FIRST_VISIT,
    Only.LATER_VISITS,
    Only.COURSE_START,
    Only.COURSE_DAY,
    Only.COURSE_END,
    Only.UNDELIVERED,
)


class JourneyFile(StepModel):
    """A care path: who it is for, what its times count from, and its steps."""

    name: Name
    """A short name that never changes: the ledger uses it."""
    title: Annotated[str, Field(min_length=1, max_length=80)]
    """What staff read."""
    anchor: Literal["visit_start", "infusion_end", "dose", "occasion", "closure"]
    """What times count from: the start of a visit, the actual end of an infusion, a home dose,
    an occasion, or the moment when staff say that a site is closed on the day of a visit."""
    kinds: tuple[str, ...] = ()
    """The kinds of visit it is for, as named under services in clinic.yaml. None for doses."""
    occasions: tuple[OccasionKind, ...] = ()
    """With anchor: occasion, what it is for: enrolment, authorization, shipment, refill,
    home_start, delivery, arrival, home_switch or home_year."""
    purpose: Literal["care", "education", "marketing"] = "care"
    """Which consent and hours apply (policy.yaml). What speaks for a product is marketing."""
    course_gap_days: Annotated[int, Field(ge=1, le=7)] = 1
    """Visits at most this many calendar days apart belong to one course."""
    notices: NoticesEntry = NoticesEntry()
    """Texts that go when a visit is booked late, is on again, or stands alone on its day."""
    unreported: UnreportedEntry | None = None
    """What happens when nobody reports the end of an infusion. For anchor: infusion_end."""
    unconfirmed: UnconfirmedEntry | None = None
    """What happens when nobody confirms a visit. For anchor: visit_start, with a step that asks."""
    steps: Annotated[tuple[StepEntry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> "JourneyFile":
        if isinstance(info.context, KnownNames):
            self._check_name(info.context)
            self._check_kinds(info.context)
        self._check_occasions()
        first: dict[str, int] = {}
        for index, step in enumerate(self.steps):
            if first.setdefault(step.id, index) != index:
                raise FaultAt(
                    ("steps", str(index), "id"),
                    f"'{step.id}' is the name of step {first[step.id] + 1} already."
                    " Choose another.",
                )
            self._check_time(index, step)
            self._check_audience(index, step)
            if isinstance(info.context, KnownNames):
                self._check_risks(index, step, info.context)
            self._check_references(index, step)
        self._check_notices(first)
        return self

    @property
    def about_visits(self) -> bool:
        """Whether it is for kinds of visit."""
        return self.anchor not in {"dose", "occasion"}

    def _check_occasions(self) -> None:
        if self.anchor != "occasion" and self.occasions:
            raise FaultAt(("occasions",), "goes with anchor: occasion alone. Remove it.")
        if self.anchor == "occasion" and not self.occasions:
            raise FaultAt(
                ("occasions",),
                "must name at least one occasion, as in occasions: [authorization]. Add it.",
            )

    def _check_name(self, known: KnownNames) -> None:
        if (other := known.names.get(self.name)) is not None:
            raise FaultAt(
                ("name",), f"'{self.name}' is the name of {other.name} already. Choose another."
            )

    def _check_kinds(self, known: KnownNames) -> None:
        if not self.about_visits and self.kinds:
            raise FaultAt(("kinds",), "is for journeys about visits. Remove it, or change anchor.")
        if self.about_visits and not self.kinds:
            raise FaultAt(
                ("kinds",), "must name at least one kind of visit, as in kinds: [infusion]. Add it."
            )
        for index, kind in enumerate(self.kinds):
            if kind not in known.kinds:
                raise FaultAt(
                    ("kinds", str(index)),
                    f"'{kind}' is not a kind of visit. Name one of those under services in"
                    f" clinic.yaml ({', '.join(sorted(known.kinds))}), or add it there.",
                )

    def _check_time(self, index: int, step: StepEntry) -> None:
        place = ("steps", str(index))
        if self.anchor == "visit_start" and step.after is not None:
            raise FaultAt(
                (*place, "after"),
                "would prepare for a visit that has begun. Use before, or move the step to a"
                " journey with anchor: infusion_end.",
            )
        if self.anchor == "visit_start" and step.distance.days == 0 and step.at is None:
            raise FaultAt(
                (*place, "before"),
                "is the visit's start itself. Give days or hours, or add at for that morning.",
            )
        if self.anchor == "infusion_end" and step.before is not None:
            raise FaultAt(
                (*place, "before"),
                "cannot be known before the infusion has ended. Use after, or move the step to a"
                " journey with anchor: visit_start.",
            )

        if self.anchor == "closure" and step.before is not None:
            raise FaultAt(
                (*place, "before"),
                "cannot be known before staff have said that a site is closed. Use after.",
            )
        if self.anchor in {"occasion", "closure"} and step.asks is not None:
            raise FaultAt((*place, "asks"), "is for visits and doses alone. Remove it.")

    def _check_audience(self, index: int, step: StepEntry) -> None:
        place = ("steps", str(index))
        if self.anchor != "dose" and Only.UNANSWERED in step.only and step.of is None:
            raise FaultAt(
                (*place, "only"), "'unanswered' is for doses alone, or needs of: a step. Add of."
            )
        for word in _FOR_VISITS:
            if not self.about_visits and word in step.only:
                raise FaultAt((*place, "only"), f"'{word}' is for visits alone. Remove it.")
        by_visit = {Only.FIRST_VISIT, Only.LATER_VISITS} & set(step.only)
        if step.first_visit_message is not None and (not self.about_visits or by_visit):
            raise FaultAt(
                (*place, "first_visit_message"),
                "needs a step that is for first and later visits alike. Remove it.",
            )

    def _check_risks(self, index: int, step: StepEntry, known: KnownNames) -> None:
        place = ("steps", str(index), "risks")
        if self.anchor == "closure" and step.risks:
            raise FaultAt(place, "would leave booked patients untold of a closed day. Remove it.")
        for number, risk in enumerate(step.risks):
            if risk not in known.risks:
                raise FaultAt(
                    (*place, str(number)),
                    f"'{risk}' is not a risk flag. Name one of those under risks in clinic.yaml"
                    f" ({', '.join(sorted(known.risks))}), or add it there.",
                )

    def _check_references(self, index: int, step: StepEntry) -> None:
        """Steps that name another one of this file."""
        others = {other.id: other for other in self.steps if other.id != step.id}
        place = ("steps", str(index))
        if step.of is not None and step.of not in others:
            raise FaultAt((*place, "of"), f"'{step.of}' is no other step here. Name one.")
        asked = others.get(step.of or "")
        if Only.UNANSWERED in step.only and asked is not None and asked.asks is None:
            raise FaultAt((*place, "of"), f"'{step.of}' asks nothing. Name a step with asks.")
        rule = step.evening_before
        if rule is not None and self.anchor != "visit_start":
            raise FaultAt((*place, "evening_before"), "is for anchor: visit_start. Remove it.")
        if rule is not None and rule.covered_by not in others:
            raise FaultAt(
                (*place, "evening_before", "covered_by"),
                f"'{rule.covered_by}' is no other step here. Name one.",
            )

    def _check_notices(self, steps: dict[str, int]) -> None:
        for kind, entry in self.notices.written().items():
            if self.anchor != "visit_start":
                raise FaultAt(
                    ("notices",), "are for anchor: visit_start, as visits move. Remove them."
                )
            if entry.id in steps:
                raise FaultAt(
                    ("notices", kind.value, "id"),
                    f"'{entry.id}' is the name of step {steps[entry.id] + 1} already."
                    " Choose another.",
                )
        if self.unreported is not None and self.anchor != "infusion_end":
            raise FaultAt(("unreported",), "is for anchor: infusion_end. Remove it.")
        questions = [step.asks for step in self.steps]
        questions += [entry.asks for entry in self.notices.written().values()]
        asks = any(one is not None and one.prompt is StepPrompt.CONFIRM for one in questions)
        if self.unconfirmed is not None and (self.anchor != "visit_start" or not asks):
            raise FaultAt(
                ("unconfirmed",), "needs a step that asks {prompt: confirm}. Add it, or remove it."
            )
