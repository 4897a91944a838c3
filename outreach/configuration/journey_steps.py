"""The steps of a journey file: their models, with the rules that hold inside one step.

Their docstrings are what editors show beside each setting.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from outreach.configuration.clinic_file import Code
from outreach.configuration.documents import FaultAt, StrictModel
from outreach.configuration.wall_times import WallTime
from outreach.domain.journeys import (
    JUDGED_WHEN_PLANNED,
    EveningBefore,
    Offset,
    Only,
    Silence,
    Step,
    WhenLate,
)
from outreach.domain.states import ChannelKind
from outreach.domain.surveys import FOLLOWS
from outreach.domain.triage.result import Prompt

_MAX_DAYS = 400


class PatientChannel(StrEnum):
    """A way to a patient."""

    SMS = "sms"
    EMAIL = "email"


PatientChannels = Annotated[tuple[PatientChannel, ...], Field(min_length=1)]


def kinds_of(channels: Sequence[PatientChannel]) -> tuple[ChannelKind, ...]:
    """The same ways as the domain names them."""
    return tuple(ChannelKind(channel.value) for channel in channels)


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What a journey file may refer to, and the journeys that were read before it."""

    messages: Container[str]
    kinds: frozenset[str]
    risks: frozenset[str]
    names: dict[str, Path] = field(default_factory=dict)
    surveys: frozenset[str] | None = None
    """None where the surveys are not looked at."""


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


class StepModel(StrictModel):
    """The base of the parts of a journey file; their descriptions are shown by editors."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Distance(StepModel):
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


class StepPrompt(StrEnum):
    """What a step may ask; all other questions are those of surveys."""

    SEVERITY_0_3 = Prompt.SEVERITY_0_3
    REDFLAG_YES_NO = Prompt.REDFLAG_YES_NO
    SCREEN = Prompt.SCREEN
    CONFIRM = Prompt.CONFIRM
    DOSE = Prompt.DOSE


def _survey(name: str, info: ValidationInfo) -> str:
    known = info.context
    if isinstance(known, KnownNames) and known.surveys is not None and name not in known.surveys:
        raise ValueError(
            f"there is no survey '{name}'. Name one of config/surveys"
            f" ({', '.join(sorted(known.surveys)) or 'it holds none'}), or write it there."
        )
    return name


class Question(StepModel):
    """What a step asks, so that a short reply is understood."""

    prompt: StepPrompt
    """How the next reply is read."""
    open_hours: Annotated[int, Field(ge=1, le=720)]
    """For how many hours after the text the next reply is taken as the answer."""
    survey: Annotated[str, AfterValidator(_survey)] | None = None
    """The survey of config/surveys that goes on from the answer. For severity_0_3 alone."""

    @model_validator(mode="after")
    def _goes_on_from_a_severity(self) -> "Question":
        if self.survey is not None and self.prompt.value != FOLLOWS.value:
            raise FaultAt(("survey",), f"goes on from prompt: {FOLLOWS} alone. Remove it.")
        return self


class EveningEntry(StepModel):
    """Where a step would fall before the permitted hours, it goes the evening before."""

    at: WallTime
    """The time on that evening, such as 19:00."""
    covered_by: StepId
    """The step whose text, once delivered, makes this one needless."""


def _conditions(value: object) -> tuple[Only, ...]:
    """One word or a list of words."""
    words = value if isinstance(value, (list, tuple)) else [value]
    known = {condition.value: condition for condition in Only}
    for word in words:
        if word not in known:
            allowed = ", ".join(f"'{name}'" for name in known)
            raise ValueError(f"'{word}' is no condition. Write one or several of {allowed}.")
    return tuple(known[str(word)] for word in words)


_WORD = {"type": "string", "enum": [condition.value for condition in Only]}
Conditions = Annotated[
    tuple[Only, ...],
    PlainValidator(_conditions),
    WithJsonSchema({"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]}),
]


class StepEntry(StepModel):
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
    only: Conditions = ()
    """For whom, one word or a list: first_visit, later_visits; course_start, course_day,
    course_end (the first, every but the last, the last day of a course of visits); unanswered (a
    dose nobody reported, or what the step named by `of` asked); undelivered (what `of` said)."""
    of: StepId | None = None
    """The step that `only: unanswered` or `only: undelivered` speaks of."""
    risks: tuple[str, ...] = ()
    """Only for patients who carry one of these risk flags, as named under risks in clinic.yaml.
    With `only: first_visit` either is enough: a first visit, or such a flag."""
    channels: PatientChannels = (PatientChannel.SMS,)
    """Ways to the patient in order; the first one that the patient has is used."""
    also_email: bool = False
    """An email goes beside the text, where the patient has a mailbox."""
    useful_hours: Annotated[float, Field(gt=0, le=_MAX_DAYS * 24)]
    """For how many hours after its time it may still go. Later, it is skipped as too late."""
    asks: Question | None = None
    """Leave out where the message asks nothing."""
    when_late: WhenLate = WhenLate.SEND
    """When its time had passed before it was planned: send (while useful), collapse (into the
    `booked` notice), skip; call: staff call the patient where it was too late."""
    evening_before: EveningEntry | None = None
    """Where it would fall before the permitted hours, it goes the evening before instead."""
    silence: Silence = Silence.NOTHING
    """What no answer to its question means: nothing, call (staff do), call_first (after a first
    visit, where Outreach has seen no earlier one, and of patients with a risk flag)."""

    staff: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Words for staff, without names: when the step is due they get an item that says so, whether
    or not the text can go."""

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
        if self.asks is not None and PatientChannel.SMS not in self.channels:
            raise FaultAt(
                ("asks",), "is answered by text. Add sms to channels, or ask nothing here."
            )
        self._check_conditions()
        return self

    def _check_conditions(self) -> None:
        when_due = [word for word in self.only if word not in JUDGED_WHEN_PLANNED]
        if len(when_due) > 1:
            raise FaultAt(
                ("only",), f"'{when_due[0]}' and '{when_due[1]}' cannot both hold. Keep one."
            )
        if {Only.FIRST_VISIT, Only.LATER_VISITS} <= set(self.only):
            raise FaultAt(("only",), "holds for nobody. Keep first_visit or later_visits.")
        if self.of is not None and not {Only.UNANSWERED, Only.UNDELIVERED} & set(self.only):
            raise FaultAt(("of",), "goes with only: unanswered or undelivered. Remove it.")
        if self.silence is not Silence.NOTHING and self.asks is None:
            raise FaultAt(("silence",), "needs a question. Add asks, or remove it.")

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
            channels=kinds_of(self.channels),
            also_email=self.also_email,
            first_message=self.first_visit_message,
            only=frozenset(self.only) - {Only.ALWAYS},
            of=self.of,
            risks=frozenset(self.risks),
            asks=None if self.asks is None else Prompt(self.asks.prompt),
            question_hours=0 if self.asks is None else self.asks.open_hours,
            survey=None if self.asks is None else self.asks.survey,
            when_late=self.when_late,
            evening_before=None
            if self.evening_before is None
            else EveningBefore(self.evening_before.at, self.evening_before.covered_by),
            silence=self.silence,
            staff=self.staff,
        )
