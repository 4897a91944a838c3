"""Every fault strikes a working system, which recovers by itself and has kept every promise.

Briefly here, two faults in each drill; ``make chaos`` plays mixtures for as long as one likes. Most
faults strike on one of the two databases, turn about, so that the suite takes each once.
"""

import pytest

from tests.chaos.conftest import Drills
from tests.chaos.drill import PATIENCE
from tests.chaos.faults import BOTH, FAULTS

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.celery,
    pytest.mark.redis,
    pytest.mark.postgres,
    pytest.mark.timeout(300),
]


def _pairs() -> list[tuple[str, tuple[str, ...]]]:
    anywhere = [name for name, fault in FAULTS.items() if fault.databases == BOTH]
    found = []
    for place, database in enumerate(BOTH):
        bound = [name for name, fault in FAULTS.items() if fault.databases == (database,)]
        mine = [*anywhere[place::2], *bound]
        half = (len(mine) + 1) // 2  # from far apart in the list: of different kinds
        found += [(database, tuple(mine[number::half])) for number in range(half)]
    return found


PAIRS = _pairs()


@pytest.mark.parametrize(
    ("database", "faults"), PAIRS, ids=[f"{where}-{'-and-'.join(what)}" for where, what in PAIRS]
)
def test_nothing_is_lost_and_nothing_is_doubled(
    database: str, faults: tuple[str, ...], drills: Drills
) -> None:
    drill = drills.on(database)
    result = drill.run([FAULTS[name] for name in faults], patients=5, seconds=1.5)
    story = f"seed {drill.seed}; stopped: {drill.system.stopped()}\n{drill.system.logs()}"
    assert result.violations == [], story
    assert result.seconds_to_recover < PATIENCE, story


def test_every_fault_has_its_turn() -> None:
    assert sorted(name for _, names in PAIRS for name in names) == sorted(FAULTS)
