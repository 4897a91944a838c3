"""Requests that come while a unit is under way share the next one, and none is lost by another."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from outreach.domain.errors import Unavailable
from outreach.pipeline import receipt
from outreach.pipeline.receipt import Reported
from outreach.web.grouped import Grouped
from outreach.web.threads import DatabaseThreads
from tests.worlds import Bench, make_bench


class Store:
    """Keeps what it is given, one unit at a time; the first waits until it is let go."""

    def __init__(self) -> None:
        self.units: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.fails: Exception | None = None

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.units.append(list(items))
        self.begun.set()
        assert self.go.wait(10)
        if self.fails is not None and (13 in items or isinstance(self.fails, Unavailable)):
            raise self.fails
        return [10 * item for item in items]


def ask(store: Store, items: Sequence[int]) -> list[object]:
    """Everybody asks at once; the first unit ends when all have asked."""

    async def all_at_once() -> list[object]:
        grouped = Grouped(DatabaseThreads(2), store)
        first = asyncio.create_task(grouped(items[0]))
        assert await asyncio.to_thread(store.begun.wait, 10)
        rest = [asyncio.create_task(grouped(item)) for item in items[1:]]
        await asyncio.sleep(0)
        store.go.set()
        return await asyncio.gather(first, *rest, return_exceptions=True)

    return asyncio.run(all_at_once())


def test_who_comes_meanwhile_shares_one_unit_and_each_has_its_own_answer() -> None:
    store = Store()
    assert ask(store, [1, 2, 3, 4]) == [10, 20, 30, 40]
    assert store.units == [[1], [2, 3, 4]]


def test_one_that_fails_refuses_no_other() -> None:
    store = Store()
    store.fails = ValueError("chance")
    first, second, bad, last = ask(store, [1, 2, 13, 4])
    assert (first, second, last) == (10, 20, 40)
    assert isinstance(bad, ValueError)


def test_a_database_that_is_away_is_told_to_everybody_once() -> None:
    store = Store()
    store.fails = Unavailable("The database is away.")
    assert all(isinstance(one, Unavailable) for one in ask(store, [1, 2, 3]))
    assert store.units == [[1], [2, 3]]


def test_whoever_hangs_up_takes_nobody_along() -> None:
    store = Store()

    async def one_goes() -> tuple[object, object]:
        grouped = Grouped(DatabaseThreads(2), store)
        gone = asyncio.create_task(grouped(1))
        assert await asyncio.to_thread(store.begun.wait, 10)
        stays = asyncio.create_task(grouped(2))
        await asyncio.sleep(0)
        gone.cancel()
        store.go.set()
        return await asyncio.gather(gone, stays, return_exceptions=True)

    gone, stays = asyncio.run(one_goes())
    assert isinstance(gone, asyncio.CancelledError)
    assert stays == 20


@pytest.fixture
def bench(database_url: str) -> Bench:
    return make_bench(database_url)


def test_reports_of_one_unit_are_each_new_once(bench: Bench) -> None:
    reports = [
        Reported("SM2", "Delivered", None, None),
        Reported("SM1", "sent", None, None),
        Reported("SM2", "delivered", 30003, None),
        Reported("SM1", "delivered", None, None),
    ]
    first = receipt.receive_all(bench.world, reports)
    assert (first[1], first[3], first[0] + first[2]) == (True, True, 1)
    assert receipt.receive_all(bench.world, reports) == [False] * 4
    with bench.world.db.read() as unit:
        assert [row.status for row in unit.receipts.of_provider_id("SM1")] == ["sent", "delivered"]
