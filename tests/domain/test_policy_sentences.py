"""What staff read of a decision: one sentence that gives the reason, and the rule it comes from."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.clinic import Window
from outreach.domain.consent import ConsentScope, ConsentState
from outreach.domain.policy import (
    Decision,
    Policy,
    Situation,
    Verdict,
    every_day,
    may_send,
)
from outreach.domain.states import Purpose, SkipReason

EASTERN, CENTRAL = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")
INDIANA, PACIFIC = ZoneInfo("America/Indiana/Indianapolis"), ZoneInfo("America/Los_Angeles")
ALL = ConsentState(opted_in=frozenset({ConsentScope.ALL, ConsentScope.MARKETING}))
NOON = datetime(2026, 6, 3, 12, tzinfo=EASTERN).astimezone(UTC)
NIGHT = NOON + timedelta(hours=11)
"""23:00 on a Wednesday."""
POLICY = Policy(
    care_attested=True,
    care_week=every_day(time(8), time(21)),
    outreach_week=every_day(time(9), time(20)),
    state_weeks={
        state: {0: Window(time(8), time(20)), 2: Window(time(10), time(18))}
        for state in ("FL", "OK", "TX", "WA")
    },
)
CARE = Situation(
    now=NOON,
    purpose=Purpose.CARE,
    useful_until=NOON + timedelta(hours=23),
    has_address=True,
    zones=(EASTERN,),
    consent=ConsentState(attested=True),
)
CAMPAIGN = replace(CARE, purpose=Purpose.CAMPAIGN, consent=ALL)
MARKETING = replace(CAMPAIGN, purpose=Purpose.MARKETING)
HELD = replace(CARE, held=True)
HELD_TOO_LONG = "Its visit was held until it was of no more use."
TOLD_BEFORE = "what the patient answered before the visit"
HOURS = "policy.yaml windows"


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("situation", "sentence"),
    [
        (
            CARE,
            "Consent is on file, the hour is right, and it is of use."
            " Rule: policy.yaml windows.care.",
        ),
        (
            CAMPAIGN,
            "Consent is on file, the hour is right, and it is of use."
            " Rule: policy.yaml windows.outreach.",
        ),
        (
            replace(
                CARE, purpose=Purpose.REPLY, now=NIGHT, useful_until=NIGHT + timedelta(hours=1)
            ),
            "An answer to somebody who just wrote may go at any hour."
            " Rule: the three things at the top of policy.yaml.",
        ),
        (
            replace(CARE, purpose=Purpose.STAFF),
            "Pages to staff always go. Rule: the three things at the top of policy.yaml.",
        ),
    ],
)
def test_what_goes_says_why_it_may(situation: Situation, sentence: str) -> None:
    decision = may_send(situation, POLICY)
    assert decision == Decision(Verdict.GO, decision.why, source=decision.source)
    assert decision.sentence() == sentence


@pytest.mark.parametrize(
    ("situation", "until", "sentence"),
    [
        (
            replace(CARE, now=NIGHT),
            local(4, 8),
            "It waits for the permitted hours by the clock in New York."
            " Rule: policy.yaml windows.care.",
        ),
        (
            replace(
                CAMPAIGN, now=NIGHT, zones=(INDIANA, PACIFIC), useful_until=NOON + timedelta(days=3)
            ),
            local(4, 12),
            "It waits for the permitted hours by the clock in Indianapolis and Los Angeles."
            " Rule: policy.yaml windows.outreach.",
        ),
        (
            replace(
                CARE,
                now=NIGHT,
                zones=(EASTERN, CENTRAL, PACIFIC),
                useful_until=NIGHT + timedelta(days=1),
            ),
            local(4, 11),
            "It waits for the permitted hours by the clock in each of 3 plausible zones."
            " Rule: policy.yaml windows.care.",
        ),
        (
            HELD,
            local(3, 12, 15),
            f"Its visit is held until a nurse decides. Rule: {TOLD_BEFORE}.",
        ),
        (
            replace(CAMPAIGN, care=[NOON + timedelta(hours=2)]),
            local(4, 9),
            "It waits for a day on which this patient gets no care text."
            " Rule: campaigns, education and marketing yield to care.",
        ),
    ],
)
def test_what_waits_says_for_what_and_until_when(
    situation: Situation, until: datetime, sentence: str
) -> None:
    decision = may_send(situation, POLICY)
    assert (decision.verdict, decision.until, decision.reason) == (Verdict.WAIT, until, None)
    assert decision.sentence() == sentence


@pytest.mark.parametrize(
    ("situation", "reason", "sentence"),
    [
        (
            replace(CARE, has_address=False),
            SkipReason.NO_ADDRESS,
            "No address on file takes this kind of message. Rule: the patient's record.",
        ),
        (
            replace(CARE, other_language=True),
            SkipReason.NO_ADDRESS,
            "No message is written in this patient's language. Rule: clinic.yaml languages.",
        ),
        (
            replace(CARE, deceased=True),
            SkipReason.DECEASED,
            "The patient has died. Rule: the patient's record.",
        ),
        (
            replace(CARE, consent=ConsentState(opted_out=True)),
            SkipReason.OPTED_OUT,
            "The person at this address asked us to stop. Rule: 47 CFR 64.1200(a)(10).",
        ),
        (
            replace(CARE, gone=SkipReason.PAST_EVENT),
            SkipReason.PAST_EVENT,
            "Its occasion is over. Rule: the schedule as it is now.",
        ),
        (
            replace(CARE, gone=SkipReason.CANCELLED),
            SkipReason.CANCELLED,
            "Its occasion is cancelled. Rule: the schedule as it is now.",
        ),
        (
            replace(CARE, paused=True),
            SkipReason.PAUSED,
            "Outreach to this patient is paused. Rule: the patient's record.",
        ),
        (
            replace(CARE, useful_until=NOON),
            SkipReason.LATE,
            "It is too late for this message to be of use."
            " Rule: how long it is of use, as its journey says.",
        ),
        (
            replace(HELD, useful_until=NOON),
            SkipReason.PAUSED,
            f"{HELD_TOO_LONG} Rule: {TOLD_BEFORE}.",
        ),
        (
            replace(HELD, gone=SkipReason.PAST_EVENT),
            SkipReason.PAUSED,
            f"{HELD_TOO_LONG} Rule: {TOLD_BEFORE}.",
        ),
        (
            replace(CARE, consent=ConsentState()),
            SkipReason.NO_CONSENT,
            "No consent is on file for care. Rule: policy.yaml care_consent.",
        ),
        (
            replace(CAMPAIGN, consent=ConsentState()),
            SkipReason.NO_CONSENT,
            "No consent is on file for campaign. Rule: 47 CFR 64.1200(a).",
        ),
        (
            replace(MARKETING, consent=ConsentState()),
            SkipReason.NO_CONSENT,
            "No signed authorisation for marketing is on file for this address, or it has ended."
            " Rule: 45 CFR 164.508(a)(3).",
        ),
        (
            replace(CARE, zones=()),
            SkipReason.ZONE_UNKNOWN,
            "It is not known which time it is where this goes."
            " Rule: 47 CFR 64.1200(c)(1): hours count at the recipient's place.",
        ),
        (
            replace(CARE, now=NIGHT, useful_until=NIGHT + timedelta(hours=2)),
            SkipReason.QUIET_HOURS,
            "No permitted hour is left by the clock in New York. Rule: policy.yaml windows.care.",
        ),
        (
            replace(CAMPAIGN, care=[NOON, NOON + timedelta(days=1)]),
            SkipReason.CAP,
            "This patient gets care texts on every day on which it could go."
            " Rule: campaigns, education and marketing yield to care.",
        ),
        (
            replace(CAMPAIGN, recent=[NOON - timedelta(hours=1)]),
            SkipReason.CAP,
            "This person has had enough messages today. Rule: policy.yaml caps.per_day.",
        ),
        (
            replace(CAMPAIGN, recent=[NOON - timedelta(days=days) for days in (1, 2, 3)]),
            SkipReason.CAP,
            "This person has had enough messages this week. Rule: policy.yaml caps.per_week.",
        ),
    ],
)
def test_what_does_not_go_says_why_not(
    situation: Situation, reason: SkipReason, sentence: str
) -> None:
    decision = may_send(situation, POLICY)
    assert decision == Decision(Verdict.SKIP, decision.why, None, reason, decision.source)
    assert decision.sentence() == sentence


def test_a_decision_without_a_rule_is_its_reason_alone() -> None:
    assert Decision(Verdict.GO, "It may go.").sentence() == "It may go."


@pytest.mark.parametrize(
    ("states", "source"),
    [
        ((), "policy.yaml windows.outreach"),
        (("NY",), "policy.yaml windows.outreach"),
        (("TX", "NY", "FL"), f"{HOURS}.outreach, windows.states.FL, windows.states.TX"),
        (
            ("WA", "TX", "OK"),
            f"{HOURS}.outreach, windows.states.OK, windows.states.TX, windows.states.WA",
        ),
        (
            ("WA", "TX", "OK", "FL"),
            f"{HOURS}.outreach, windows.states.FL, windows.states.OK, windows.states.TX, ...",
        ),
    ],
)
def test_the_hours_of_a_campaign_name_the_states_that_narrow_them(
    states: tuple[str, ...], source: str
) -> None:
    assert POLICY.source_of_hours(Purpose.CAMPAIGN, states) == source
    assert POLICY.source_of_hours(Purpose.CARE, states) == "policy.yaml windows.care"


def test_a_state_narrows_the_hours_of_campaigns_and_not_those_of_care() -> None:
    assert POLICY.week_for(Purpose.EDUCATION) == every_day(time(9), time(20))
    assert POLICY.week_for(Purpose.EDUCATION, ["NY", "FL"]) == {
        0: Window(time(9), time(20)),
        2: Window(time(10), time(18)),
    }
    assert POLICY.week_for(Purpose.CARE, ["FL"]) == every_day(time(8), time(21))


def test_the_states_that_are_plausible_decide_over_a_campaign_and_are_named() -> None:
    early = replace(CAMPAIGN, now=local(3, 9, 30).astimezone(UTC), states=frozenset({"FL"}))
    decision = may_send(early, POLICY)
    assert (decision.verdict, decision.until) == (Verdict.WAIT, local(3, 10))
    assert decision.source == "policy.yaml windows.outreach, windows.states.FL"


def test_word_of_a_closed_day_keeps_its_own_hours_and_says_so() -> None:
    dawn = local(3, 6, 30).astimezone(UTC)
    closed = replace(CARE, now=dawn, week=every_day(time(6), time(21)))
    decision = may_send(closed, POLICY)
    assert decision.verdict is Verdict.GO
    assert decision.source == "word of a closed day goes from 06:00 (docs/configuration.md)"
    assert may_send(replace(closed, week=None), POLICY).until == local(3, 8)


def test_a_marketing_text_goes_until_its_authorisation_ends() -> None:
    signed = replace(ALL, authorised_until=NOON + timedelta(minutes=1))
    assert may_send(replace(MARKETING, consent=signed), POLICY).verdict is Verdict.GO
    ended = replace(MARKETING, consent=replace(ALL, authorised_until=NOON))
    assert may_send(ended, POLICY).reason is SkipReason.NO_CONSENT


def test_an_address_that_may_not_be_used_says_whose_rule_it_is() -> None:
    barred = replace(CARE, has_address=False, barred="It is somebody else's.")
    decision = may_send(barred, POLICY)
    assert (decision.verdict, decision.reason) == (Verdict.SKIP, SkipReason.NO_ADDRESS)
    assert decision.sentence() == "It is somebody else's. Rule: policy.yaml people."
    assert may_send(replace(barred, has_address=True), POLICY).verdict is Verdict.GO


def test_a_rested_phone_is_a_reason_of_its_own_where_no_other_address_is_left() -> None:
    resting = replace(CARE, has_address=False, resting=True)
    decision = may_send(resting, POLICY)
    assert (decision.verdict, decision.reason) == (Verdict.SKIP, SkipReason.NO_ADDRESS)
    assert decision.sentence() == (
        "Texts in a row did not reach the patient's phone. Rule: a phone that three texts in a row"
        " did not reach is rested for two weeks."
    )
    assert may_send(replace(resting, has_address=True), POLICY).verdict is Verdict.GO
