"""The state machines: what is final stays final, and everything can be reached and ended."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from typing import TypeVar

import pytest

from outreach.domain.errors import IllegalTransition
from outreach.domain.states import (
    FOLLOWUP_STEPS,
    MESSAGE_STEPS,
    TOUCHPOINT_STEPS,
    FollowUpStatus,
    MessageStatus,
    TouchpointStatus,
    check_step,
)

FINAL_TOUCHPOINTS = {
    TouchpointStatus.SENT,
    TouchpointStatus.SKIPPED,
    TouchpointStatus.SUPERSEDED,
    TouchpointStatus.EXPIRED,
    TouchpointStatus.CANCELLED,
    TouchpointStatus.FAILED,
}
FINAL_MESSAGES = {
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.FAILED,
    MessageStatus.SKIPPED,
}

S = TypeVar("S", bound=StrEnum)


def reached(steps: Mapping[S, frozenset[S]], start: S) -> set[S]:
    found = {start}
    edge = [start]
    while edge:
        new = steps.get(edge.pop(), frozenset()) - found
        found |= new
        edge.extend(new)
    return found


def test_what_is_final_has_no_step_out() -> None:
    assert set(TouchpointStatus) - set(TOUCHPOINT_STEPS) == FINAL_TOUCHPOINTS
    assert set(MessageStatus) - set(MESSAGE_STEPS) == FINAL_MESSAGES
    assert set(FOLLOWUP_STEPS) == set(FollowUpStatus)  # closed work can open again


@pytest.mark.parametrize("old", sorted(FINAL_TOUCHPOINTS))
def test_no_step_leaves_a_touchpoint_that_ended(old: TouchpointStatus) -> None:
    for new in TouchpointStatus:
        with pytest.raises(IllegalTransition):
            check_step(TOUCHPOINT_STEPS, old, new)


@pytest.mark.parametrize("old", sorted(FINAL_MESSAGES))
def test_no_step_leaves_a_message_that_ended(old: MessageStatus) -> None:
    for new in MessageStatus:
        with pytest.raises(IllegalTransition):
            check_step(MESSAGE_STEPS, old, new)


@pytest.mark.parametrize(
    ("steps", "start"),
    [
        (TOUCHPOINT_STEPS, TouchpointStatus.PLANNED),
        (MESSAGE_STEPS, MessageStatus.QUEUED),
        (FOLLOWUP_STEPS, FollowUpStatus.OPEN),
    ],
)
def test_every_state_can_be_reached(
    steps: Mapping[StrEnum, frozenset[StrEnum]], start: StrEnum
) -> None:
    assert reached(steps, start) == set(type(start))


def test_every_open_state_can_end() -> None:
    for touchpoint in TouchpointStatus:
        assert reached(TOUCHPOINT_STEPS, touchpoint) & FINAL_TOUCHPOINTS
    for message in MessageStatus:
        assert reached(MESSAGE_STEPS, message) & FINAL_MESSAGES
    for item in FollowUpStatus:
        assert FollowUpStatus.CLOSED in reached(FOLLOWUP_STEPS, item)


def test_no_state_leads_to_itself() -> None:
    for steps in (TOUCHPOINT_STEPS, MESSAGE_STEPS, FOLLOWUP_STEPS):
        assert not [old for old, new in steps.items() if old in new]


def test_a_message_is_never_claimed_but_from_the_queue() -> None:
    leading = {old for old, new in MESSAGE_STEPS.items() if MessageStatus.CLAIMED in new}
    assert leading == {MessageStatus.QUEUED}


def test_what_has_ended_is_never_queued_again_and_a_loss_in_transit_may_be() -> None:
    leading = {old for old, new in MESSAGE_STEPS.items() if MessageStatus.QUEUED in new}
    assert leading == set(MessageStatus) - FINAL_MESSAGES - {MessageStatus.QUEUED}


def test_a_step_is_allowed_exactly_when_the_table_has_it() -> None:
    for old, new in product(FollowUpStatus, FollowUpStatus):
        if new in FOLLOWUP_STEPS[old]:
            assert check_step(FOLLOWUP_STEPS, old, new) is new
        else:
            with pytest.raises(IllegalTransition, match=f"no step from {old} to {new}"):
                check_step(FOLLOWUP_STEPS, old, new)
