"""Identifiers: version 7, the machine clock's millisecond first, the rest random."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.ids import new_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

instants = st.timedeltas(timedelta(), timedelta(days=80_000)).map(lambda since: EPOCH + since)


@dataclass
class Stopped:
    at: datetime

    def now(self) -> datetime:
        return self.at


@given(instants)
def test_an_id_is_a_uuid_of_version_7_that_tells_its_millisecond(at: datetime) -> None:
    made = new_id(Stopped(at))
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == (at - EPOCH) // timedelta(milliseconds=1)


@given(instants, st.integers(1, 10**9))
def test_ids_are_ordered_by_time(at: datetime, later_by: int) -> None:
    later = Stopped(at + timedelta(milliseconds=later_by))
    assert new_id(Stopped(at)) < new_id(later)


def test_ids_of_one_millisecond_rise_and_differ_in_every_random_bit() -> None:
    clock = Stopped(datetime(2026, 3, 8, 7, tzinfo=UTC))
    made = [new_id(clock).int for _ in range(200)]
    assert made == sorted(set(made))
    ever_set = ever_clear = 0
    for number in made:
        ever_set |= number
        ever_clear |= ~number
    random_bits = (1 << 42) - 1
    assert ever_set & ever_clear & random_bits == random_bits
