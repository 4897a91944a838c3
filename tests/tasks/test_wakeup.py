"""A broker that is down or hangs costs its callers next to nothing."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from outreach.clocks import ManualClock
from outreach.wakeup import CeleryWake


class Broker:
    """Listens, lets anybody connect, and never answers."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)
        self._socket.settimeout(0.2)
        self.url = f"redis://127.0.0.1:{self._socket.getsockname()[1]}/0"

    def visits(self) -> int:
        """How many have connected since this was asked last."""
        found = 0
        while True:
            try:
                self._socket.accept()[0].close()
            except TimeoutError:
                return found
            found += 1

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def hung() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2027, 3, 1, tzinfo=UTC))


def test_a_broker_that_hangs_holds_nobody_up(hung: Broker, clock: ManualClock) -> None:
    wake = CeleryWake(hung.url, clock)
    wake("send_urgent")
    assert hung.visits() > 0
    for _ in range(20):
        wake("send_urgent")
    assert hung.visits() == 0


def test_a_broker_that_failed_is_left_alone_for_a_while(hung: Broker, clock: ManualClock) -> None:
    wake = CeleryWake(hung.url, clock)
    wake("send")
    assert hung.visits() > 0
    clock.advance(timedelta(seconds=2.9))
    wake("send")
    assert hung.visits() == 0
    clock.advance(timedelta(seconds=0.2))
    wake("send")
    assert hung.visits() > 0


def test_a_clock_that_steps_back_does_not_shut_the_broker_out(
    hung: Broker, clock: ManualClock
) -> None:
    wake = CeleryWake(hung.url, clock)
    wake("send")
    assert hung.visits() > 0
    clock.advance(timedelta(hours=-1))
    wake("send")
    assert hung.visits() > 0
