"""When a person has a conversation: how pressing what is written in it is, and what to call it."""

from datetime import timedelta

from outreach.domain.states import Priority, Purpose
from outreach.domain.triage.result import Action

CONVERSATION = "conversation"
"""The kind of the item that a conversation is, where it began with no other item."""

JUST_WROTE = timedelta(hours=24)
"""Whoever wrote within this time is answered at any hour; to anybody else a person's words are
care like any other, and keep the hours and the consent of care."""

_PRESSING = (
    Action.CALL_911,
    Action.CALL_988,
    Action.PAGE_1H,
    Action.SAME_DAY,
    Action.ROUTINE,
    Action.NONE,
)


def more_pressing(one: Action, other: Action) -> Action:
    """The more pressing of two actions."""
    return min(one, other, key=_PRESSING.index)


def priority_of(action: Action) -> Priority:
    """How soon staff must act on it."""
    if action in {Action.CALL_911, Action.CALL_988, Action.PAGE_1H}:
        return Priority.URGENT
    return Priority.SAME_DAY if action is Action.SAME_DAY else Priority.ROUTINE


def purpose_of(*, just_wrote: bool) -> Purpose:
    """What a person's words to a patient are: an answer, or care that nobody asked for."""
    return Purpose.REPLY if just_wrote else Purpose.CARE
