"""The faults: each begins at a random instant, lasts a moment, and is over when its steps are.

A fault is a generator: it yields how many seconds pass before its next step, so that several can be
under way at once. Whatever it broke outside the program it mends in ``finally``; the program itself
it never helps.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.faults import processes, provider, servers, surroundings
from tests.chaos.faults.steps import Steps
from tests.chaos.system import System

BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which things go wrong."""

    name: str
    begin: Callable[[System, random.Random], Steps]
    databases: tuple[str, ...] = BOTH


_PLAIN = (
    processes.worker_children_killed,
    processes.worker_node_killed,
    processes.worker_parent_killed,
    processes.worker_frozen,
    processes.web_killed,
    processes.beat_killed,
    processes.two_beats,
    servers.redis_killed,
    servers.redis_emptied,
    servers.redis_frozen,
    servers.postgres_restarted,
    servers.postgres_killed,
    servers.session_killed,
    servers.disk_full,
    servers.files_cannot_grow,
    provider.provider_errors,
    provider.provider_too_many,
    provider.provider_hangs,
    provider.provider_drops,
    provider.provider_slow,
    provider.receipts_shuffled,
    provider.receipts_repeated,
    provider.receipts_lost,
    provider.losses_untold,
    provider.texts_lost_in_transit,
    surroundings.clinic_clock_jumps,
    surroundings.machine_clock_jumps,
    surroundings.network_to_provider,
    surroundings.network_to_redis,
    surroundings.network_to_database,
    surroundings.network_to_web,
)
_ONE_DATABASE = {
    "postgres_restarted": ("postgresql",),
    "postgres_killed": ("postgresql",),
    "session_killed": ("postgresql",),
    "network_to_database": ("postgresql",),
    "disk_full": ("sqlite",),
    "files_cannot_grow": ("sqlite",),
}
FAULTS = {
    begin.__name__: Fault(begin.__name__, begin, _ONE_DATABASE.get(begin.__name__, BOTH))
    for begin in _PLAIN
}


def on(database: str) -> list[Fault]:
    """The faults that a system on this database can meet."""
    return [fault for fault in FAULTS.values() if database in fault.databases]
