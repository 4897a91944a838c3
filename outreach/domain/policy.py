"""May this message go now? One function, one answer, one reason, and the rule it comes from.

The sender, the preview, the campaign count and the explanation all ask here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.consent import ConsentState
from outreach.domain.people import PeopleRules
from outreach.domain.states import Purpose, SkipReason
from outreach.domain.windows import (
    Week,
    common_week,
    day_after,
    every_day,
    next_open,
    same_day,
    window_closes,
)

__all__ = [
    "CARE_TEXTS_A_DAY",
    "Decision",
    "Policy",
    "Situation",
    "Verdict",
    "Week",
    "every_day",
    "may_send",
    "next_open",
    "window_closes",
]

HELD_ASK_AGAIN = timedelta(minutes=15)
"""How often a reminder of a held visit is asked about again."""

STAFF_ASK_AGAIN = timedelta(minutes=15)
"""How often what waits because staff have a patient in hand is asked about again."""

NEAR_VISIT = timedelta(hours=4)
"""So near to its visit a text does not wait for a conversation: its time and place are needed now.
An urgent item holds it all the same, because that visit may not take place as planned."""

CARE_TEXTS_A_DAY = 4
"""More than this to one patient in one day is shown to the clinic; none of them is held back."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The clinic's rules, from ``config/policy.yaml``."""

    care_attested: bool
    """``care_consent: attested_by_clinic``: the clinic collects consent for care messages."""
    care_week: Week
    """In the site's zone."""
    outreach_week: Week
    """For campaigns, education and marketing, in the recipient's zone (47 CFR 64.1200(c))."""
    cap_per_day: int = 1
    cap_per_week: int = 3
    """Bind campaigns, education and marketing; care texts count but are never dropped."""
    state_weeks: Mapping[str, Week] = field(default_factory=dict)
    """Two letters of a state -> the hours it allows, where those are narrower than federal law."""
    people: PeopleRules = field(default_factory=PeopleRules)
    """Who is written to about a child, and who about an adult beside the adult."""

    def week_for(self, purpose: Purpose, states: Iterable[str] = ()) -> Week:
        """The send window of a purpose; for outreach also that of each of these states."""
        if purpose is Purpose.CARE:
            return self.care_week
        narrower = [self.state_weeks[state] for state in states if state in self.state_weeks]
        return common_week([self.outreach_week, *narrower])

    def source_of_hours(self, purpose: Purpose, states: Iterable[str] = ()) -> str:
        """Where those hours are written."""
        if purpose is Purpose.CARE:
            return "policy.yaml windows.care"
        known = sorted(state for state in states if state in self.state_weeks)
        named = "".join(f", windows.states.{state}" for state in known[:3])
        more = ", ..." if len(known) > 3 else ""
        return f"policy.yaml windows.outreach{named}{more}"


_HELD = "what the patient answered before the visit"
_ALWAYS = "the three things at the top of policy.yaml"
_RECORD = "the patient's record"
_YIELDS = "campaigns, education and marketing yield to care"
_UNREACHABLE = "a phone that three texts in a row did not reach is rested for two weeks"
STAFF_FIRST = "automation waits while staff have the patient in hand"
"""The rule by which what is not urgent waits for a nurse; see ``pipeline/outcomes/instead.py``."""


class Verdict(StrEnum):
    """The three answers."""

    GO = "go"
    WAIT = "wait"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with its reason in words."""

    verdict: Verdict
    why: str
    until: datetime | None = None
    reason: SkipReason | None = None
    source: str = ""
    """The rule it comes from: a setting, a paragraph of law, or a rule of this program."""

    def sentence(self) -> str:
        """What staff read, with the rule it comes from."""
        return f"{self.why} Rule: {self.source}." if self.source else self.why


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the decision rests on, as it is at ``now`` (UTC)."""

    now: datetime
    purpose: Purpose
    useful_until: datetime
    has_address: bool
    zones: tuple[ZoneInfo, ...] = ()
    """Whose hours count: the site's for care around a visit, the recipient's otherwise. Several
    where the zone is uncertain: the window must be open in each."""
    states: frozenset[str] = frozenset()
    """Whose state's hours count too: every one that is plausible. Outreach only."""
    consent: ConsentState = field(default_factory=ConsentState)
    deceased: bool = False
    paused: bool = False
    gone: SkipReason | None = None
    """Why there is nothing to speak of any more: cancelled, moved, past_event, stopped, merged."""
    recent: Sequence[datetime] = ()
    """When messages went to this address in the last days; answers and pages left out."""
    care: Sequence[datetime] = ()
    """When care texts went to this patient in the last days, or are due in the next."""
    held: bool = False
    """Its visit is held: the patient reported a problem and a nurse has not said go."""
    other_language: bool = False
    """The patient's language is none of those that messages are written in."""
    week: Week | None = None
    """The hours of this matter, where they are not those of its purpose."""
    barred: str = ""
    """Why no address on file may be used, where there is one: it is somebody else's."""
    resting: bool = False
    """The phone on file takes no texts at present: several in a row did not reach it."""
    urgent_open: bool = False
    """An urgent item about this patient is not closed yet."""
    taken_over: bool = False
    """A person of the clinic is in conversation with this patient."""
    automatic: bool = True
    """Planned by software. What a person writes waits for no other person."""
    visit_at: datetime | None = None
    """When the visit to come starts that it is about."""


def may_send(situation: Situation, policy: Policy) -> Decision:
    """Go, wait until an instant (UTC), or skip for a reason of the closed list.

    Replies to somebody who just wrote, and pages to staff, are free of windows and caps; an
    opt-out binds everything that goes to a patient.
    """
    if not situation.has_address and situation.barred:
        return _skip(SkipReason.NO_ADDRESS, situation.barred, "policy.yaml people")
    if not situation.has_address and situation.resting:
        why = "Texts in a row did not reach the patient's phone."
        return _skip(SkipReason.NO_ADDRESS, why, _UNREACHABLE)
    if not situation.has_address:
        return _skip(
            SkipReason.NO_ADDRESS,
            "No address on file takes this kind of message.",
            _RECORD,
        )
    if situation.purpose is Purpose.STAFF:
        return Decision(Verdict.GO, "Pages to staff always go.", source=_ALWAYS)
    for stop in (_person, _matter):
        if (decision := stop(situation)) is not None:
            return decision
    if situation.purpose is Purpose.REPLY:
        why = "An answer to somebody who just wrote may go at any hour."
        return Decision(Verdict.GO, why, source=_ALWAYS)
    if situation.other_language:
        why = "No message is written in this patient's language."
        return _skip(SkipReason.NO_ADDRESS, why, "clinic.yaml languages")
    if not _consented(situation, policy):
        return _no_consent(situation.purpose)
    return _yield_to_staff(situation) or _hours_and_caps(situation, policy)


def _person(situation: Situation) -> Decision | None:
    if situation.deceased:
        return _skip(SkipReason.DECEASED, "The patient has died.", _RECORD)
    if situation.consent.opted_out:
        why = "The person at this address asked us to stop."
        return _skip(SkipReason.OPTED_OUT, why, "47 CFR 64.1200(a)(10)")
    return None


def _matter(situation: Situation) -> Decision | None:
    if situation.purpose is not Purpose.REPLY:
        if situation.held and situation.gone in {None, SkipReason.PAST_EVENT}:
            return _while_held(situation)
        if situation.gone is not None:
            gone = "over" if situation.gone is SkipReason.PAST_EVENT else situation.gone
            why = f"Its occasion is {gone}."
            return _skip(situation.gone, why, "the schedule as it is now")
        if situation.paused:
            why = "Outreach to this patient is paused."
            return _skip(SkipReason.PAUSED, why, _RECORD)
    if situation.now >= situation.useful_until:
        if _with_staff(situation):
            why = "It waited for staff until it was of no more use."
            return _skip(SkipReason.LATE, why, STAFF_FIRST)
        why = "It is too late for this message to be of use."
        return _skip(SkipReason.LATE, why, "how long it is of use, as its journey says")
    return None


def _with_staff(situation: Situation) -> bool:
    """Whether staff have this patient in hand, so that automation must not speak in between."""
    if situation.purpose is Purpose.REPLY or not situation.automatic:
        return False
    return situation.urgent_open or situation.taken_over


def _yield_to_staff(situation: Situation) -> Decision | None:
    """What is not urgent waits while an urgent item is open or a person writes with the patient.

    It waits and is not skipped: what is still of use when the nurse is done goes then.
    """
    if not _with_staff(situation):
        return None
    visit_at = situation.visit_at
    near = visit_at is not None and visit_at - situation.now <= NEAR_VISIT
    if not situation.urgent_open and near:
        return None
    why = "It waits while an urgent item about this patient is open."
    if not situation.urgent_open:
        why = "It waits while a person of the clinic writes with this patient."
    again = min(situation.now + STAFF_ASK_AGAIN, situation.useful_until)
    return Decision(Verdict.WAIT, why, until=again, source=STAFF_FIRST)


def _while_held(situation: Situation) -> Decision:
    """A reminder waits for the nurse's word for as long as it would be of use."""
    if situation.now >= situation.useful_until or situation.gone is not None:
        return _skip(SkipReason.PAUSED, "Its visit was held until it was of no more use.", _HELD)
    again = min(situation.now + HELD_ASK_AGAIN, situation.useful_until)
    why = "Its visit is held until a nurse decides."
    return Decision(Verdict.WAIT, why, until=again, source=_HELD)


def _consented(situation: Situation, policy: Policy) -> bool:
    consent = situation.consent
    if situation.purpose is Purpose.CARE and consent.attested and not policy.care_attested:
        consent = ConsentState(opted_in=consent.opted_in)
    return consent.allows(situation.purpose, situation.now)


def _no_consent(purpose: Purpose) -> Decision:
    if purpose is Purpose.MARKETING:
        why = "No signed authorisation for marketing is on file for this address, or it has ended."
        return _skip(SkipReason.NO_CONSENT, why, "45 CFR 164.508(a)(3)")
    source = "policy.yaml care_consent" if purpose is Purpose.CARE else "47 CFR 64.1200(a)"
    return _skip(SkipReason.NO_CONSENT, f"No consent is on file for {purpose}.", source)


def _hours_and_caps(situation: Situation, policy: Policy) -> Decision:
    if not situation.zones:
        return _skip(
            SkipReason.ZONE_UNKNOWN,
            "It is not known which time it is where this goes.",
            "47 CFR 64.1200(c)(1): hours count at the recipient's place",
        )
    week = policy.week_for(situation.purpose, situation.states)
    source = policy.source_of_hours(situation.purpose, situation.states)
    if situation.week is not None:
        week, source = (
            situation.week,
            "word of a closed day goes from 06:00 (docs/configuration.md)",
        )
    opens = next_open(situation.now, situation.zones, week)
    if opens is None or opens >= situation.useful_until:
        why = f"No permitted hour is left by the clock in {_clocks(situation.zones)}."
        return _skip(SkipReason.QUIET_HOURS, why, source)
    if situation.purpose is not Purpose.CARE:
        bound = _yield_to_care(situation, week, opens) or _caps(situation, policy, opens)
        if bound is not None:
            return bound
    if opens > situation.now:
        why = f"It waits for the permitted hours by the clock in {_clocks(situation.zones)}."
        return Decision(Verdict.WAIT, why, until=opens, source=source)
    why = "Consent is on file, the hour is right, and it is of use."
    return Decision(Verdict.GO, why, source=source)


def _yield_to_care(situation: Situation, week: Week, opens: datetime) -> Decision | None:
    """Outreach waits for a day on which this patient has no care text, while it is of use."""
    free: datetime | None = opens
    while free is not None and free < situation.useful_until:
        if not same_day(free, situation.care, situation.zones):
            break
        free = next_open(day_after(free, situation.zones), situation.zones, week)
    if free is None or free >= situation.useful_until:
        why = "This patient gets care texts on every day on which it could go."
        return _skip(SkipReason.CAP, why, _YIELDS)
    if free == opens:
        return None
    why = "It waits for a day on which this patient gets no care text."
    return Decision(Verdict.WAIT, why, until=free, source=_YIELDS)


def _caps(situation: Situation, policy: Policy, opens: datetime) -> Decision | None:
    if opens > situation.now:
        return None  # judged when it opens
    week_ago = situation.now - timedelta(days=7)
    why = "This person has had enough messages {}."
    if len(same_day(opens, situation.recent, situation.zones)) >= policy.cap_per_day:
        return _skip(SkipReason.CAP, why.format("today"), "policy.yaml caps.per_day")
    if sum(at > week_ago for at in situation.recent) >= policy.cap_per_week:
        return _skip(SkipReason.CAP, why.format("this week"), "policy.yaml caps.per_week")
    return None


def _clocks(zones: Sequence[ZoneInfo]) -> str:
    """Where the clock hangs, as people name it: "New York", or how many places it may be."""
    names = [zone.key.rpartition("/")[2].replace("_", " ") for zone in zones]
    return " and ".join(names) if len(names) < 3 else f"each of {len(names)} plausible zones"


def _skip(reason: SkipReason, why: str, source: str) -> Decision:
    return Decision(Verdict.SKIP, why, reason=reason, source=source)
