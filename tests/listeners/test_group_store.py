"""One thread, one commit for many, and one bad message that refuses nobody else."""

import asyncio
import threading
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from outreach.domain.errors import Unavailable
from outreach.listeners.group_store import MOST_BYTES, MOST_ROWS, GroupStore, Store
from outreach.listeners.waker import PAUSE_SECONDS, Waker
from outreach.pipeline.arrive import Arrival, Payload

STORED = Arrival(UUID(int=1), new=True)


def stored_by(store: Store, payloads: Sequence[bytes]) -> list[Arrival | None]:
    """The fates of payloads handed in all at once."""

    async def run() -> list[Arrival | None]:
        fates: dict[int, Arrival | None] = {}
        with GroupStore(store) as group:
            for number, raw in enumerate(payloads):
                group.submit(Payload(raw, "mllp:x", ""), partial(fates.__setitem__, number))
        await asyncio.sleep(0)
        return [fates[number] for number in range(len(payloads))]

    return asyncio.run(run())


def test_what_waits_during_a_commit_goes_into_the_next_one() -> None:
    groups: list[list[bytes]] = []
    first, rest = threading.Event(), threading.Event()

    def store(payloads: Sequence[Payload]) -> list[Arrival]:
        groups.append([payload.raw for payload in payloads])
        first.set()
        assert rest.wait(10)
        return [STORED] * len(payloads)

    async def run() -> None:
        with GroupStore(store) as group:
            group.submit(Payload(b"0", "mllp:x", ""), lambda _: None)
            assert first.wait(10)
            for number in range(1, 5):
                group.submit(Payload(b"%d" % number, "mllp:x", ""), lambda _: None)
            rest.set()

    asyncio.run(run())
    assert groups == [[b"0"], [b"1", b"2", b"3", b"4"]]


def test_groups_have_a_greatest_size() -> None:
    sizes: list[int] = []

    def store(payloads: Sequence[Payload]) -> list[Arrival]:
        sizes.append(len(payloads))
        return [STORED] * len(payloads)

    assert stored_by(store, [b"x"] * (MOST_ROWS * 2)).count(STORED) == MOST_ROWS * 2
    assert max(sizes) <= MOST_ROWS
    sizes.clear()
    half = b"x" * (MOST_BYTES // 2)
    stored_by(store, [half] * 5)
    assert max(sizes) <= 2


def test_one_message_that_cannot_be_stored_refuses_nobody_else() -> None:
    def store(payloads: Sequence[Payload]) -> list[Arrival]:
        if any(payload.raw == b"bad" for payload in payloads):
            raise ValueError
        return [STORED] * len(payloads)

    assert stored_by(store, [b"a", b"bad", b"b"]) == [STORED, None, STORED]


def test_a_store_that_is_down_stores_none_and_is_asked_again() -> None:
    calls = 0

    def store(payloads: Sequence[Payload]) -> list[Arrival]:
        nonlocal calls
        calls += 1
        raise Unavailable("The database does not answer.")

    assert stored_by(store, [b"a", b"b"]) == [None, None]
    assert calls <= 2


def test_wake_ups_are_spaced_and_the_last_is_never_lost() -> None:
    rings: list[float] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        waker = Waker(lambda: rings.append(loop.time()))
        for _ in range(50):
            waker()
        await asyncio.sleep(PAUSE_SECONDS * 1.5)
        waker()
        await asyncio.sleep(PAUSE_SECONDS * 3)
        waker.close()

    asyncio.run(run())
    assert 2 <= len(rings) <= 3
    assert all(later - sooner >= PAUSE_SECONDS * 0.9 for sooner, later in zip(rings, rings[1:]))  # noqa: B905, RUF007


def test_a_wake_up_that_fails_is_not_the_end() -> None:
    calls: list[int] = []

    def wake() -> None:
        calls.append(1)
        raise OSError("no broker")

    async def run() -> None:
        waker = Waker(wake)
        waker()
        await asyncio.sleep(PAUSE_SECONDS * 2)
        waker()
        waker.close()

    asyncio.run(run())
    assert len(calls) == 2
