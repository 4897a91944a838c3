"""Campaigns, education and marketing yield to care and to the caps, and never care to them."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.clinic import Window
from outreach.domain.consent import ConsentScope, ConsentState
from outreach.domain.policy import Policy, Situation, Verdict, every_day, may_send
from outreach.domain.states import Purpose, SkipReason

EASTERN, PACIFIC = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NOON = datetime(2026, 6, 3, 12, tzinfo=EASTERN).astimezone(UTC)
"""A Wednesday."""
TOMORROW = datetime(2026, 6, 4, 9, tzinfo=EASTERN).astimezone(UTC)
POLICY = Policy(
    care_attested=True,
    care_week=every_day(time(8), time(21)),
    outreach_week=every_day(time(9), time(20)),
)
CAMPAIGN = Situation(
    now=NOON,
    purpose=Purpose.CAMPAIGN,
    useful_until=NOON + 10 * DAY,
    has_address=True,
    zones=(EASTERN,),
    consent=ConsentState(opted_in=frozenset({ConsentScope.ALL})),
)


@pytest.mark.parametrize("days", [1, 2, 5])
def test_a_campaign_waits_for_the_first_day_without_a_care_text(days: int) -> None:
    busy = replace(CAMPAIGN, care=[NOON + day * DAY for day in range(days)])
    decision = may_send(busy, POLICY)
    assert (decision.verdict, decision.until) == (Verdict.WAIT, TOMORROW + (days - 1) * DAY)


def test_a_care_text_of_another_day_is_not_in_its_way() -> None:
    around = replace(CAMPAIGN, care=[NOON - DAY, NOON + DAY])
    assert may_send(around, POLICY).verdict is Verdict.GO


@pytest.mark.parametrize(
    ("useful_until", "verdict"), [(TOMORROW, Verdict.SKIP), (TOMORROW + MINUTE, Verdict.WAIT)]
)
def test_it_waits_only_while_it_is_of_use_on_the_free_day(
    useful_until: datetime, verdict: Verdict
) -> None:
    busy = replace(CAMPAIGN, care=[NOON], useful_until=useful_until)
    assert may_send(busy, POLICY).verdict is verdict


def test_a_campaign_whose_only_day_belongs_to_care_does_not_go() -> None:
    wednesdays = replace(POLICY, outreach_week={2: Window(time(9), time(20))})
    busy = replace(CAMPAIGN, care=[NOON, NOON + 7 * DAY])
    decision = may_send(busy, wednesdays)
    assert (decision.verdict, decision.reason) == (Verdict.SKIP, SkipReason.CAP)


def test_the_free_day_is_free_in_every_plausible_zone() -> None:
    late = datetime(2026, 6, 4, 1, tzinfo=EASTERN).astimezone(UTC)  # still Wednesday in the west
    unsure = replace(CAMPAIGN, zones=(EASTERN, PACIFIC), care=[late])
    friday = datetime(2026, 6, 5, 12, tzinfo=EASTERN)  # nine in the west
    assert may_send(unsure, POLICY).until == friday


@pytest.mark.parametrize(("sent", "verdict"), [(1, Verdict.GO), (2, Verdict.SKIP)])
def test_a_day_holds_as_many_as_its_cap(sent: int, verdict: Verdict) -> None:
    twice = replace(POLICY, cap_per_day=2, cap_per_week=9)
    decision = may_send(replace(CAMPAIGN, recent=sent * [NOON - HOUR]), twice)
    assert decision.verdict is verdict


@pytest.mark.parametrize(
    ("oldest", "verdict"),
    [(NOON - 7 * DAY, Verdict.GO), (NOON - 7 * DAY + MINUTE, Verdict.SKIP)],
)
def test_a_week_is_the_last_seven_days_to_the_minute(oldest: datetime, verdict: Verdict) -> None:
    recent = [oldest, NOON - 2 * DAY, NOON - DAY]
    assert may_send(replace(CAMPAIGN, recent=recent), POLICY).verdict is verdict


def test_the_caps_of_a_text_that_must_wait_are_judged_when_it_opens() -> None:
    night = replace(CAMPAIGN, now=NOON + 11 * HOUR, recent=[NOON])
    decision = may_send(night, POLICY)
    assert (decision.verdict, decision.until) == (Verdict.WAIT, TOMORROW)
    crowded = replace(night, recent=[NOON, NOON - DAY, NOON - 2 * DAY])
    assert may_send(crowded, POLICY).until == TOMORROW
    assert may_send(replace(crowded, now=TOMORROW), POLICY).reason is SkipReason.CAP


def test_a_text_that_would_open_as_it_ceases_to_be_of_use_is_skipped_now() -> None:
    night = replace(CAMPAIGN, now=NOON + 11 * HOUR, useful_until=TOMORROW)
    assert may_send(night, POLICY).reason is SkipReason.QUIET_HOURS
    assert may_send(replace(night, useful_until=TOMORROW + MINUTE), POLICY).until == TOMORROW
