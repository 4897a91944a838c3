"""One system for all drills on a database: to start one costs more than a drill."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.drill import Drill, new_seed
from tests.chaos.machine import random_of, small_disk
from tests.chaos.system import System
from tests.chaos.traffic import Traffic


class Drills:
    """The system that was asked for last; another one takes its place."""

    def __init__(self) -> None:
        self._exit = ExitStack()
        self._database = ""
        self._drill: Drill | None = None

    def on(self, database: str) -> Drill:
        """Drills on a running system on this database.

        ``CHAOS_SEED`` plays those of an earlier run again, as far as machines allow.
        """
        if self._drill is None or self._database != database:
            self.close()
            seed = int(os.environ.get("CHAOS_SEED") or new_seed())
            chance = random_of(seed)
            disk = self._exit.enter_context(small_disk())
            system = self._exit.enter_context(System(database, disk=disk_for(database, disk)))
            traffic = self._exit.enter_context(Traffic(system, chance))
            self._database, self._drill = database, Drill(system, traffic, chance, seed)
        return self._drill

    def close(self) -> None:
        self._drill = None
        self._exit.close()


def disk_for(database: str, disk: Path | None) -> Path | None:
    return disk if database == "sqlite" else None


@pytest.fixture(scope="package")  # its clockwork would tick through all other tests
def drills() -> Iterator[Drills]:
    made = Drills()
    yield made
    made.close()
