"""What triage decides about one reply. The words are the contract of ``outreach triage``."""

from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """What a reply is, most pressing first as they are ranked: see ``engine``."""

    URGENT = "urgent"
    SYMPTOM_MODERATE = "symptom_moderate"
    SYMPTOM_MILD = "symptom_mild"
    NONE_OK = "none_ok"
    LOGISTICS = "logistics"
    QUESTION = "question"
    OPT_OUT = "opt_out"
    UNCLEAR = "unclear"


class Action(StrEnum):
    """What must happen, most pressing first."""

    CALL_911 = "call_911"
    CALL_988 = "call_988"
    PAGE_1H = "page_1h"
    SAME_DAY = "same_day"
    ROUTINE = "routine"
    NONE = "none"


class Prompt(StrEnum):
    """What the patient was last asked; it gives a bare ``2`` or ``Y`` its meaning."""

    SEVERITY_0_3 = "severity_0_3"
    REDFLAG_YES_NO = "redflag_yes_no"
    SCREEN = "screen"
    CONFIRM = "confirm"
    DOSE = "dose"
    SYMPTOM = "symptom"
    """Which symptom: a number of a list, or the patient's own words. Asked by surveys alone."""
    INTERFERENCE_0_4 = "interference_0_4"
    """How much it limits, from 0 (not at all) to 4 (very much). Asked by surveys alone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One matched concept: what it is, where it stands in the text, and the rule that found it."""

    concept: str
    action: Action
    start: int
    """Offset into the reply as received, in characters."""
    end: int
    rule: str
    suppressed_by: str | None = None
    """The context rule that took it out of account (negation, past, other person), if any."""


@dataclass(frozen=True, slots=True)
class Triage:
    """The whole decision on one reply, with its reasons."""

    label: Label
    urgent: bool
    action: Action
    concepts: tuple[str, ...]
    opt_out: bool
    opt_in: bool
    help: bool
    staff: bool
    """True when a person must read it."""
    at_er: bool = False
    """The patient says they are at the emergency room already."""
    answer: str | None = None
    """The answer to the open question, normalised: ``0``..``4``, ``yes``, ``no``, ``none``,
    ``problem``, ``confirm``, ``reschedule``, ``done``, ``late``, ``skip``, ``2,4`` (numbers of a
    list), ``words``; None when the text does not answer it."""
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    """One sentence a nurse understands; holds no word of the patient's text."""
