"""Delivery reports: in any order, however often, a message only ever moves on."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.receipts import advances, first_ask, meaning, next_ask, wait_for_answer
from outreach.domain.states import MESSAGE_STEPS, MessageStatus, check_step

ACCEPTED = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
GOOD = ("queued", "sending", "sent", "delivered")
BAD = ("queued", "sending", "sent", "undelivered")
KNOWN = (
    "accepted",
    "scheduled",
    "queued",
    "sending",
    "processed",
    "deferred",
    "sent",
    "delivered",
    "partially_delivered",
    "read",
    "open",
    "undelivered",
    "bounce",
    "dropped",
    "failed",
    "canceled",
)
ENDED = {
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.FAILED,
    MessageStatus.SKIPPED,
}


def history(start: MessageStatus, reports: Iterable[str]) -> list[MessageStatus]:
    """Each state a message is in while reports are applied, by allowed steps alone."""
    states = [start]
    for report in reports:
        reported = meaning(report)
        if reported is not None and advances(states[-1], reported):
            states.append(check_step(MESSAGE_STEPS, states[-1], reported))
    return states


@given(st.permutations([*GOOD, *GOOD]))
def test_reports_of_a_delivery_end_delivered_in_any_order(reports: list[str]) -> None:
    assert history(MessageStatus.ACCEPTED, reports)[-1] is MessageStatus.DELIVERED


@given(st.permutations([*BAD, *BAD]))
def test_reports_of_a_failure_end_undelivered_in_any_order(reports: list[str]) -> None:
    assert history(MessageStatus.ACCEPTED, reports)[-1] is MessageStatus.UNDELIVERED


@given(
    st.sampled_from(MessageStatus),
    st.lists(st.sampled_from([*KNOWN, "click", "", "receiving"])),
)
def test_any_reports_move_any_message_up_by_steps_it_has(
    start: MessageStatus, reports: list[str]
) -> None:
    states = history(start, reports)
    assert all(advances(old, new) and not advances(new, old) for old, new in pairwise(states))
    assert [state for state in states[:-1] if state in ENDED] == []


@given(st.lists(st.sampled_from(KNOWN), min_size=1))
def test_how_far_a_message_gets_does_not_depend_on_order(reports: list[str]) -> None:
    forward = history(MessageStatus.CLAIMED, reports)[-1]
    backward = history(MessageStatus.CLAIMED, reversed(reports))[-1]
    assert not advances(forward, backward)
    assert not advances(backward, forward)


@given(st.lists(st.sampled_from(KNOWN), min_size=1))
def test_a_repeated_report_changes_nothing(reports: list[str]) -> None:
    once = history(MessageStatus.QUEUED, reports)
    twice = history(MessageStatus.QUEUED, [report for report in reports for _ in range(2)])
    assert once == twice


def test_the_first_final_report_wins() -> None:
    assert history(MessageStatus.SENT, ["failed", "delivered"])[-1] is MessageStatus.FAILED
    assert history(MessageStatus.SENT, ["delivered", "failed"])[-1] is MessageStatus.DELIVERED


def test_a_late_report_proves_a_message_that_was_queued_again() -> None:
    assert history(MessageStatus.QUEUED, ["sent"]) == [MessageStatus.QUEUED, MessageStatus.SENT]


def test_no_report_wakes_a_skipped_message() -> None:
    assert history(MessageStatus.SKIPPED, KNOWN) == [MessageStatus.SKIPPED]


@pytest.mark.parametrize("start", [MessageStatus.CLAIMED, MessageStatus.UNKNOWN])
def test_any_known_report_proves_that_the_provider_has_it(start: MessageStatus) -> None:
    for report in KNOWN:
        assert len(history(start, [report])) == 2, report


@pytest.mark.parametrize(
    ("word", "means"),
    [
        ("Delivered", MessageStatus.DELIVERED),
        ("open", MessageStatus.DELIVERED),
        ("deferred", MessageStatus.ACCEPTED),
        ("bounce", MessageStatus.UNDELIVERED),
        ("dropped", MessageStatus.FAILED),
        ("canceled", MessageStatus.FAILED),
        ("unsubscribe", None),
        ("", None),
    ],
)
def test_providers_words_become_ours(word: str, means: MessageStatus | None) -> None:
    assert meaning(word) is means


def hours_of(ask: Callable[[timedelta], timedelta | None]) -> list[float]:
    """When a message is asked about, in hours after it was accepted, if nothing ends it."""
    found: list[float] = []
    at: timedelta | None = first_ask(ACCEPTED) - ACCEPTED
    while at is not None:
        found.append(at / timedelta(hours=1))
        wait = ask(at)
        at = None if wait is None else at + wait
    return found


def test_it_is_asked_at_distances_that_double_until_two_days_after() -> None:
    assert hours_of(next_ask) == [1, 3, 7, 15, 31, 48]


def test_without_an_answer_it_is_asked_each_hour_for_two_days_more() -> None:
    assert hours_of(wait_for_answer) == [1, 3, 7, 15, 31, *range(48, 97)]


@pytest.mark.parametrize("ask", [next_ask, wait_for_answer])
def test_a_clock_that_went_back_asks_no_later_than_a_message_just_accepted(
    ask: Callable[[timedelta], timedelta | None],
) -> None:
    assert ask(timedelta(days=-3)) == ask(timedelta()) == timedelta(hours=1)


def test_a_look_that_comes_very_late_is_the_last() -> None:
    assert next_ask(timedelta(days=30)) is None
    assert wait_for_answer(timedelta(days=30)) is None
