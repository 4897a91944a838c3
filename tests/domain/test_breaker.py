"""A breaker opens by refusals, is tried by one message at a time, and closes by what proves it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from outreach.domain.breaker import (
    FIRST_PROBE,
    LAST_PROBE,
    PATIENCE,
    RELEASING,
    REPORT_PATIENCE,
    Breaker,
    BreakerState,
    Fault,
    Scope,
    answered,
    fault_of,
    lets_through,
    looked_at,
    probe_wait,
    probing,
    struck,
    unproven,
    waits,
)
from outreach.domain.reactions import REACTIONS, Reaction

NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)
AT_ONCE = Fault(Scope.ACCOUNT, 1)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def strike(
    breaker: Breaker,
    at: datetime = NOW,
    message: UUID = ONE,
    fault: Fault = AT_ONCE,
    tried: datetime | None = None,
    *,
    by_report: bool = False,
) -> Breaker:
    return struck(
        breaker, fault, message_id=message, tried_at=tried, by_report=by_report, now=at, spread=0.0
    )


def test_it_opens_and_one_message_tries_it() -> None:
    opened = strike(Breaker())
    assert (opened.state, opened.opened_at, opened.look_at) == ("open", NOW, NOW + FIRST_PROBE)
    assert not lets_through(opened, ONE)
    assert lets_through(opened, ONE, early=True)  # urgent, and nobody tries it now
    assert not lets_through(probing(opened, TWO, NOW), ONE, early=True)
    half = probing(opened, ONE, NOW + MINUTE)
    assert half.look_at == NOW + MINUTE + PATIENCE
    assert lets_through(half, ONE)
    assert not lets_through(half, TWO)
    assert lets_through(probing(opened, None, NOW), TWO)  # whichever comes next
    assert lets_through(Breaker(), TWO)


def test_a_probe_that_fails_opens_it_for_longer_each_time() -> None:
    breaker, waits = strike(Breaker()), []
    for _ in range(8):
        breaker = strike(probing(breaker, ONE, NOW), NOW)
        assert breaker.state is BreakerState.OPEN
        assert breaker.look_at is not None
        waits.append(breaker.look_at - NOW)
    assert waits[:3] == [2 * FIRST_PROBE, 4 * FIRST_PROBE, 8 * FIRST_PROBE]
    assert waits[-1] == LAST_PROBE
    assert probe_wait(2, 1.0) == 3 * FIRST_PROBE


def test_a_probe_that_is_taken_closes_it_and_what_waits_is_let_go() -> None:
    half = probing(strike(Breaker()), ONE, NOW)
    closed = answered(half, ONE, arrived=False, now=NOW + SECOND)
    assert (closed.state, closed.closed_at, closed.look_at) == (
        "closed",
        NOW + SECOND,
        NOW + SECOND,
    )
    again = looked_at(closed, went=False, now=NOW + MINUTE)
    assert again.look_at == NOW + MINUTE + RELEASING / 4
    assert looked_at(closed, went=False, now=NOW + SECOND + RELEASING).look_at is None


def test_what_a_receipt_opened_only_an_arrival_closes_or_time_without_bad_news() -> None:
    half = probing(strike(Breaker(), by_report=True), ONE, NOW)
    taken = answered(half, ONE, arrived=False, now=NOW)
    assert (taken.state, taken.look_at) == ("half_open", NOW + REPORT_PATIENCE)
    assert answered(taken, ONE, arrived=True, now=NOW).state is BreakerState.CLOSED
    assert looked_at(taken, went=True, now=NOW).state is BreakerState.CLOSED
    failed = strike(taken, by_report=True)
    assert (failed.state, failed.by_report, failed.probes) == ("open", True, 1)


def test_another_message_neither_closes_nor_opens_what_is_being_tried() -> None:
    half = probing(strike(Breaker()), ONE, NOW)
    assert answered(half, TWO, arrived=True, now=NOW) == half
    assert strike(half, message=TWO) == half
    opened = strike(Breaker())
    assert strike(opened, NOW + MINUTE, TWO) == opened


def test_a_probe_that_is_refused_for_anothers_sake_proves_nothing() -> None:
    half = probing(strike(Breaker()), ONE, NOW)
    again = unproven(half, ONE, NOW + MINUTE)
    assert (again.state, again.probe, again.look_at) == ("open", None, NOW + MINUTE)
    assert again.probes == half.probes
    assert unproven(half, TWO, NOW + MINUTE) == half
    assert unproven(Breaker(), ONE, NOW + MINUTE) == Breaker()


def test_one_whose_account_is_stopped_is_looked_at_later() -> None:
    opened = strike(Breaker())
    assert waits(opened, NOW + MINUTE) == replace(opened, look_at=NOW + MINUTE + FIRST_PROBE)


def test_a_probe_of_which_nothing_comes_leaves_the_trying_to_another() -> None:
    half = probing(strike(Breaker()), ONE, NOW)
    again = looked_at(half, went=False, now=NOW + PATIENCE)
    assert (again.state, again.probe, again.look_at) == ("open", None, NOW + PATIENCE)


def test_news_of_a_try_from_before_it_closed_is_old() -> None:
    closed = answered(probing(strike(Breaker()), ONE, NOW), ONE, arrived=True, now=NOW + MINUTE)
    assert strike(closed, NOW + 2 * MINUTE, TWO, tried=NOW) == closed
    newer = strike(closed, NOW + 2 * MINUTE, TWO, tried=NOW + 90 * SECOND)
    assert newer.state is BreakerState.OPEN


def test_one_recipient_stops_nobody_and_three_within_ten_minutes_do() -> None:
    fault = Fault(Scope.ACCOUNT, 3)
    breaker = strike(Breaker(), NOW, fault=fault)
    breaker = strike(breaker, NOW + MINUTE, fault=fault)
    assert (breaker.state, breaker.strikes) == ("closed", 2)
    assert strike(breaker, NOW + 2 * MINUTE, fault=fault).state is BreakerState.OPEN
    late = strike(breaker, NOW + 12 * MINUTE, fault=fault)
    assert (late.state, late.strikes) == ("closed", 1)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (30034, Fault(Scope.SENDER, 1)),
        (21606, Fault(Scope.SENDER, 1)),
        (20003, Fault(Scope.ACCOUNT, 1)),
        (21408, Fault(Scope.ACCOUNT, 3)),
        (535, Fault(Scope.ACCOUNT, 1)),
    ],
)
def test_what_a_code_speaks_of(code: int, fault: Fault) -> None:
    (reaction,) = {rule.reaction for rule in REACTIONS if rule.first <= code <= rule.last}
    assert fault_of(reaction, code) == fault


def test_most_reactions_speak_of_the_message_alone() -> None:
    stops = {reaction for reaction in Reaction if fault_of(reaction, None) is not None}
    assert stops == {Reaction.PAUSE_ACCOUNT, Reaction.SENDER_BLOCKED}


def test_a_second_opening_begins_anew() -> None:
    closed = replace(Breaker(), closed_at=NOW, opened_at=NOW - MINUTE, probes=0, strikes=2)
    opened = strike(closed, NOW + MINUTE)
    assert (opened.opened_at, opened.strikes, opened.closed_at) == (NOW + MINUTE, 0, None)
