"""The parts of a journey file beside its steps: texts that something brings about, and silence."""

from typing import Annotated

from pydantic import Field

from outreach.configuration.journey_steps import (
    Conditions,
    MessageName,
    PatientChannel,
    PatientChannels,
    Question,
    StepId,
    StepModel,
    kinds_of,
)
from outreach.domain.journeys import Notice, Offset, Only, Step, Unreported
from outreach.domain.triage.result import Prompt


class NoticeEntry(StepModel):
    """A text that goes at once when something happened to a visit."""

    id: StepId
    """The name of it in the ledger and in the reports; it never changes."""
    message: MessageName
    """The folder under templates/messages."""
    first_visit_message: MessageName | None = None
    """Another message where it is the patient's first visit."""
    channels: PatientChannels = (PatientChannel.SMS,)
    """Ways to the patient in order; the first one that the patient has is used."""
    also_email: bool = False
    """An email goes beside the text, where the patient has a mailbox."""
    useful_hours: Annotated[float, Field(gt=0, le=9600)] = 24
    """For how many hours it may still go; never once the visit has begun."""
    only: Conditions = ()
    """For whom, as with steps."""
    asks: Question | None = None
    """Leave out where the message asks nothing."""

    def step(self) -> Step:
        """What the domain plans with."""
        return Step(
            id=self.id,
            message=self.message,
            offset=Offset(),
            useful_hours=self.useful_hours,
            channels=kinds_of(self.channels),
            also_email=self.also_email,
            first_message=self.first_visit_message,
            only=frozenset(self.only) - {Only.ALWAYS},
            asks=None if self.asks is None else Prompt(self.asks.prompt),
            question_hours=0 if self.asks is None else self.asks.open_hours,
            survey=None if self.asks is None else self.asks.survey,
        )


class BookedEntry(NoticeEntry):
    """One text for all steps that had passed when the visit was booked or moved."""

    covers_hours: Annotated[float, Field(ge=0, le=240)] = 12
    """It says enough for steps that are due within so many hours after it."""


class NoticesEntry(StepModel):
    """Texts that no time brings about but something that happened to a visit."""

    booked: BookedEntry | None = None
    """The visit was booked, or moved, when some of the steps had passed."""
    revived: NoticeEntry | None = None
    """It was cancelled and is on again, and the patient had been texted about it."""
    still_on: NoticeEntry | None = None
    """Another visit of that day, named in the same text, was cancelled or moved away."""

    def written(self) -> dict[Notice, NoticeEntry]:
        """Those that the file has."""
        found = {kind: getattr(self, kind.value) for kind in Notice}
        return {kind: entry for kind, entry in found.items() if entry is not None}


class UnreportedEntry(StepModel):
    """What happens when nobody reports the end of an infusion."""

    after_hours: Annotated[float, Field(gt=0, le=48)] = 2
    """So many hours after the planned end, it is taken for the actual one where the patient was
    there; otherwise staff are asked whether the visit took place."""
    length_hours: Annotated[float, Field(gt=0, le=24)] = 4
    """How long a visit is taken to last whose end was never planned."""

    def rule(self) -> Unreported:
        """What the domain works with."""
        return Unreported(self.after_hours, self.length_hours)


class UnconfirmedEntry(StepModel):
    """What happens when nobody confirms a visit."""

    call_hours_before: Annotated[float, Field(gt=0, le=168)] = 24
    """So many hours before the visit, staff get a call to make to whoever was asked to confirm it
    and has not answered."""
