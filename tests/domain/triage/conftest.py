from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.configuration.triage_files import load_engine
from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Triage

CONFIG = Path(__file__).parents[3] / "config" / "triage"


@pytest.fixture(scope="session")
def engine() -> TriageEngine:
    return load_engine(CONFIG)


@pytest.fixture
def triage(engine: TriageEngine) -> Callable[[str], Triage]:
    return engine.triage
