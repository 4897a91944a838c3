"""Automation waits while staff have a patient in hand; answers and a person's own words do not."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.consent import ConsentState
from outreach.domain.policy import (
    NEAR_VISIT,
    STAFF_ASK_AGAIN,
    STAFF_FIRST,
    Policy,
    Situation,
    Verdict,
    every_day,
    may_send,
)
from outreach.domain.states import Purpose, SkipReason

EASTERN = ZoneInfo("America/New_York")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOON = datetime(2026, 6, 3, 12, tzinfo=EASTERN).astimezone(UTC)
POLICY = Policy(
    care_attested=True,
    care_week=every_day(time(8), time(21)),
    outreach_week=every_day(time(9), time(20)),
)
REMINDER = Situation(
    now=NOON,
    purpose=Purpose.CARE,
    useful_until=NOON + 10 * HOUR,
    has_address=True,
    zones=(EASTERN,),
    consent=ConsentState(attested=True),
)
URGENT = replace(REMINDER, urgent_open=True)
TAKEN = replace(REMINDER, taken_over=True)


def test_without_either_it_goes() -> None:
    assert may_send(REMINDER, POLICY).verdict is Verdict.GO


@pytest.mark.parametrize(
    ("situation", "why"),
    [
        (URGENT, "urgent item"),
        (TAKEN, "writes with this patient"),
        (replace(URGENT, taken_over=True), "urgent item"),
    ],
)
def test_it_waits_and_says_for_whom(situation: Situation, why: str) -> None:
    decision = may_send(situation, POLICY)
    assert (decision.verdict, decision.reason) == (Verdict.WAIT, None)
    assert decision.until == NOON + STAFF_ASK_AGAIN
    assert why in decision.why
    assert decision.source == STAFF_FIRST
    assert STAFF_FIRST in decision.sentence()


def test_it_is_asked_again_no_later_than_it_is_of_use() -> None:
    soon = replace(URGENT, useful_until=NOON + 5 * MINUTE)
    assert may_send(soon, POLICY).until == NOON + 5 * MINUTE


@pytest.mark.parametrize("situation", [URGENT, TAKEN])
def test_what_is_of_no_use_any_more_ends_as_late_by_this_rule(situation: Situation) -> None:
    decision = may_send(replace(situation, useful_until=NOON), POLICY)
    assert (decision.verdict, decision.reason) == (Verdict.SKIP, SkipReason.LATE)
    assert "waited for staff" in decision.why
    assert decision.source == STAFF_FIRST


def test_what_nobody_held_up_ends_as_late_by_its_journey() -> None:
    decision = may_send(replace(REMINDER, useful_until=NOON), POLICY)
    assert decision.source != STAFF_FIRST
    assert "waited for staff" not in decision.why


@pytest.mark.parametrize(
    ("left", "taken", "urgent"),
    [
        (NEAR_VISIT, Verdict.GO, Verdict.WAIT),
        (2 * HOUR, Verdict.GO, Verdict.WAIT),
        (NEAR_VISIT + MINUTE, Verdict.WAIT, Verdict.WAIT),
    ],
)
def test_a_text_near_its_visit_waits_for_an_urgent_item_alone(
    left: timedelta, taken: Verdict, urgent: Verdict
) -> None:
    visit_at = NOON + left
    assert may_send(replace(TAKEN, visit_at=visit_at), POLICY).verdict is taken
    assert may_send(replace(URGENT, visit_at=visit_at), POLICY).verdict is urgent
    both = replace(URGENT, taken_over=True, visit_at=visit_at)
    assert may_send(both, POLICY).verdict is urgent


@pytest.mark.parametrize("purpose", [Purpose.EDUCATION, Purpose.CAMPAIGN])
def test_campaigns_wait_too(purpose: Purpose) -> None:
    from outreach.domain.consent import ConsentScope

    asked = ConsentState(opted_in=frozenset({ConsentScope.ALL}))
    assert may_send(replace(TAKEN, purpose=purpose, consent=asked), POLICY).source == STAFF_FIRST


@pytest.mark.parametrize("purpose", [Purpose.REPLY, Purpose.STAFF])
def test_answers_and_pages_never_wait(purpose: Purpose) -> None:
    for situation in (URGENT, TAKEN):
        assert may_send(replace(situation, purpose=purpose), POLICY).verdict is Verdict.GO


def test_an_answer_that_is_too_late_did_not_wait_for_staff() -> None:
    late = replace(URGENT, purpose=Purpose.REPLY, useful_until=NOON)
    assert may_send(late, POLICY).source != STAFF_FIRST


def test_a_persons_own_words_wait_for_no_other_person() -> None:
    for situation in (URGENT, TAKEN):
        own = replace(situation, automatic=False)
        assert may_send(own, POLICY).verdict is Verdict.GO
        night = replace(own, now=NOON + 10 * HOUR, useful_until=NOON + 24 * HOUR)
        assert may_send(night, POLICY).until == NOON + 20 * HOUR  # eight in the morning


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"has_address": False}, SkipReason.NO_ADDRESS),
        ({"consent": ConsentState(opted_out=True)}, SkipReason.OPTED_OUT),
        ({"deceased": True}, SkipReason.DECEASED),
        ({"paused": True}, SkipReason.PAUSED),
        ({"gone": SkipReason.MOVED}, SkipReason.MOVED),
        ({"consent": ConsentState()}, SkipReason.NO_CONSENT),
        ({"other_language": True}, SkipReason.NO_ADDRESS),
    ],
)
def test_what_cannot_go_at_all_ends_at_once_so_that_its_call_is_made(
    changes: dict[str, object], reason: SkipReason
) -> None:
    assert may_send(replace(TAKEN, **changes), POLICY).reason is reason  # type: ignore[arg-type]
