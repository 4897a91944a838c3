"""Who is written to about a patient: they themselves, or whoever cares for them.

One decision, asked anew each time a message is due and each time one leaves, because a birthday or
a word at the desk may lie in between. An adult's care is their own affair: nobody else hears of it
unless the patient permits it (45 CFR 164.510(b)). For a child speak the parents, a guardian, or
who acts in their place (45 CFR 164.502(g)(3)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.domain.events import ContactRole
from outreach.domain.states import ChannelKind

MAJORITY = 18
"""Years; the age of majority in all but three US states."""

_LAST_YEAR = 9000  # a birth date in the far future is a slip; its birthdays must still be dates
_LOOKED_AT = time(8)
"""When a day's look at who comes of age is taken: as the first staff come in."""


@dataclass(frozen=True, slots=True)
class PeopleRules:
    """The clinic's rules, from ``people`` in ``config/policy.yaml``."""

    majority: int = MAJORITY
    """Years."""
    handover_days: int = 30
    """How many days before that birthday staff are asked to prepare the hand-over."""
    minors_own_last: bool = False
    """``minors_own_phone: last``: a child's own address, where nobody else's is on file."""


@dataclass(frozen=True, slots=True)
class Known:
    """One working address as this decision sees it: whose it is, not what it is."""

    role: ContactRole
    channel: ChannelKind = ChannelKind.SMS
    rank: int = 0
    """0 is tried first."""
    preferred: bool = False
    permitted_at: datetime | None = None
    """When the patient's permission for somebody else's address was recorded (UTC), if it is."""
    forbidden: bool = False
    """It is on record that nothing may go to this address of somebody else, at any age."""


@dataclass(frozen=True, slots=True)
class Way:
    """An address that may be written to, and why."""

    index: int
    """Its place among the addresses that were asked about."""
    role: ContactRole
    channel: ChannelKind
    circle: int
    """Persons of a lower circle come before those of a higher one."""
    preferred: bool
    why: str

    def sentence(self) -> str:
        """To whom it goes and why, as staff read it."""
        return f"To {WHOSE[self.role]}: {self.why}"


@dataclass(frozen=True, slots=True)
class Reach:
    """Every way to a patient in the order of trial, or why none of those on file may be used."""

    ways: tuple[Way, ...]
    barred: str = ""


WHOSE = {
    ContactRole.SELF: "the patient",
    ContactRole.PARENT: "the patient's parent",
    ContactRole.GUARDIAN: "the patient's guardian",
    ContactRole.CAREGIVER: "who cares for the patient",
}
"""Whose address it is, in words."""

_OWN = "it is the patient's own address."
_CHILD = "the patient is a minor (45 CFR 164.502(g)(3))."
_CHILD_ALONE = (
    "the patient is a minor and nobody else's address may be used"
    " (policy.yaml people.minors_own_phone)."
)
_PERMITTED = "the patient's permission is on record (45 CFR 164.510(b))."
_NOBODY_FOR_CHILD = "The patient is a minor, and no parent's or guardian's address may be used."
_NOBODY_PERMITTED = (
    "No address of the patient's own is on file, and no permission of the patient to write to"
    " somebody else."
)


def comes_of_age(born: date, majority: int = MAJORITY) -> date:
    """The birthday from which on a patient is of age; for 29 February 1 March of a common year."""
    year = min(born.year + majority, _LAST_YEAR)
    if (born.month, born.day) == (2, 29) and not _is_leap(year):
        return date(year, 3, 1)
    return born.replace(year=year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def is_minor(born: date | None, on: date, majority: int = MAJORITY) -> bool:
    """Whether a patient is under age on a day; False where the birth date is not known."""
    return born is not None and on < comes_of_age(born, majority)


def reach(
    contacts: Sequence[Known],
    *,
    born: date | None,
    now: datetime,
    zone: ZoneInfo,
    rules: PeopleRules,
) -> Reach:
    """Who may be written to about a patient at ``now`` (UTC), the first choice first.

    Args:
        born: None where it is not known; such a patient counts as an adult.
        zone: the clinic's; the birthday begins with its day there.
    """
    if is_minor(born, now.astimezone(zone).date(), rules.majority):
        found = _for_child(contacts, rules)
        barred = _NOBODY_FOR_CHILD
    else:
        since = None if born is None else handover_opens(born, zone, rules)
        found = _for_adult(contacts, since)
        barred = _NOBODY_PERMITTED
    found.sort(key=lambda way: (not way.preferred, way.circle, contacts[way.index].rank))
    return Reach(tuple(found), "" if found or not contacts else barred)


def _for_child(contacts: Sequence[Known], rules: PeopleRules) -> list[Way]:
    """Parents and guardians, then who stands in for them; the child alone at the very last."""
    found = []
    for index, known in enumerate(contacts):
        if not _is_own(known) and not known.forbidden:
            circle = 1 if known.role is ContactRole.CAREGIVER else 0
            found.append(_way(index, known, circle, _CHILD))
    if found or not rules.minors_own_last:
        return found
    own = [(index, known) for index, known in enumerate(contacts) if _is_own(known)]
    return [_way(index, known, 0, _CHILD_ALONE) for index, known in own]


def _for_adult(contacts: Sequence[Known], since: datetime | None) -> list[Way]:
    """The patient, then whom the patient permits.

    What was permitted in childhood (before ``since``) was not the patient's own word.
    """
    found = []
    for index, known in enumerate(contacts):
        if _is_own(known):
            found.append(_way(index, known, 0, _OWN))
        elif _permitted(known, since):
            found.append(_way(index, known, 1, _PERMITTED))
    return found


def _is_own(known: Known) -> bool:
    return known.role is ContactRole.SELF


def _permitted(known: Known, since: datetime | None) -> bool:
    at = known.permitted_at
    return at is not None and not known.forbidden and (since is None or at >= since)


def _way(index: int, known: Known, circle: int, why: str) -> Way:
    return Way(index, known.role, known.channel, circle, known.preferred, why)


def first_way(ways: Sequence[Way], channels: Sequence[ChannelKind]) -> Way | None:
    """Where a message goes that may take ``channels``, the step's first choice first.

    A preferred address counts before all; otherwise the person who comes first, by the channels in
    the step's order, and by rank where one channel has several addresses.
    """
    usable = [way for way in ways if way.channel in channels]
    if not usable or usable[0].preferred:
        return usable[0] if usable else None
    closest = [way for way in usable if way.circle == min(other.circle for other in usable)]
    return min(closest, key=lambda way: channels.index(way.channel))


def role_of(roles: Sequence[ContactRole], *, minor: bool) -> ContactRole:
    """Whose an address is that a record lists for several: a child's is the parent's, else own."""
    others = [role for role in roles if role is not ContactRole.SELF]
    if minor and others:
        return others[0]
    return ContactRole.SELF if ContactRole.SELF in roles else roles[0]


def birthday(born: date, zone: ZoneInfo, rules: PeopleRules) -> datetime:
    """The instant (UTC) from which on a patient is of age."""
    return _at(comes_of_age(born, rules.majority), time(), zone)


def handover_opens(born: date, zone: ZoneInfo, rules: PeopleRules) -> datetime:
    """The instant (UTC) from which on the hand-over to the patient is prepared."""
    day = comes_of_age(born, rules.majority) - timedelta(days=rules.handover_days)
    return _at(day, time(), zone)


def handover_due(
    born: date, asked_for: datetime, now: datetime, zone: ZoneInfo, rules: PeopleRules
) -> bool:
    """Whether staff must prepare the hand-over now.

    ``asked_for`` is the time that this look was meant for (UTC): after an outage over the birthday
    they are still asked; for whoever was of age by then there is nothing to hand over.
    """
    opens = handover_opens(born, zone, rules)
    return opens <= now and asked_for < birthday(born, zone, rules)


def next_look(
    born: date | None, now: datetime, zone: ZoneInfo, rules: PeopleRules
) -> datetime | None:
    """When to look again whether a child comes of age (UTC); None once the hand-over has begun.

    A time that anybody can read in the database must not tell the birthday. So it is the first of
    the next year, within the year of the hand-over the first of the next month, and tomorrow within
    its month: the same for every child.
    """
    if born is None or handover_opens(born, zone, rules) <= now:
        return None
    today = now.astimezone(zone).date()
    opens = comes_of_age(born, rules.majority) - timedelta(days=rules.handover_days)
    if opens.year > today.year:
        day = date(today.year + 1, 1, 1)
    elif opens.month > today.month:
        day = date(today.year, today.month + 1, 1)
    else:
        day = today if now < _at(today, _LOOKED_AT, zone) else today + timedelta(days=1)
    return _at(day, _LOOKED_AT, zone)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
