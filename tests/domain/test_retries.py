"""How long until the next try, and when there is none."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.reactions import Reaction
from outreach.domain.retries import Failure, backoff, slowed, spread_of, wait_before_next

NOW = datetime(2027, 3, 1, 15, 30, tzinfo=UTC)
"""07:30 in Los Angeles."""
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def failure(reaction: Reaction, **rest: object) -> Failure:
    given_ = {"code": None, "times": 1, "left": 2 * DAY, "spread": 0.0, "now": NOW, **rest}
    return Failure(reaction, **given_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reaction", "tries"),
    [
        (Reaction.UNREACHABLE_RETRY_LATER, 1),
        (Reaction.RESEND_SAFELY, 2),
        (Reaction.EXPIRED, 2),
    ],
)
def test_some_reactions_leave_so_many_tries_and_no_more(reaction: Reaction, tries: int) -> None:
    assert wait_before_next(failure(reaction, times=tries)) is not None
    assert wait_before_next(failure(reaction, times=tries + 1)) is None


@pytest.mark.parametrize(
    "reaction",
    [
        Reaction.MARK_NUMBER_INVALID,
        Reaction.CANNOT_TAKE_SMS,
        Reaction.OPTED_OUT,
        Reaction.FILTERED,
        Reaction.OUR_BUG,
        Reaction.UNKNOWN_OUTCOME,
        Reaction.MAY_HAVE_ARRIVED,
        Reaction.LOOP_GUARD,
        Reaction.ALERT,
    ],
)
def test_other_reactions_leave_none(reaction: Reaction) -> None:
    assert wait_before_next(failure(reaction)) is None


@pytest.mark.parametrize("reaction", list(Reaction))
def test_what_is_of_no_more_use_is_never_tried_again(reaction: Reaction) -> None:
    assert wait_before_next(failure(reaction, left=timedelta(), stopped=True)) is None
    assert wait_before_next(failure(reaction, left=-MINUTE)) is None


def test_a_daily_cap_ends_at_the_carriers_midnight_and_an_hourly_at_the_full_hour() -> None:
    cap = Reaction.DEFER_PAST_RESET
    assert wait_before_next(failure(cap, code=30023)) == timedelta(hours=16, minutes=30)
    assert wait_before_next(failure(cap, code=30023, spread=1.0)) == timedelta(hours=16, minutes=45)
    assert wait_before_next(failure(cap, code=60728)) == 30 * MINUTE
    assert wait_before_next(failure(cap, code=60728, spread=1.0)) == 35 * MINUTE
    east = ZoneInfo("America/New_York")
    assert wait_before_next(failure(cap, code=63038), east) == timedelta(hours=13, minutes=30)
    assert wait_before_next(failure(cap, code=63038, left=16 * HOUR)) is None


@pytest.mark.parametrize(
    ("now", "hours"),
    [(datetime(2027, 3, 14, 8, 0, tzinfo=UTC), 23), (datetime(2027, 11, 7, 7, 0, tzinfo=UTC), 25)],
    ids=["23 hours", "25 hours"],
)
def test_the_day_of_a_cap_may_have_23_or_25_hours(now: datetime, hours: int) -> None:
    found = wait_before_next(failure(Reaction.DEFER_PAST_RESET, code=30027, now=now))
    assert found == hours * HOUR


def test_only_what_was_planned_waits_for_hours() -> None:
    later = Reaction.UNREACHABLE_RETRY_LATER
    assert wait_before_next(failure(later)) == 2 * HOUR
    assert wait_before_next(failure(later, spread=1.0)) == 2.5 * HOUR
    assert wait_before_next(failure(later, patient=False)) is None
    assert wait_before_next(failure(later, left=2 * HOUR)) is None


@pytest.mark.parametrize("reaction", [Reaction.SENDER_BLOCKED, Reaction.PAUSE_ACCOUNT])
def test_a_breaker_decides_when_what_it_stopped_goes(reaction: Reaction) -> None:
    assert wait_before_next(failure(reaction, stopped=True)) == timedelta()
    assert wait_before_next(failure(reaction)) == 15 * MINUTE


@given(st.integers(1, 40), st.floats(0, 1))
def test_waits_double_up_to_five_minutes_and_half_of_each_is_spread(
    number: int, spread: float
) -> None:
    whole = min(300.0, 2.0 * 2 ** (number - 1))
    assert whole / 2 <= backoff(number, spread).total_seconds() <= whole


@given(st.integers(1, 20), st.floats(0, 1), st.floats(0, 80_000))
def test_no_wait_is_shorter_than_the_provider_asked_for(
    number: int, spread: float, asked: float
) -> None:
    found = slowed(number, spread, asked).total_seconds()
    assert found >= asked - 0.001
    assert found <= max(asked * 1.1, 300.0) + 0.001
    assert slowed(number, spread, None) == backoff(number, spread)


def test_the_tries_of_many_messages_are_spread() -> None:
    found = [spread_of(UUID(int=number << 64 | number), 1) for number in range(1000)]
    assert all(0 <= one < 1 for one in found)
    assert 0.4 < sum(found) / 1000 < 0.6
    assert spread_of(UUID(int=7), 1) == spread_of(UUID(int=7), 1) != spread_of(UUID(int=7), 2)
