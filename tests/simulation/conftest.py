"""Scenarios share one triage engine: reading its files takes longer than playing a scenario."""

import pytest

from outreach import bootstrap
from tests import worlds


@pytest.fixture(autouse=True)
def _one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "load_engine", lambda _folder: worlds.engine())
