"""Clocks that jump, and a network that stalls, slows down and is cut."""

import random
from collections.abc import Callable
from datetime import timedelta

from tests.chaos.faults.steps import Steps
from tests.chaos.system import System


def clinic_clock_jumps(system: System, chance: random.Random) -> Steps:
    """Forward by up to twenty minutes, and back."""
    ahead = timedelta(seconds=chance.uniform(30, 1200))
    system.clock.set(system.clock.now() + ahead, rate=1.0)
    yield 1.5
    system.clock.set(system.clock.now() - ahead, rate=1.0)
    yield 0.5


def machine_clock_jumps(system: System, chance: random.Random) -> Steps:
    """Forward or back by several leases, for all parts at once; then right again. What was put
    off meanwhile waits for as long as the clock went back, so the jump is shorter than patience.
    """
    system.skew(chance.choice([-1, 1]) * chance.uniform(2.0, 20.0))
    try:
        yield chance.uniform(1.0, 3.0)
    finally:
        system.skew(0.0)


def _wire(name: str) -> Callable[[System, random.Random], Steps]:
    def begin(system: System, chance: random.Random) -> Steps:
        wire = system.wire[name]
        what = chance.choice(["stall", "slow", "cut"])
        try:
            if what == "stall":
                system.wires.call(wire.stall)
                yield chance.uniform(1.0, 3.0)
            elif what == "slow":
                system.wires.call(lambda: wire.slow(chance.uniform(0.02, 0.2)))
                yield chance.uniform(1.0, 3.0)
            else:
                for _ in range(3):
                    system.wires.call(wire.cut)
                    yield chance.uniform(0.1, 0.6)
        finally:
            system.wires.call(wire.mend)

    return begin


def network_to_provider(system: System, chance: random.Random) -> Steps:
    """Stalls, slows or cuts every connection between the workers and the provider."""
    return _wire("provider")(system, chance)


def network_to_redis(system: System, chance: random.Random) -> Steps:
    """The same to Redis."""
    return _wire("redis")(system, chance)


def network_to_database(system: System, chance: random.Random) -> Steps:
    """The same to PostgreSQL."""
    return _wire("database")(system, chance)


def network_to_web(system: System, chance: random.Random) -> Steps:
    """The same between the carrier, the senders and us."""
    return _wire("web")(system, chance)
