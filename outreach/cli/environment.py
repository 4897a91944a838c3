"""Settings written out as the environment of a child process, which reads them back unchanged."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from outreach.settings import Settings

_PREFIX = "OUTREACH_"


def child_environment(settings: Settings, outside: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a child: ``outside`` without our variables, then ``settings``.

    Nothing of ours is left over from ``outside``, so a setting that is None here is unset there.
    """
    names = {
        name: field.alias or _PREFIX + name.upper() for name, field in Settings.model_fields.items()
    }
    ours = set(names.values())
    environment = {
        name: value
        for name, value in outside.items()
        if name.upper() not in ours and not name.upper().startswith(_PREFIX)
    }
    for field, variable in names.items():
        value = getattr(settings, field)
        if value is not None:
            environment[variable] = _text(value)
    return environment


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path):
        return str(value.absolute())
    return str(value)
