"""May this message go now? One function, one answer, one reason.

The sender, the preview, the campaign count and the explanation all ask here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.clinic import Window
from outreach.domain.consent import ConsentState
from outreach.domain.states import Purpose, SkipReason

Week = Mapping[int, Window]
"""Weekday (0 is Monday) -> the hours a text may go; a day that is missing is closed."""


def every_day(opens: time, closes: time) -> Week:
    """The same window on all seven days."""
    return dict.fromkeys(range(7), Window(opens, closes))


@dataclass(frozen=True, slots=True)
class Policy:
    """The clinic's rules, from ``config/policy.yaml``."""

    care_attested: bool
    """``care_consent: attested_by_clinic``: the clinic collects consent for care messages."""
    care_week: Week
    """In the site's zone."""
    outreach_week: Week
    """For campaigns and education, in the recipient's zone (TCPA, 47 CFR 64.1200(c))."""
    cap_per_day: int = 1
    cap_per_week: int = 3
    """Bind campaigns and education; care texts count but are never dropped."""

    def week_for(self, purpose: Purpose) -> Week:
        """The send window of a purpose."""
        return self.care_week if purpose is Purpose.CARE else self.outreach_week


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


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the decision rests on, as it is at ``now`` (UTC)."""

    now: datetime
    purpose: Purpose
    useful_until: datetime
    has_address: bool
    zone: ZoneInfo | None = None
    """Whose hours count: the site's for care, the recipient's otherwise."""
    consent: ConsentState = field(default_factory=ConsentState)
    deceased: bool = False
    paused: bool = False
    gone: SkipReason | None = None
    """Why there is nothing to speak of any more: cancelled, moved, past_event, stopped, merged."""
    sent_last_day: int = 0
    sent_last_week: int = 0
    week: Week | None = None
    """The hours of this matter, where they are not those of its purpose."""


def may_send(situation: Situation, policy: Policy) -> Decision:
    """Go, wait until an instant (UTC), or skip for a reason of the closed list.

    Replies to somebody who just wrote, and pages to staff, are free of windows and caps; an
    opt-out binds everything that goes to a patient.
    """
    if not situation.has_address:
        return _skip(SkipReason.NO_ADDRESS, "No address on file takes this kind of message.")
    if situation.purpose is Purpose.STAFF:
        return Decision(Verdict.GO, "Pages to staff always go.")
    for stop in (_person, _matter):
        if (decision := stop(situation)) is not None:
            return decision
    if situation.purpose is Purpose.REPLY:
        return Decision(Verdict.GO, "An answer to somebody who just wrote may go at any hour.")
    if not _consented(situation, policy):
        return _skip(SkipReason.NO_CONSENT, f"No consent is on file for {situation.purpose}.")
    return _hours_and_caps(situation, policy)


def _person(situation: Situation) -> Decision | None:
    if situation.deceased:
        return _skip(SkipReason.DECEASED, "The patient has died.")
    if situation.consent.opted_out:
        return _skip(SkipReason.OPTED_OUT, "The person at this address asked us to stop.")
    return None


def _matter(situation: Situation) -> Decision | None:
    if situation.purpose is not Purpose.REPLY:
        if situation.gone is not None:
            return _skip(situation.gone, f"Its occasion is {situation.gone.replace('_', ' ')}.")
        if situation.paused:
            return _skip(SkipReason.PAUSED, "Outreach to this patient is paused.")
    if situation.now >= situation.useful_until:
        return _skip(SkipReason.LATE, "It is too late for this message to be of use.")
    return None


def _consented(situation: Situation, policy: Policy) -> bool:
    consent = situation.consent
    if situation.purpose is Purpose.CARE and consent.attested and not policy.care_attested:
        consent = ConsentState(opted_in=consent.opted_in)
    return consent.allows(situation.purpose)


def _hours_and_caps(situation: Situation, policy: Policy) -> Decision:
    if situation.zone is None:
        return _skip(SkipReason.ZONE_UNKNOWN, "It is not known which hours count there.")
    week = policy.week_for(situation.purpose) if situation.week is None else situation.week
    opens = next_open(situation.now, situation.zone, week)
    if opens is None or opens >= situation.useful_until:
        return _skip(SkipReason.QUIET_HOURS, "No permitted hour is left while it is of use.")
    if opens > situation.now:
        return Decision(Verdict.WAIT, "Outside the permitted hours there.", until=opens)
    if situation.purpose is not Purpose.CARE and (
        situation.sent_last_day >= policy.cap_per_day
        or situation.sent_last_week >= policy.cap_per_week
    ):
        return _skip(SkipReason.CAP, "This person has had enough messages for now.")
    return Decision(Verdict.GO, "Consent is on file, the hour is right, and it is of use.")


def _skip(reason: SkipReason, why: str) -> Decision:
    return Decision(Verdict.SKIP, why, reason=reason)


def next_open(now: datetime, zone: ZoneInfo, week: Week) -> datetime | None:
    """``now`` if a window of ``week`` is open in ``zone``, else when the next one opens (UTC).

    What counts is what a clock on the wall there shows, also on a day when it is changed. An
    opening time that does not exist that day moves forward by the gap. None when no window opens
    within a week.
    """
    if _window_at(now, zone, week) is not None:
        return now
    today = now.astimezone(zone).date()
    for day in (today + timedelta(days=days) for days in range(8)):
        if (window := week.get(day.weekday())) is None:
            continue
        for opens in _instants(day, window.opens, zone):
            if opens > now and _window_at(opens, zone, week) is not None:
                return opens
    return None


def window_closes(now: datetime, zone: ZoneInfo, week: Week) -> datetime:
    """When the window that is open at ``now`` closes (UTC); ``now`` itself when none is open."""
    window = _window_at(now, zone, week)
    if window is None:
        return now
    instants = _instants(now.astimezone(zone).date(), window.closes, zone)
    return next(closes for closes in instants if closes > now)


def _window_at(at: datetime, zone: ZoneInfo, week: Week) -> Window | None:
    """The window that is open at an instant, if one is."""
    local = at.astimezone(zone)
    window = week.get(local.weekday())
    if window is None or not window.opens <= local.time() < window.closes:
        return None
    return window


def _instants(day: date, wall: time, zone: ZoneInfo) -> list[datetime]:
    """When the wall clock shows ``wall`` on ``day``, in order (UTC): twice where it is put back."""
    both = {datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1)}
    return sorted(both)
