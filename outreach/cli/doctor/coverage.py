"""Whether an urgent item reaches people: the roster ahead, and the ways to page them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from outreach.bootstrap import build_email, clinic_clock
from outreach.cli.doctor.finding import Finding, Subject, fault, ok, warning
from outreach.cli.roster import sentence
from outreach.clocks import SystemClock
from outreach.configuration.roster_file import ROSTER, load_roster
from outreach.domain.clinic import Clinic
from outreach.domain.roster import Roster, StaffMember, gaps
from outreach.domain.states import ChannelKind
from outreach.settings import Settings

_SHOWN = 3
_SETTINGS = {
    ChannelKind.EMAIL: "set email up",
    ChannelKind.VOICE: "set TWILIO_STAFF_FROM",
    ChannelKind.WEBHOOK: "set OUTREACH_PAGE_SECRET",
}


def roster(subject: Subject) -> Iterator[Finding]:
    """Whether the roster can be read, and whether it has a gap soon."""
    clinic, settings = subject.clinic, subject.settings
    if clinic is None:
        return
    found = load_roster(settings.config_path() / ROSTER, clinic)
    now = clinic_clock(settings, SystemClock()).now()
    yield from _gaps(found, clinic, now, found.alarm)
    yield from _reach(found, settings, clinic)


def _gaps(found: Roster, clinic: Clinic, now: datetime, ahead: timedelta) -> Iterator[Finding]:
    missing = gaps(found, clinic.coverage, now, now + ahead)
    for gap in missing[:_SHOWN]:
        yield fault(
            "roster", sentence(gap, clinic), "Edit roster.yaml; 'outreach roster check' looks on."
        )
    if not missing:
        hours = int(ahead.total_seconds() // 3600)
        yield ok("roster", f"no gap in the next {hours} hours ({clinic.coverage.value})")


def open_channels(settings: Settings, clinic: Clinic) -> frozenset[ChannelKind]:
    """The ways on which this installation can page."""
    number = settings.twilio_staff_from or settings.twilio_from_number
    can = {
        ChannelKind.SMS: True,
        ChannelKind.EMAIL: build_email(settings, clinic) is not None,
        ChannelKind.VOICE: settings.uses_sandbox or number is not None,
        ChannelKind.WEBHOOK: settings.page_secret is not None,
    }
    return frozenset(channel for channel, is_on in can.items() if is_on)


def _reach(found: Roster, settings: Settings, clinic: Clinic) -> Iterator[Finding]:
    on = open_channels(settings, clinic)
    people = list(found.people.values())
    unreached = [person for person in people if not _is_reached(person, on)]
    off = {way.channel for person in people for way in person.reach} - on
    remedy = "In roster.yaml give them another way, or " + ", ".join(
        _SETTINGS[channel] for channel in sorted(off)
    )
    if len(unreached) == len(people):
        yield fault("pages", "nobody on the roster can be paged", f"{remedy}.")
    elif unreached:
        names = ", ".join(person.name for person in unreached)
        yield warning("pages", f"{names} cannot be paged", f"{remedy}.")
    elif off:
        ways = ", ".join(sorted(off))
        yield warning("pages", f"everybody can be paged, but not by {ways}", f"{remedy}.")
    else:
        yield ok("pages", f"all {len(people)} on the roster can be paged, by every way named there")
    if not settings.uses_sandbox and settings.twilio_staff_from is None:
        yield warning(
            "pages",
            "staff are paged from the patients' sender: what blocks it blocks the pages",
            "Set TWILIO_STAFF_FROM to a number of its own.",
        )


def _is_reached(person: StaffMember, on: frozenset[ChannelKind]) -> bool:
    return any(way.channel in on for way in person.reach)
