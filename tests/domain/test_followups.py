"""Staff work: who may end it, for how long it may rest, and what a text from a phone says."""

from datetime import UTC, datetime, timedelta

import pytest

from outreach.domain.clinic import FollowUpTargets
from outreach.domain.followups import (
    CLERICAL,
    Ending,
    StaffRole,
    Standing,
    acknowledged_code,
    may_close,
    may_snooze,
    read_ending,
    target,
    when_to_ask,
)
from outreach.domain.states import FollowUpStatus, Priority
from outreach.domain.triage.result import Action

NOW = datetime(2027, 3, 1, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
OTHERS = [role for role in StaffRole if role is not StaffRole.NURSE]


def standing(
    status: FollowUpStatus,
    priority: Priority = Priority.URGENT,
    reach_by: datetime | None = None,
    *,
    reached: bool = False,
) -> Standing:
    return Standing(status, priority, NOW + HOUR, reach_by, reached)


@pytest.mark.parametrize("kind", ["red_flag", "call_patient", "a kind of tomorrow"])
@pytest.mark.parametrize("role", OTHERS)
def test_only_nurses_close_what_is_about_a_patient(kind: str, role: StaffRole) -> None:
    assert may_close(kind, Priority.ROUTINE, role, of_reply=False) is not None
    assert may_close(kind, Priority.ROUTINE, StaffRole.NURSE, of_reply=False) is None


@pytest.mark.parametrize("kind", sorted(CLERICAL))
def test_anybody_closes_clerical_work_unless_it_is_a_pressing_reply(kind: str) -> None:
    for role in OTHERS:
        assert may_close(kind, Priority.ROUTINE, role, of_reply=True) is None
        assert may_close(kind, Priority.URGENT, role, of_reply=False) is None
        assert may_close(kind, Priority.URGENT, role, of_reply=True) is not None


def test_urgent_work_that_nobody_has_taken_never_rests() -> None:
    for minutes in (1, 30, 600):
        until = NOW + timedelta(minutes=minutes)
        assert may_snooze(standing(FollowUpStatus.OPEN), until, NOW) is not None


def test_what_was_taken_rests_until_the_patient_must_be_reached() -> None:
    taken = standing(FollowUpStatus.ACKNOWLEDGED, reach_by=NOW + HOUR)
    assert may_snooze(taken, NOW + HOUR, NOW) is None
    assert may_snooze(taken, NOW + HOUR + timedelta(seconds=1), NOW) is not None
    reached = standing(FollowUpStatus.ACKNOWLEDGED, reach_by=NOW + HOUR, reached=True)
    assert may_snooze(reached, NOW + 20 * HOUR, NOW) is None
    unknown = standing(FollowUpStatus.ACKNOWLEDGED)
    assert may_snooze(unknown, NOW + HOUR, NOW) is not None


def test_what_nobody_has_taken_rests_until_it_is_due() -> None:
    open_ = standing(FollowUpStatus.OPEN, Priority.ROUTINE)
    assert may_snooze(open_, NOW + HOUR, NOW) is None
    assert may_snooze(open_, NOW + 2 * HOUR, NOW) is not None
    taken = standing(FollowUpStatus.ACKNOWLEDGED, Priority.ROUTINE)
    assert may_snooze(taken, NOW + 30 * 24 * HOUR, NOW) is None
    assert may_snooze(taken, NOW + 31 * 24 * HOUR, NOW) is not None


def test_nothing_rests_until_the_past_and_nothing_that_is_closed_rests() -> None:
    taken = standing(FollowUpStatus.ACKNOWLEDGED, Priority.ROUTINE)
    assert may_snooze(taken, NOW, NOW) is not None
    closed = standing(FollowUpStatus.CLOSED, Priority.ROUTINE)
    assert may_snooze(closed, NOW + HOUR, NOW) is not None


@pytest.mark.parametrize(
    ("action", "minutes"),
    [
        (Action.CALL_911, 5),
        (Action.CALL_988, 5),
        (Action.PAGE_1H, 60),
        (Action.SAME_DAY, 480),
        (Action.ROUTINE, 1440),
        (Action.NONE, 1440),
    ],
)
def test_the_action_says_how_long(action: Action, minutes: int) -> None:
    assert target(FollowUpTargets(), action) == timedelta(minutes=minutes)


def test_a_taken_urgent_item_opens_again_and_a_reached_one_later() -> None:
    taken = standing(FollowUpStatus.ACKNOWLEDGED)
    reached = standing(FollowUpStatus.ACKNOWLEDGED, reached=True)
    calm = standing(FollowUpStatus.ACKNOWLEDGED, Priority.SAME_DAY)
    targets = FollowUpTargets()
    assert when_to_ask(taken, Action.CALL_911, targets, NOW) == NOW + timedelta(minutes=5)
    assert when_to_ask(reached, Action.CALL_911, targets, NOW) == NOW + 8 * HOUR
    assert when_to_ask(calm, Action.SAME_DAY, targets, NOW) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ACK K7M2Q", "K7M2Q"),
        (" ack: k7m2q. ", "K7M2Q"),
        ("Ack-K7M2Q!", "K7M2Q"),
        ("ACK", ""),
        ("ACK K7M2Q please", None),
        ("back K7M2Q", None),
        ("ACKK7M2Q", None),
        ("K7M2Q", None),
        ("my chest hurts", None),
    ],
)
def test_a_text_takes_an_item_only_where_it_says_nothing_else(text: str, code: str | None) -> None:
    assert acknowledged_code(text) == code


@pytest.mark.parametrize(
    ("outcome", "ending"),
    [
        ("advised: told her to rest", Ending.ADVISED),
        ("Emergency", Ending.EMERGENCY),
        ("called, all is well", Ending.OTHER),
        ("", Ending.OTHER),
    ],
)
def test_an_outcome_begins_with_its_ending(outcome: str, ending: Ending) -> None:
    assert read_ending(outcome) is ending
