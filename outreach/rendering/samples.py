"""Invented patients to look at messages with: for ``lint`` and ``outreach messages preview``."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.rendering.copy_rules import FROM_STAFF, STAFF_PREFIX

_WITHOUT_OCCASION = ("auto_", "campaign_", FROM_STAFF, STAFF_PREFIX)
"""Messages that begin so speak of no visit and no dose: compose gives them none."""
OF_SURVEYS = ("auto_survey_", "auto_again_")
"""Messages that begin so may show the list that a survey numbers."""
_SYMPTOMS = (
    {"en": "headache", "es": "dolor de cabeza"},
    {"en": "fever", "es": "fiebre"},
    {"en": "chills", "es": "temblor"},
    {"en": "skin rash", "es": "ronchas"},
    {"en": "upset stomach", "es": "nausea"},
    {"en": "very tired", "es": "cansancio"},
    {"en": "body aches", "es": "dolor del cuerpo"},
    {"en": "something else", "es": "otro"},
)
"""As long a list as texts have room for."""


@dataclass(frozen=True, slots=True)
class SamplePatient:
    """One patient a message is rendered for."""

    label: str
    first: str
    first_visit: bool
    hours: int | None
    """How long her visit lasts; None when that is not known."""
    visits: int = 1
    """How many visits she has that day."""
    for_other: bool = False
    """Whether a parent, a guardian or a caregiver reads it, who is not named."""


PATIENTS = (
    SamplePatient("first visit", "Robin", first_visit=True, hours=4),
    SamplePatient("later visit", "Robin", first_visit=False, hours=4),
    SamplePatient("no name", "", first_visit=False, hours=None),
    SamplePatient("long name", "Wilhelmina-Alexandrina", first_visit=False, hours=4),
    SamplePatient("two visits", "Robin", first_visit=False, hours=4, visits=2),
    SamplePatient("to a parent", "", first_visit=False, hours=4, for_other=True),
)
"""Those that the preview shows."""

CHECKED = (
    SamplePatient("named", "Alexandria", first_visit=False, hours=4, visits=2),
    SamplePatient("no name", "", first_visit=True, hours=1),
    SamplePatient("end not known", "Alexandria", first_visit=False, hours=None),
    SamplePatient("to a parent", "", first_visit=True, hours=4, visits=2, for_other=True),
)
"""Those that lint measures with, at realistic lengths."""


@dataclass(frozen=True, slots=True)
class SampleCoverage:
    """What an automatic answer may have to say of who is there."""

    always: bool
    nurse_on: bool


COVERAGES = tuple(SampleCoverage(always, on) for always in (False, True) for on in (True, False))
"""Every case there is; the first one is what the preview shows."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The clinic and the site whose names and phones are shown."""

    clinic_name: str
    clinic_phone: str
    site_name: str
    site_phone: str


def sample_context(
    message: str,
    patient: SamplePatient,
    sender: Sender,
    campaign_fields: Collection[str],
    coverage: SampleCoverage = COVERAGES[0],
) -> dict[str, object]:
    """What compose would give ``message`` for a patient, on a day with a long name."""
    start = datetime(2026, 9, 30, 10, 30, tzinfo=ZoneInfo("America/New_York"))
    context: dict[str, object] = {
        "clinic": {"name": sender.clinic_name, "phone": sender.clinic_phone},
        "site": {"name": sender.site_name, "phone": sender.site_phone},
        "first": patient.first,
        "for_other": patient.for_other,
        "first_visit": patient.first_visit,
    }
    if message.startswith(OF_SURVEYS):
        context["survey"] = {"symptoms": _SYMPTOMS}
    if message.startswith("campaign_"):
        context["campaign"] = dict.fromkeys(campaign_fields, "11/30")
    if message.startswith(STAFF_PREFIX):
        url = "https://outreach.example.org/followups/7KQ2M"
        context["followup"] = {"code": "7KQ2M", "spelled": "7, K, Q, 2, M", "url": url}
    if message == FROM_STAFF:
        context["words"] = "Thank you for your text. We can see you at 10. Does that suit you?"
    if message.startswith(("auto_", STAFF_PREFIX)):
        context["coverage"] = {"always": coverage.always, "nurse_on": coverage.nurse_on}
    if not message.startswith(_WITHOUT_OCCASION):
        end = start + timedelta(hours=patient.hours or 0)
        starts = [start + timedelta(hours=2 * number) for number in range(patient.visits)]
        visit = {"start": start, "end": end, "hours": patient.hours, "starts": starts}
        context["visit"] = visit
        context["dose"] = {"at": start}
    return context
