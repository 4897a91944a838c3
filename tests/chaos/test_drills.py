"""Each fault strikes a working system, which recovers by itself and has kept every promise.

Briefly here; ``make chaos`` plays mixtures of them for as long as one likes. Most faults strike on
one of the two databases, turn about, so that the suite takes each once.
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


def _turn_about() -> list[tuple[str, str]]:
    anywhere = [name for name, fault in FAULTS.items() if fault.databases == BOTH]
    turns = [(BOTH[place % 2], name) for place, name in enumerate(anywhere)]
    bound = [(fault.databases[0], name) for name, fault in FAULTS.items() if name not in anywhere]
    return sorted(turns + bound, reverse=True)


@pytest.mark.parametrize(("database", "fault"), _turn_about())
def test_nothing_is_lost_and_nothing_is_doubled(database: str, fault: str, drills: Drills) -> None:
    drill = drills.on(database)
    result = drill.run([FAULTS[fault]], patients=4, seconds=2.0)
    story = f"seed {drill.seed}; stopped: {drill.system.stopped()}\n{drill.system.logs()}"
    assert result.violations == [], story
    assert result.seconds_to_recover < PATIENCE, story


def test_every_fault_has_its_turn() -> None:
    assert {name for _, name in _turn_about()} == set(FAULTS)
