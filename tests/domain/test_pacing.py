"""A bucket: what may go now, what is saved up, what is left for urgent work."""

from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.pacing import Bucket, capacity, floor_of, given_back, refilled, taken
from outreach.domain.states import Urgency

CARE, BULK = (Urgency.NORMAL,), (Urgency.BULK,)


def test_a_bucket_begins_full_and_holds_two_seconds_worth() -> None:
    assert refilled(None, 10.0, 5.0) == Bucket(20.0, 5.0)
    assert refilled(Bucket(0.0, 5.0), 10.0, 5.5) == Bucket(5.0, 5.5)
    assert refilled(Bucket(0.0, 5.0), 10.0, 500.0) == Bucket(20.0, 500.0)
    assert capacity(0.25) == 2.0


def test_a_clock_that_steps_back_fills_nothing() -> None:
    assert refilled(Bucket(3.0, 5.0), 10.0, 1.0) == Bucket(3.0, 1.0)


def test_bulk_leaves_half_and_care_takes_all() -> None:
    bucket = Bucket(20.0, 0.0)
    assert taken(bucket, 100, floor_of(BULK, 10.0)) == (10, Bucket(10.0, 0.0))
    assert taken(bucket, 100, floor_of(CARE, 10.0)) == (20, Bucket(0.0, 0.0))
    assert taken(bucket, 3, floor_of(CARE, 10.0)) == (3, Bucket(17.0, 0.0))
    assert taken(Bucket(-7.0, 0.0), 5, floor_of(CARE, 10.0)) == (0, Bucket(-7.0, 0.0))
    assert floor_of(tuple(Urgency), 10.0) == 0.0


def test_what_was_not_used_comes_back_and_more_segments_are_a_debt() -> None:
    assert given_back(Bucket(5.0, 0.0), 10.0, 3.0).tokens == 8.0
    assert given_back(Bucket(19.0, 0.0), 10.0, 3.0).tokens == 20.0
    assert given_back(Bucket(1.0, 0.0), 10.0, -4.0).tokens == -3.0


@given(st.floats(0.25, 200), st.lists(st.tuples(st.floats(0, 3), st.integers(0, 200)), max_size=60))
def test_never_more_than_the_rate_and_what_was_saved_up(
    rate: float, asked: list[tuple[float, int]]
) -> None:
    now, bucket, went = 0.0, None, 0
    for wait, want in asked:
        now += wait
        granted, bucket = taken(refilled(bucket, rate, now), want, 0.0)
        went += granted
        assert granted <= want
    assert went <= capacity(rate) + now * rate + 1e-6


@given(st.floats(0.25, 200))
def test_even_the_slowest_sender_lets_a_campaign_go_on(rate: float) -> None:
    granted, bucket = taken(refilled(None, rate, 0.0), 100, floor_of(BULK, rate))
    assert granted >= 1
    later, _ = taken(refilled(bucket, rate, 1 / rate + 1e-6), 100, floor_of(BULK, rate))
    assert later >= 1
