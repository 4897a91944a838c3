"""Who is written to about a patient, and from when on."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from outreach.domain.events import ContactRole
from outreach.domain.people import (
    Known,
    PeopleRules,
    Reach,
    birthday,
    comes_of_age,
    first_way,
    handover_due,
    handover_opens,
    is_minor,
    next_look,
    reach,
    role_of,
)
from outreach.domain.states import ChannelKind

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    NEW_YORK,
    ZoneInfo("Pacific/Honolulu"),
    ZoneInfo("Pacific/Kiritimati"),
    ZoneInfo("Australia/Lord_Howe"),
    ZoneInfo("America/Havana"),  # its clocks change at midnight
    ZoneInfo("UTC"),
]
RULES = PeopleRules()
SMS, EMAIL = ChannelKind.SMS, ChannelKind.EMAIL
SELF, PARENT = ContactRole.SELF, ContactRole.PARENT
GUARDIAN, CAREGIVER = ContactRole.GUARDIAN, ContactRole.CAREGIVER
NOW = datetime(2027, 3, 1, 15, tzinfo=UTC)
CHILD = date(2015, 5, 5)
ADULT = date(1980, 5, 5)

births = st.dates(date(1950, 1, 1), date(2030, 12, 31)) | st.sampled_from(
    [date(year, 2, 29) for year in range(1952, 2031, 4)]
)
zones = st.sampled_from(ZONES)
rules = st.builds(
    PeopleRules, st.sampled_from([18, 19, 21]), st.integers(1, 180), minors_own_last=st.booleans()
)
instants = st.integers(0, 53 * 365 * 86400).map(
    lambda seconds: datetime(1999, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def roles(found: Reach) -> list[ContactRole]:
    return [way.role for way in found.ways]


def asked(
    contacts: Sequence[Known], born: date | None, now: datetime = NOW, rules: PeopleRules = RULES
) -> Reach:
    return reach(contacts, born=born, now=now, zone=NEW_YORK, rules=rules)


EVERYBODY = [Known(SELF), Known(CAREGIVER), Known(GUARDIAN), Known(PARENT, rank=1)]


def test_an_adult_is_written_to_alone() -> None:
    found = asked(EVERYBODY, ADULT)
    assert roles(found) == [SELF]
    assert found.ways[0].sentence() == "To the patient: it is the patient's own address."


def test_whose_birth_date_is_not_known_counts_as_an_adult() -> None:
    assert roles(asked(EVERYBODY, None)) == [SELF]


@pytest.mark.parametrize("role", [PARENT, GUARDIAN, CAREGIVER])
def test_an_adult_s_permission_lets_others_follow_after_the_patient(role: ContactRole) -> None:
    contacts = [Known(role, permitted_at=NOW), Known(SELF, rank=9)]
    for born in (ADULT, None):
        assert roles(asked(contacts, born)) == [SELF, role]
    assert roles(asked(contacts[:1], ADULT)) == [role]
    assert "164.510(b)" in asked(contacts[:1], ADULT).ways[0].why


def test_an_adult_with_only_a_parent_on_file_has_no_address_and_it_is_said_why() -> None:
    found = asked([Known(PARENT)], ADULT)
    assert found.ways == ()
    assert "no permission of the patient" in found.barred


def test_nobody_on_file_is_not_the_same_as_nobody_permitted() -> None:
    assert asked([], ADULT) == asked([], CHILD) == Reach(())


def test_a_child_is_reached_through_parents_then_who_stands_in_and_never_alone() -> None:
    found = asked(EVERYBODY, CHILD)
    assert roles(found) == [GUARDIAN, PARENT, CAREGIVER]
    assert "164.502(g)(3)" in found.ways[0].sentence()
    alone = asked([Known(SELF)], CHILD)
    assert alone.ways == ()
    assert "minor" in alone.barred


def test_a_clinic_may_use_the_number_in_a_child_s_own_record_where_there_is_no_other() -> None:
    last = PeopleRules(minors_own_last=True)
    assert roles(asked([Known(SELF)], CHILD, rules=last)) == [SELF]
    assert roles(asked([Known(SELF, preferred=True), Known(CAREGIVER)], CHILD, rules=last)) == [
        CAREGIVER
    ]


@pytest.mark.parametrize("born", [CHILD, ADULT, None])
def test_who_is_forbidden_is_never_written_to(born: date | None) -> None:
    barred = Known(PARENT, permitted_at=NOW, forbidden=True)
    assert PARENT not in roles(asked([barred, Known(GUARDIAN), Known(SELF)], born))


def test_a_wish_comes_before_rank_and_role_among_those_who_may_be_used() -> None:
    contacts = [Known(SELF), Known(CAREGIVER, rank=5, preferred=True, permitted_at=NOW)]
    assert roles(asked(contacts, ADULT)) == [CAREGIVER, SELF]
    assert roles(asked([Known(SELF), Known(CAREGIVER, preferred=True)], ADULT)) == [SELF]


@pytest.mark.parametrize(
    ("contacts", "channels", "index"),
    [
        ([Known(SELF, EMAIL), Known(SELF, SMS, 1)], [SMS, EMAIL], 1),
        ([Known(SELF, EMAIL), Known(SELF, SMS, 1)], [EMAIL, SMS], 0),
        ([Known(SELF, SMS, 1), Known(SELF, SMS, 0)], [SMS], 1),
        ([Known(SELF, SMS), Known(SELF, EMAIL, 1, preferred=True)], [SMS, EMAIL], 1),
        ([Known(SELF, SMS), Known(SELF, EMAIL, 1, preferred=True)], [SMS], 0),
        ([Known(CAREGIVER, SMS, permitted_at=NOW), Known(SELF, EMAIL, 3)], [SMS, EMAIL], 1),
        ([Known(SELF, EMAIL)], [SMS], None),
        ([], [SMS, EMAIL], None),
    ],
)
def test_the_person_comes_first_then_the_channel_of_the_step_then_rank(
    contacts: list[Known], channels: list[ChannelKind], index: int | None
) -> None:
    way = first_way(asked(contacts, ADULT).ways, channels)
    assert (None if way is None else way.index) == index


@pytest.mark.parametrize(
    ("listed", "minor", "whose"),
    [
        ([SELF, PARENT], True, PARENT),
        ([SELF, PARENT], False, SELF),
        ([PARENT, CAREGIVER], False, PARENT),
        ([SELF], True, SELF),
    ],
)
def test_an_address_listed_for_several_is_the_parent_s_until_the_child_is_grown(
    listed: list[ContactRole], minor: bool, whose: ContactRole
) -> None:
    assert role_of(listed, minor=minor) is whose


@pytest.mark.parametrize(
    ("born", "majority", "day"),
    [
        (date(2009, 3, 10), 18, date(2027, 3, 10)),
        (date(2008, 2, 29), 18, date(2026, 3, 1)),
        (date(2008, 2, 29), 20, date(2028, 2, 29)),
        (date(1882, 2, 29 - 1), 18, date(1900, 2, 28)),
        (date(9990, 7, 1), 18, date(9000, 7, 1)),
        (date(9996, 2, 29), 18, date(9000, 3, 1)),
    ],
)
def test_the_birthday_of_age(born: date, majority: int, day: date) -> None:
    assert comes_of_age(born, majority) == day


def test_the_birthday_begins_at_midnight_of_the_clinic_s_zone() -> None:
    born = date(2009, 3, 10)
    midnight = datetime(2027, 3, 10, 5, tzinfo=UTC)  # in New York
    assert birthday(born, NEW_YORK, RULES) == midnight
    contacts = [Known(SELF), Known(PARENT)]
    assert roles(asked(contacts, born, midnight - timedelta(seconds=1))) == [PARENT]
    assert roles(asked(contacts, born, midnight)) == [SELF]


@given(births, st.sampled_from([18, 19, 21]))
def test_a_person_is_a_minor_until_that_day_and_never_after(born: date, majority: int) -> None:
    day = comes_of_age(born, majority)
    assert is_minor(born, day - timedelta(days=1), majority)
    assert not is_minor(born, day, majority)
    assert day.year - born.year == majority
    assert (day.month, day.day) in {(born.month, born.day), (3, 1)}


@given(births, zones, rules, instants)
def test_no_parent_hears_of_a_grown_patient_without_a_word_of_theirs(
    born: date, zone: ZoneInfo, rules: PeopleRules, now: datetime
) -> None:
    childhood = handover_opens(born, zone, rules) - timedelta(seconds=1)
    contacts = [Known(SELF), Known(PARENT, permitted_at=childhood), Known(GUARDIAN)]
    found = roles(reach(contacts, born=born, now=now, zone=zone, rules=rules))
    if now >= birthday(born, zone, rules):
        assert found == [SELF]
    else:
        assert found == [PARENT, GUARDIAN]


@given(births, zones, rules, st.integers(0, 10**7))
def test_what_is_permitted_during_the_hand_over_holds_from_the_birthday_on(
    born: date, zone: ZoneInfo, rules: PeopleRules, seconds: int
) -> None:
    permitted = handover_opens(born, zone, rules) + timedelta(seconds=seconds)
    now = max(birthday(born, zone, rules), permitted)
    contacts = [Known(PARENT, permitted_at=permitted)]
    found = reach(contacts, born=born, now=now, zone=zone, rules=rules)
    assert roles(found) == [PARENT]


@given(births, zones, rules, st.integers(1, 400 * 86400))
def test_every_child_is_looked_at_on_the_day_the_hand_over_begins(
    born: date, zone: ZoneInfo, rules: PeopleRules, seconds: int
) -> None:
    opens = handover_opens(born, zone, rules)
    look: datetime | None = opens - timedelta(seconds=seconds)
    for _ in range(80):
        assert look is not None
        if handover_due(born, look, look, zone, rules):
            break
        following = next_look(born, look, zone, rules)
        assert following is not None
        assert following > look
        look = following
    assert look is not None
    local = look.astimezone(zone)
    assert (local.date(), local.hour) == (opens.astimezone(zone).date(), 8)
    assert next_look(born, look, zone, rules) is None


@given(births, births, zones, instants)
def test_when_a_child_is_looked_at_does_not_tell_the_birthday(
    one: date, other: date, zone: ZoneInfo, now: datetime
) -> None:
    """Two children whose hand-over lies in the same later month are looked at together."""
    opens = [handover_opens(born, zone, RULES).astimezone(zone).date() for born in (one, other)]
    today = now.astimezone(zone).date()
    assume(all((day.year, day.month) > (today.year, today.month) for day in opens))
    assume((opens[0].year > today.year) == (opens[1].year > today.year))
    assert next_look(one, now, zone, RULES) == next_look(other, now, zone, RULES)


def test_an_outage_over_the_birthday_loses_no_hand_over_and_grown_patients_have_none() -> None:
    born = date(2009, 3, 10)
    before, after = datetime(2027, 2, 8, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)
    assert handover_due(born, before, after, NEW_YORK, RULES)
    assert not handover_due(born, after, after, NEW_YORK, RULES)
    assert not handover_due(ADULT, after, after, NEW_YORK, RULES)
    assert next_look(None, after, NEW_YORK, RULES) is None
