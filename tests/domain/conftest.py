"""How the tests of the domain are ordered when they judge mutants."""

from typing import cast

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Examples before properties: they take less time to notice that something is wrong."""
    if config.getoption("--hypothesis-profile") == "mutants":
        items.sort(key=_is_property)


def _is_property(item: pytest.Item) -> bool:
    return bool(getattr(cast(pytest.Function, item).obj, "is_hypothesis_test", False))
