"""``policy.yaml`` -> ``Policy``: whose consent counts, in which hours, and how often."""

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from outreach.configuration.documents import FaultAt, StrictModel, load_document
from outreach.configuration.wall_times import wall_time
from outreach.domain import us_places
from outreach.domain.clinic import Window
from outreach.domain.people import PeopleRules
from outreach.domain.policy import Policy
from outreach.domain.windows import Week, common_week

EARLIEST = time(8)
LATEST = time(21)
"""No text before or after these in its zone, whatever the clinic writes: 47 CFR 64.1200(c)(1)."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_HOURS = re.compile(r"\s*(\S+?)\s*-\s*(\S+?)\s*")


def _hours(text: object) -> Window | None:
    """The window that ``09:00-20:00`` writes; None for ``closed``."""
    if text == "closed":
        return None
    match = _HOURS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"'{text}' is not a window. Write it as 09:00-20:00, or write closed.")
    window = Window(wall_time(match[1]), wall_time(match[2]))
    if window.opens >= window.closes:
        raise ValueError(f"'{text}' closes before it opens. Write the earlier time first.")
    if window.opens < EARLIEST or window.closes > LATEST:
        raise ValueError(
            f"'{text}' reaches outside {EARLIEST:%H:%M}-{LATEST:%H:%M}, the hours that"
            " 47 CFR 64.1200(c)(1) allows. Narrow it."
        )
    return window


Hours = Annotated[Window | None, PlainValidator(_hours)]
Count = Annotated[int, Field(ge=1, le=100)]


class WeekEntry(StrictModel):
    """The hours of a week: ``every_day``, and the days that differ from it."""

    every_day: Hours = None
    monday: Hours = None
    tuesday: Hours = None
    wednesday: Hours = None
    thursday: Hours = None
    friday: Hours = None
    saturday: Hours = None
    sunday: Hours = None

    @model_validator(mode="after")
    def _opens_at_all(self) -> "WeekEntry":
        if not self.week():
            raise ValueError("is closed all week. Open at least one day, as in every_day.")
        return self

    def week(self) -> Week:
        """Weekday (0 is Monday) -> its window; a closed day is left out."""
        windows = {
            number: getattr(self, day if day in self.model_fields_set else "every_day")
            for number, day in enumerate(DAYS)
        }
        return {number: window for number, window in windows.items() if window is not None}


def _state(name: str) -> str:
    if name not in us_places.states():
        raise ValueError(
            f"'{name}' is no state of the United States. Write its two letters, such as TX."
        )
    return name


State = Annotated[str, AfterValidator(_state)]


class WindowsEntry(StrictModel):
    """When texts may go, by what they are for."""

    care: WeekEntry
    outreach: WeekEntry
    states: dict[State, WeekEntry]
    """The hours that a state's own law leaves; ``{}`` for none."""

    @model_validator(mode="after")
    def _hours_in_common(self) -> "WindowsEntry":
        for state, entry in self.states.items():
            if not common_week([self.outreach.week(), entry.week()]):
                raise FaultAt(
                    ("states", state),
                    "has no hour in common with windows.outreach: nobody there would get anything."
                    " Correct one of the two.",
                )
        return self


class CapsEntry(StrictModel):
    """How many campaign, education and marketing texts one person may get."""

    per_day: Count
    per_week: Count

    @model_validator(mode="after")
    def _week_holds_a_day(self) -> "CapsEntry":
        if self.per_week < self.per_day:
            raise FaultAt(
                ("per_week",), f"is less than per_day ({self.per_day}). Raise it, or lower per_day."
            )
        return self


class PeopleEntry(StrictModel):
    """Who is written to about a child, and how that ends."""

    age_of_majority: Annotated[int, Field(ge=18, le=21)] = 18
    handover_days: Annotated[int, Field(ge=1, le=180)] = 30
    minors_own_phone: Literal["never", "last"] = "never"

    def rules(self) -> PeopleRules:
        """The same in the words of the domain."""
        return PeopleRules(
            self.age_of_majority, self.handover_days, self.minors_own_phone == "last"
        )


class PolicyFile(StrictModel):
    """The whole of ``policy.yaml``. Only ``people`` has defaults: the strictest of each rule."""

    care_consent: Literal["attested_by_clinic", "recorded_only"]
    windows: WindowsEntry
    caps: CapsEntry
    people: PeopleEntry = Field(default_factory=PeopleEntry)


def load_policy(path: Path) -> Policy:
    """The rules that ``policy.yaml`` sets.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is missing or wrong; names the line.
    """
    written = load_document(path, PolicyFile)
    return Policy(
        care_attested=written.care_consent == "attested_by_clinic",
        care_week=written.windows.care.week(),
        outreach_week=written.windows.outreach.week(),
        cap_per_day=written.caps.per_day,
        cap_per_week=written.caps.per_week,
        state_weeks={state: week.week() for state, week in written.windows.states.items()},
        people=written.people.rules(),
    )
