"""The pace that workers keep together through a real Redis, and alone where there is none."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
import redis

from outreach.clocks import SystemClock
from outreach.domain.states import Urgency
from outreach.embedded.redis_server import RedisServer, start_redis
from outreach.pacing import OwnPace, SharedPace, build_pace
from tests import servers

CARE, BULK = (Urgency.NORMAL,), (Urgency.BULK,)
CLOCK = SystemClock()


@pytest.fixture
def url(redis_server: RedisServer, redis_url: str) -> str:
    redis.Redis.from_url(redis_server.client_url).flushall()
    return redis_url


def test_workers_share_one_bucket(url: str) -> None:
    rates = {"main": 10.0}
    one, other = build_pace(url, CLOCK), build_pace(url, CLOCK)
    assert isinstance(one, SharedPace)
    assert one.take(rates, 15, CARE) == [15]
    (left,) = other.take(rates, 15, CARE)
    assert 5 <= left <= 6
    one.give_back(rates, [10.0])
    (left,) = other.take(rates, 15, CARE)
    assert 10 <= left <= 12


def test_bulk_leaves_half_and_what_urgent_work_used_is_a_debt(url: str) -> None:
    pace, rates = build_pace(url, CLOCK), {"main": 10.0, "other": 4.0}
    assert pace.take(rates, 100, BULK) == [10, 4]
    assert pace.take(rates, 100, CARE)[0] in {10, 11}
    pace.give_back(rates, [-30.0, -30.0])
    assert pace.take(rates, 30, CARE) == [0, 0]


def test_many_workers_at_once_keep_the_rate(url: str) -> None:
    rates, granted = {"main": 50.0}, []
    until = time.monotonic() + 1.0

    def work() -> None:
        pace = build_pace(url, CLOCK)
        while time.monotonic() < until:
            granted.append(pace.take(rates, 7, CARE)[0])
            time.sleep(0.005)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert 120 <= sum(granted) <= 165  # what was saved up, and a second's worth


def test_a_redis_that_is_gone_or_emptied_or_frozen_does_no_harm(tmp_path: Path) -> None:
    server = start_redis(tmp_path / "redis")
    if server is None:
        servers.missing("no Redis found")
        return
    rates = {"main": 10.0}
    with server:
        pace = build_pace(server.broker_url, CLOCK)
        assert pace.take(rates, 20, CARE) == [20]
        client = redis.Redis.from_url(server.client_url)
        pid = client.info()["process_id"]
        client.flushall()
        assert pace.take(rates, 20, CARE) == [20]  # emptied: it begins anew
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert pace.take(rates, 20, CARE) == [20]  # this process's own bucket
            first = time.monotonic() - began
            for _ in range(50):
                pace.take(rates, 20, CARE)
            assert first < 1.0
            assert time.monotonic() - began - first < 0.2  # it is not asked again so soon
        finally:
            os.kill(pid, signal.SIGCONT)
    gone = build_pace(server.broker_url, CLOCK)
    assert gone.take(rates, 15, CARE) == [15]
    assert gone.take(rates, 15, CARE) == [5]
    gone.give_back(rates, [3.0])


@pytest.mark.parametrize("url", [None, "filesystem:///var/queue", "memory://"])
def test_without_a_redis_each_process_keeps_its_own(url: str | None) -> None:
    assert isinstance(build_pace(url, CLOCK), OwnPace)
