"""A bench on a fresh database of each kind."""

from collections.abc import Iterator

import pytest

from tests.worlds import Bench, make_bench


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = make_bench(database_url)
    yield made
    made.world.db.close()
