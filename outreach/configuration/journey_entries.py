"""What a journey file may say: its models, with the rules that hold inside one file.

Their docstrings are what editors show beside each setting.
"""

from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, model_validator

from outreach.configuration.clinic_file import Code
from outreach.configuration.documents import FaultAt, StrictModel
from outreach.configuration.wall_times import WallTime
from outreach.domain.journeys import Offset, Only, Step
from outreach.domain.occasions import OccasionKind
from outreach.domain.states import ChannelKind
from outreach.domain.triage.result import Prompt

_MAX_DAYS = 400


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What a journey file may refer to, and the journeys that were read before it."""

    messages: Container[str]
    kinds: frozenset[str]
    names: dict[str, Path] = field(default_factory=dict)


def _message(name: str, info: ValidationInfo) -> str:
    known = info.context
    if isinstance(known, KnownNames) and name not in known.messages:
        raise ValueError(
            f"there is no message '{name}'. Correct its name, or write it under"
            " templates/messages; 'outreach messages lint' lists those there are."
        )
    return name


Name = Annotated[Code, Field(max_length=60, json_schema_extra={"pattern": "^[a-z][a-z0-9_-]*$"})]
StepId = Annotated[Code, Field(max_length=40, json_schema_extra={"pattern": "^[a-z][a-z0-9_-]*$"})]
MessageName = Annotated[str, AfterValidator(_message)]


class JourneyModel(StrictModel):
    """The base of the parts of a journey file; their descriptions are shown by editors."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Distance(JourneyModel):
    """How far a step is from what the journey counts from: days or hours, not both."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["days"]}, {"required": ["hours"]}]}
    )

    days: Annotated[int, Field(ge=0, le=_MAX_DAYS)] | None = None
    """Calendar days. The clock on the wall shows the same time, also when clocks were changed."""
    hours: Annotated[float, Field(gt=0, le=_MAX_DAYS * 24)] | None = None
    """Exact hours."""

    @model_validator(mode="after")
    def _one_of_two(self) -> "Distance":
        if (self.days is None) == (self.hours is None):
            raise ValueError("must be either days or hours. Write it as {days: 7} or {hours: 2}.")
        return self


class Question(JourneyModel):
    """What a step asks, so that a short reply is understood."""

    prompt: Prompt
    """How the next reply is read."""
    open_hours: Annotated[int, Field(ge=1, le=720)]
    """For how many hours after the text the next reply is taken as the answer."""


class StepEntry(JourneyModel):
    """One planned contact."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["before"]}, {"required": ["after"]}]}
    )

    id: StepId
    """A short name that never changes: the ledger and the reports use it."""
    before: Distance | None = None
    """How long before the anchor it goes."""
    after: Distance | None = None
    """How long after the anchor it goes."""
    at: WallTime | None = None
    """With days: the time of that day, such as 19:00. Without it, the anchor's own time of day."""
    message: MessageName
    """The folder under templates/messages."""
    first_visit_message: MessageName | None = None
    """Another message where it is the patient's first visit."""
    only: Only = Only.ALWAYS
    """For whom: always, first_visit, later_visits, or unanswered (a dose nobody reported)."""
    channels: Annotated[tuple[ChannelKind, ...], Field(min_length=1)] = (ChannelKind.SMS,)
    """Ways to the patient in order; the first one that the patient has is used."""
    also_email: bool = False
    """An email goes beside the text, where the patient has a mailbox."""
    useful_hours: Annotated[float, Field(gt=0, le=_MAX_DAYS * 24)]
    """For how many hours after its time it may still go. Later, it is skipped as too late."""
    asks: Question | None = None
    """Leave out where the message asks nothing."""

    @model_validator(mode="after")
    def _fits_together(self) -> "StepEntry":
        if (self.before is None) == (self.after is None):
            raise ValueError(
                "must say either before or after. Add one of them, such as before: {days: 7}."
            )
        if self.at is not None and self.distance.days is None:
            raise FaultAt(("at",), "goes with days alone, as hours are exact. Remove it.")
        for index, channel in enumerate(self.channels):
            if channel in self.channels[:index]:
                raise FaultAt(
                    ("channels", str(index)), f"'{channel}' stands here twice. Remove one."
                )
        if self.asks is not None and ChannelKind.SMS not in self.channels:
            raise FaultAt(
                ("asks",), "is answered by text. Add sms to channels, or ask nothing here."
            )
        return self

    @property
    def distance(self) -> Distance:
        """The one of ``before`` and ``after`` that is written."""
        return self.before or self.after or Distance(days=0)

    def step(self) -> Step:
        """What the domain plans with."""
        sign = 1 if self.before is None else -1
        return Step(
            id=self.id,
            message=self.message,
            offset=Offset(
                days=sign * (self.distance.days or 0),
                hours=sign * (self.distance.hours or 0),
                at=self.at,
            ),
            useful_hours=self.useful_hours,
            channels=self.channels,
            also_email=self.also_email,
            first_message=self.first_visit_message,
            only=self.only,
            asks=None if self.asks is None else self.asks.prompt,
            question_hours=0 if self.asks is None else self.asks.open_hours,
        )


class JourneyFile(JourneyModel):
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
    """With anchor: occasion, what it is for: enrolment, authorization, shipment, refill or
    home_start."""
    purpose: Literal["care", "education"] = "care"
    """Which consent and which hours apply: see policy.yaml."""
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
        by_visit = step.only in {Only.FIRST_VISIT, Only.LATER_VISITS}
        if self.anchor != "dose" and step.only is Only.UNANSWERED:
            raise FaultAt((*place, "only"), "'unanswered' is for doses alone. Remove it.")
        if not self.about_visits and by_visit:
            raise FaultAt((*place, "only"), f"'{step.only}' is for visits alone. Remove it.")
        if step.first_visit_message is not None and (not self.about_visits or by_visit):
            raise FaultAt(
                (*place, "first_visit_message"),
                "needs a step that is for first and later visits alike. Remove it.",
            )
