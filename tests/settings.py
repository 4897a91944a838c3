"""Settings for tests: nothing of the surrounding environment leaks in."""

from typing import Any

from pydantic import SecretStr

from outreach.settings import Settings, new_keys


def settings_for(**fields: Any) -> Settings:
    """Defaults, fresh keys and what the test says."""
    keys, index = new_keys()
    given = {"keys": SecretStr(keys), "index_key": SecretStr(index), **fields}
    return Settings.model_construct(**given)
