"""The limit of requests under way: found by doubling, halved at congestion, shared in order."""

import asyncio
from collections.abc import Callable

import pytest

from outreach.channels.in_flight import START, InFlight

QUICKLY = 0.05


def run(limit: InFlight, count: int, answer: Callable[[InFlight, int], None]) -> int:
    """``count`` requests at once; the most that were under way together."""
    under_way, most = 0, 0

    async def one() -> None:
        nonlocal under_way, most
        async with limit as number:
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            answer(limit, number)

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(count)))

    asyncio.run(all_of_them())
    return most


def well(limit: InFlight, _number: int) -> None:
    limit.answered(QUICKLY)


def badly(limit: InFlight, number: int) -> None:
    limit.congested(number)


def test_it_begins_with_few_and_doubles_up_to_the_most() -> None:
    limit = InFlight(64)
    assert run(limit, START, well) == START
    assert limit.limit == 2 * START
    assert run(limit, 500, well) == 64
    assert limit.limit == 64


def test_never_more_than_the_most_are_under_way() -> None:
    assert run(InFlight(3), 50, well) == 3


def test_one_round_of_congestion_halves_it_once() -> None:
    limit = InFlight(64)
    run(limit, 200, well)
    run(limit, 64, badly)
    assert limit.limit == 32
    run(limit, 32, badly)
    assert limit.limit == 16


def test_after_congestion_it_grows_by_one_a_round() -> None:
    limit = InFlight(64)
    run(limit, 200, well)
    run(limit, 64, badly)
    run(limit, 32, well)
    assert limit.limit == pytest.approx(33, abs=0.1)


def test_one_request_is_always_let_through() -> None:
    limit = InFlight(4)
    for _ in range(10):
        run(limit, 4, badly)
    assert limit.limit == 1
    assert run(limit, 5, well) >= 1


def test_slow_answers_do_not_raise_it() -> None:
    limit = InFlight(64)
    limit.answered(0.1)
    before = limit.limit
    limit.answered(0.5)
    assert limit.limit == before
    limit.answered(0.2)
    assert limit.limit == before + 1


def test_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    async def story() -> int:
        limit = InFlight(1)
        done = 0

        async def one(seconds: float) -> None:
            nonlocal done
            async with limit:
                await asyncio.sleep(seconds)
                done += 1

        first = asyncio.create_task(one(0.01))
        await asyncio.sleep(0)
        gives_up, last = asyncio.create_task(one(0)), asyncio.create_task(one(0))
        await asyncio.sleep(0)
        gives_up.cancel()
        await asyncio.gather(first, last)
        # one that is cancelled in the moment in which its turn comes passes it on
        holder = asyncio.create_task(one(0.01))
        await asyncio.sleep(0)
        unlucky, lucky = asyncio.create_task(one(0)), asyncio.create_task(one(0))
        await holder
        unlucky.cancel()
        await asyncio.gather(lucky, unlucky, return_exceptions=True)
        async with asyncio.timeout(5), limit:
            return done

    assert asyncio.run(story()) in {4, 5}
