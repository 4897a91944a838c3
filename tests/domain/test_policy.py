"""May it go now? Windows by the clock on the wall, and the order in which reasons are given."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.clinic import Window
from outreach.domain.consent import ConsentScope, ConsentState
from outreach.domain.policy import (
    HELD_ASK_AGAIN,
    Decision,
    Policy,
    Situation,
    Verdict,
    Week,
    every_day,
    may_send,
    next_open,
    window_closes,
)
from outreach.domain.states import Purpose, SkipReason

NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
HAVANA = ZoneInfo("America/Havana")
"""Its clocks go forward at midnight, and back from one to midnight."""
SANTIAGO = ZoneInfo("America/Santiago")
"""Its clocks go forward at midnight, and back from midnight into the day before."""

CARE = every_day(time(8), time(21))
OUTREACH: Week = {
    **{day: Window(time(9), time(20)) for day in range(6)},
    6: Window(time(12), time(20)),
}
POLICY = Policy(care_attested=True, care_week=CARE, outreach_week=OUTREACH)

zones = st.sampled_from([NEW_YORK, LONDON, LORD_HOWE, HAVANA, SANTIAGO])
instants = st.timedeltas(timedelta(), timedelta(days=1100)).map(
    lambda since: datetime(2025, 1, 1, tzinfo=UTC) + since
)
near_changes = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(
        [
            datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York, forward
            datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York, back
            datetime(2026, 3, 29, 1, tzinfo=UTC),  # London, both ways
            datetime(2026, 10, 25, 1, tzinfo=UTC),
            datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe, both ways
            datetime(2026, 4, 4, 15, tzinfo=UTC),
            datetime(2026, 3, 8, 5, tzinfo=UTC),  # Havana, both ways
            datetime(2026, 11, 1, 5, tzinfo=UTC),
            datetime(2026, 9, 6, 4, tzinfo=UTC),  # Santiago, both ways
            datetime(2026, 4, 5, 3, tzinfo=UTC),
        ]
    ),
    st.integers(-36 * 60, 36 * 60),
)
moments = instants | near_changes
minutes_of_day = st.integers(0, 24 * 60 - 1).map(lambda at: time(at // 60, at % 60))
windows = st.tuples(minutes_of_day, minutes_of_day).filter(lambda two: two[0] < two[1])
weeks = st.dictionaries(st.integers(0, 6), windows.map(lambda two: Window(*two)))


def is_open(at: datetime, zone: ZoneInfo, week: Week) -> bool:
    """Whether the clock on the wall shows a time inside the window of its day."""
    there = at.astimezone(zone)
    window = week.get(there.weekday())
    return window is not None and window.opens <= there.time() < window.closes


def there(zone: ZoneInfo, *parts: int) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ((2026, 6, 3, 12, 0), (2026, 6, 3, 12, 0)),  # Wednesday, open
        ((2026, 6, 3, 9, 0), (2026, 6, 3, 9, 0)),  # the first minute counts
        ((2026, 6, 3, 8, 59), (2026, 6, 3, 9, 0)),
        ((2026, 6, 3, 20, 0), (2026, 6, 4, 9, 0)),  # the last does not
        ((2026, 6, 6, 20, 30), (2026, 6, 7, 12, 0)),  # Saturday evening, Sunday noon
        ((2026, 3, 7, 23, 0), (2026, 3, 8, 12, 0)),  # the night clocks go forward
        ((2026, 10, 31, 23, 0), (2026, 11, 1, 12, 0)),  # the night they go back
    ],
)
def test_a_closed_window_opens_at_its_next_time(
    now: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    found = next_open(there(NEW_YORK, *now), [NEW_YORK], OUTREACH)
    assert found == there(NEW_YORK, *expected)


def test_a_week_with_one_day_opens_on_that_day() -> None:
    week = {0: Window(time(9), time(10))}
    monday = there(LONDON, 2026, 6, 1, 10, 0)
    assert next_open(monday, [LONDON], week) == there(LONDON, 2026, 6, 8, 9, 0)
    assert next_open(monday, [LONDON], {}) is None


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        # Half past midnight does not exist that day: it opens when it would have been that late.
        (HAVANA, datetime(2026, 3, 8, 4, 0, tzinfo=UTC), "2026-03-08 01:30 -0400"),
        # It happens twice that day: the first counts, and the second is open too.
        (HAVANA, datetime(2026, 11, 1, 3, 0, tzinfo=UTC), "2026-11-01 00:30 -0400"),
        (HAVANA, datetime(2026, 11, 1, 5, 10, tzinfo=UTC), "2026-11-01 00:30 -0500"),
        (HAVANA, datetime(2026, 11, 1, 5, 40, tzinfo=UTC), "2026-11-01 00:40 -0500"),
        (SANTIAGO, datetime(2026, 9, 6, 3, 30, tzinfo=UTC), "2026-09-06 01:30 -0300"),
    ],
)
def test_windows_on_days_whose_midnight_is_moved(
    zone: ZoneInfo, now: datetime, expected: str
) -> None:
    found = next_open(now, [zone], every_day(time(0, 30), time(23)))
    assert found is not None
    assert f"{found.astimezone(zone):%Y-%m-%d %H:%M %z}" == expected


@given(moments, zones, weeks)
def test_an_opening_is_never_before_now_nor_outside_a_window(
    now: datetime, zone: ZoneInfo, week: Week
) -> None:
    found = next_open(now, [zone], week)
    if is_open(now, zone, week):
        assert found == now
    elif found is not None:
        assert found > now
        assert is_open(found, zone, week)


@given(moments, zones, weeks)
def test_no_opening_time_in_between_is_passed_over(
    now: datetime, zone: ZoneInfo, week: Week
) -> None:
    found = next_open(now, [zone], week)
    day = now.astimezone(zone).date()
    for number in range(7):
        window = week.get((day + timedelta(days=number)).weekday())
        if window is None:
            continue
        opens = datetime.combine(day + timedelta(days=number), window.opens, zone).astimezone(UTC)
        if opens >= now and is_open(opens, zone, week):
            assert found is not None
            assert found <= opens


@given(moments, zones)
def test_the_shipped_windows_are_never_more_than_a_night_away(
    now: datetime, zone: ZoneInfo
) -> None:
    for week, longest in ((CARE, 11), (OUTREACH, 16)):
        found = next_open(now, [zone], week)
        assert found is not None
        assert found - now <= timedelta(hours=longest + 1)  # one for the night clocks go back


@given(moments, zones, weeks)
def test_a_window_that_is_not_open_closes_at_once(
    now: datetime, zone: ZoneInfo, week: Week
) -> None:
    closes = window_closes(now, [zone], week)
    assert (closes == now) is not is_open(now, zone, week)


@given(moments, zones)
def test_an_open_window_stays_open_until_it_closes(now: datetime, zone: ZoneInfo) -> None:
    for week in (CARE, OUTREACH):
        closes = window_closes(now, [zone], week)
        if closes > now:
            last = closes - timedelta(microseconds=1)
            assert closes - now <= timedelta(hours=13)
            assert is_open(last, zone, week)
            assert not is_open(closes, zone, week)


def test_a_window_before_it_opens_is_not_taken_for_open() -> None:
    early = there(LONDON, 2026, 6, 3, 6, 0)
    assert window_closes(early, [LONDON], CARE) == early


# --- may_send -------------------------------------------------------------------------------------

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = there(NEW_YORK, 2026, 6, 3, 12, 0).astimezone(UTC)
NIGHT = there(NEW_YORK, 2026, 6, 3, 23, 0).astimezone(UTC)
MORNING = there(NEW_YORK, 2026, 6, 4, 8, 0)
ALL = ConsentState(opted_in=frozenset({ConsentScope.ALL, ConsentScope.MARKETING}))
TO_ALL = ConsentState(opted_in=frozenset({ConsentScope.ALL}))
OUT = ConsentState(opted_out=True)
ATTESTED = ConsentState(attested=True)

GOOD = Situation(
    now=NOON,
    purpose=Purpose.CARE,
    useful_until=NOON + timedelta(hours=20),
    has_address=True,
    zones=(NEW_YORK,),
    consent=ATTESTED,
)
CAMPAIGN = replace(GOOD, purpose=Purpose.CAMPAIGN, consent=ALL)

consents = st.builds(
    ConsentState,
    opted_out=st.booleans(),
    attested=st.booleans(),
    opted_in=st.frozensets(st.sampled_from(ConsentScope)),
)
situations = st.builds(
    lambda now, useful, recent, care, **rest: Situation(
        now=now,
        useful_until=now + timedelta(minutes=useful),
        recent=[now - timedelta(hours=hours) for hours in recent],
        care=[now + timedelta(hours=hours) for hours in care],
        **rest,
    ),
    now=moments,
    useful=st.integers(-600, 6000),
    purpose=st.sampled_from(Purpose),
    has_address=st.booleans() | st.just(True),
    states=st.frozensets(st.sampled_from(["FL", "TX", "NY"])),
    zones=st.lists(zones, max_size=2).map(tuple),
    consent=consents,
    deceased=st.sampled_from([False, False, False, True]),
    paused=st.sampled_from([False, False, False, True]),
    gone=st.sampled_from([None, None, None, SkipReason.CANCELLED, SkipReason.MOVED]),
    recent=st.lists(st.integers(0, 200), max_size=4),
    care=st.lists(st.integers(-30, 80), max_size=2),
)
willing = situations.map(
    lambda some: replace(some, has_address=True, consent=ALL, deceased=False, paused=False)
)
policies = st.builds(
    Policy,
    care_attested=st.booleans(),
    care_week=weeks | st.just(CARE),
    outreach_week=weeks | st.just(OUTREACH),
    state_weeks=st.dictionaries(st.sampled_from(["FL", "TX"]), weeks),
)


def skipped(decision: Decision) -> SkipReason | None:
    assert (decision.verdict is Verdict.SKIP) == (decision.reason is not None)
    return decision.reason


def test_care_goes_by_day() -> None:
    assert may_send(GOOD, POLICY).verdict is Verdict.GO


def test_care_waits_for_morning() -> None:
    night = replace(GOOD, now=NIGHT, useful_until=NIGHT + timedelta(hours=10))
    decision = may_send(night, POLICY)
    assert (decision.verdict, decision.until) == (Verdict.WAIT, MORNING)


HELD = replace(GOOD, held=True)


def test_a_reminder_of_a_held_visit_waits_and_is_asked_again() -> None:
    decision = may_send(HELD, POLICY)
    assert (decision.verdict, decision.until) == (Verdict.WAIT, NOON + HELD_ASK_AGAIN)
    near = NOON + timedelta(minutes=5)
    assert may_send(replace(HELD, useful_until=near), POLICY).until == near


@pytest.mark.parametrize(
    "too_late",
    [replace(HELD, useful_until=NOON), replace(HELD, gone=SkipReason.PAST_EVENT)],
)
def test_what_was_held_until_it_was_of_no_use_ends_paused(too_late: Situation) -> None:
    assert skipped(may_send(too_late, POLICY)) is SkipReason.PAUSED


@pytest.mark.parametrize("gone", [SkipReason.MOVED, SkipReason.CANCELLED])
def test_a_visit_that_is_gone_is_gone_though_it_was_held(gone: SkipReason) -> None:
    assert skipped(may_send(replace(HELD, gone=gone), POLICY)) is gone


def test_a_hold_holds_back_no_answer() -> None:
    assert may_send(replace(HELD, purpose=Purpose.REPLY), POLICY).verdict is Verdict.GO


@pytest.mark.parametrize("situation", [GOOD, CAMPAIGN])
def test_no_text_goes_in_a_language_the_patient_does_not_read(situation: Situation) -> None:
    decision = may_send(replace(situation, other_language=True), POLICY)
    assert skipped(decision) is SkipReason.NO_ADDRESS


def test_an_answer_goes_in_the_clinics_language_where_the_patients_is_not_ours() -> None:
    reply = replace(GOOD, purpose=Purpose.REPLY, other_language=True)
    assert may_send(reply, POLICY).verdict is Verdict.GO


def test_care_that_is_of_no_use_in_the_morning_is_skipped_now() -> None:
    night = replace(GOOD, now=NIGHT, useful_until=MORNING.astimezone(UTC))
    assert skipped(may_send(night, POLICY)) is SkipReason.QUIET_HOURS


@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        (replace(GOOD, has_address=False), SkipReason.NO_ADDRESS),
        (replace(GOOD, deceased=True), SkipReason.DECEASED),
        (replace(GOOD, consent=OUT), SkipReason.OPTED_OUT),
        (replace(GOOD, gone=SkipReason.MOVED), SkipReason.MOVED),
        (replace(GOOD, paused=True), SkipReason.PAUSED),
        (replace(GOOD, useful_until=NOON), SkipReason.LATE),
        (replace(GOOD, consent=ConsentState()), SkipReason.NO_CONSENT),
        (replace(GOOD, zones=()), SkipReason.ZONE_UNKNOWN),
        (replace(CAMPAIGN, consent=ATTESTED), SkipReason.NO_CONSENT),
        (replace(CAMPAIGN, purpose=Purpose.MARKETING, consent=TO_ALL), SkipReason.NO_CONSENT),
        (replace(CAMPAIGN, recent=[NOON - HOUR]), SkipReason.CAP),
        (replace(CAMPAIGN, recent=[NOON - day * DAY for day in (1, 2, 3)]), SkipReason.CAP),
    ],
)
def test_each_reason_to_skip(situation: Situation, reason: SkipReason) -> None:
    assert skipped(may_send(situation, POLICY)) is reason


def test_the_gravest_reason_is_given_first() -> None:
    worst = replace(
        GOOD,
        deceased=True,
        consent=OUT,
        gone=SkipReason.CANCELLED,
        paused=True,
        useful_until=NOON - timedelta(hours=1),
    )
    told = [skipped(may_send(worst, POLICY))]
    for better in (
        {"deceased": False},
        {"consent": ConsentState()},
        {"gone": None},
        {"paused": False},
        {"useful_until": NOON + timedelta(hours=1)},
    ):
        worst = replace(worst, **better)
        told.append(skipped(may_send(worst, POLICY)))
    assert told == [
        SkipReason.DECEASED,
        SkipReason.OPTED_OUT,
        SkipReason.CANCELLED,
        SkipReason.PAUSED,
        SkipReason.LATE,
        SkipReason.NO_CONSENT,
    ]


def test_an_attestation_counts_only_while_the_policy_says_so() -> None:
    recorded_only = replace(POLICY, care_attested=False)
    assert skipped(may_send(GOOD, recorded_only)) is SkipReason.NO_CONSENT
    opted_in = ConsentState(attested=True, opted_in=frozenset({ConsentScope.CARE}))
    assert may_send(replace(GOOD, consent=opted_in), recorded_only).verdict is Verdict.GO


def test_caps_bind_to_the_last_text_below_them() -> None:
    almost = replace(CAMPAIGN, recent=[NOON - DAY, NOON - 2 * DAY, NOON - 7 * DAY])
    assert may_send(almost, POLICY).verdict is Verdict.GO


def test_caps_never_hold_care_back() -> None:
    busy = replace(GOOD, recent=30 * [NOON - HOUR], care=9 * [NOON])
    assert may_send(busy, POLICY).verdict is Verdict.GO


@pytest.mark.parametrize("purpose", [Purpose.CAMPAIGN, Purpose.EDUCATION, Purpose.MARKETING])
def test_outreach_keeps_its_own_hours(purpose: Purpose) -> None:
    half_past_eight = there(NEW_YORK, 2026, 6, 3, 8, 30).astimezone(UTC)
    early = replace(CAMPAIGN, purpose=purpose, now=half_past_eight)
    decision = may_send(early, POLICY)
    assert (decision.verdict, decision.until) == (
        Verdict.WAIT,
        there(NEW_YORK, 2026, 6, 3, 9, 0),
    )


def test_an_answer_goes_at_night_whatever_became_of_its_occasion() -> None:
    answer = replace(
        GOOD,
        now=NIGHT,
        useful_until=NIGHT + timedelta(minutes=5),
        purpose=Purpose.REPLY,
        consent=ConsentState(),
        zones=(),
        paused=True,
        gone=SkipReason.CANCELLED,
    )
    assert may_send(answer, POLICY).verdict is Verdict.GO
    assert skipped(may_send(replace(answer, consent=OUT), POLICY)) is SkipReason.OPTED_OUT


@given(situations, policies)
def test_what_goes_is_of_use_and_inside_its_window(some: Situation, policy: Policy) -> None:
    decision = may_send(some, policy)
    if decision.verdict is Verdict.GO and some.purpose is not Purpose.STAFF:
        assert some.now < some.useful_until
        if some.purpose is not Purpose.REPLY:
            assert some.zones
            week = policy.week_for(some.purpose, some.states)
            assert all(is_open(some.now, zone, week) for zone in some.zones)
            assert some.gone is None
            assert not some.paused


@given(situations | willing, policies)
def test_what_waits_will_be_of_use_and_inside_its_window(some: Situation, policy: Policy) -> None:
    decision = may_send(some, policy)
    assert (decision.verdict is Verdict.WAIT) == (decision.until is not None)
    if decision.until is not None:
        assert some.zones
        assert some.now < decision.until < some.useful_until
        week = policy.week_for(some.purpose, some.states)
        assert all(is_open(decision.until, zone, week) for zone in some.zones)


@given(willing, policies)
def test_waiting_once_is_enough(some: Situation, policy: Policy) -> None:
    decision = may_send(some, policy)
    if decision.until is not None:
        then = may_send(replace(some, now=decision.until), policy)
        assert then.verdict is Verdict.GO or then.reason is SkipReason.CAP


@given(situations, policies)
def test_an_opt_out_always_wins_but_over_pages_to_staff(some: Situation, policy: Policy) -> None:
    decision = may_send(replace(some, consent=replace(some.consent, opted_out=True)), policy)
    if some.purpose is Purpose.STAFF:
        assert (decision.verdict is Verdict.GO) == some.has_address
    else:
        assert decision.verdict is Verdict.SKIP


@given(situations, policies)
def test_without_consent_only_answers_and_pages_go(some: Situation, policy: Policy) -> None:
    decision = may_send(replace(some, consent=ConsentState()), policy)
    if decision.verdict is not Verdict.SKIP:
        assert some.purpose in {Purpose.REPLY, Purpose.STAFF}


@given(situations, policies)
def test_the_dead_are_never_written_to(some: Situation, policy: Policy) -> None:
    if some.purpose is not Purpose.STAFF:
        assert may_send(replace(some, deceased=True), policy).verdict is Verdict.SKIP


@given(situations, policies)
def test_every_skip_has_a_reason_and_every_answer_a_sentence(
    some: Situation, policy: Policy
) -> None:
    decision = may_send(some, policy)
    assert (decision.verdict is Verdict.SKIP) == (decision.reason is not None)
    assert decision.why.endswith(".")
    assert decision.source
    assert decision.sentence() == f"{decision.why} Rule: {decision.source}."
    assert len(decision.sentence()) <= 200


@given(willing)
def test_more_texts_lately_never_make_one_more_likely(some: Situation) -> None:
    fewer = may_send(replace(some, recent=(), care=()), POLICY)
    more = may_send(some, POLICY)
    if more.verdict is Verdict.GO:
        assert fewer.verdict is Verdict.GO
