"""Reading JSON from strangers: any value may have any shape, and none of them raises.

FHIR and native events are read from plain dicts, field by field, because real senders write
empty strings, unknown fields and wrong types that a strict model would refuse whole.
"""

import json
from typing import Any, NoReturn

from outreach.domain.errors import BadInput
from outreach.domain.events import Identifier
from outreach.intake.text import clean

Json = dict[str, Any]

MAX_LIST = 256
"""Entries of one list inside a resource that are read; only bundles are longer."""


def load(raw: bytes) -> object:
    """The JSON value in ``raw``.

    Raises:
        BadInput: ``structure`` when it is no JSON (NaN and endless nesting included).
    """
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise BadInput("structure", "JSON is not in UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadInput("structure", f"not JSON at {place}") from None
    except (ValueError, RecursionError):
        raise BadInput("structure", "JSON holds a number or a nesting beyond all use") from None


def _no_constant(_name: str) -> NoReturn:
    raise ValueError


def dump(value: object) -> bytes:
    """``value`` as compact JSON: the bytes of one item of a larger document."""
    # ``load`` has refused every nesting that this could not follow.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def text(holder: Json, key: str) -> str:
    """A string (or a number, as some send identifiers) made harmless; empty when missing."""
    value = holder.get(key)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return clean(str(value)) if abs(value) < 1e18 else ""
    return ""


def flag(holder: Json, key: str) -> bool | None:
    """A boolean, also when written as a string; None when missing or anything else."""
    value = holder.get(key)
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def child(holder: Json, key: str) -> Json:
    """An object; empty when missing or anything else."""
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def children(holder: Json, key: str) -> list[Json]:
    """The objects of a list (or the one object in its place), at most ``MAX_LIST``."""
    value = holder.get(key)
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        return []
    return [one for one in value[:MAX_LIST] if isinstance(one, dict)]


def texts(holder: Json, key: str) -> list[str]:
    """The filled strings of a list (or the one string in its place), at most ``MAX_LIST``."""
    value = holder.get(key)
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return []
    return [found for one in value[:MAX_LIST] if isinstance(one, str) and (found := clean(one))]


def number(holder: Json, key: str) -> float | None:
    """A finite number of useful size, also when written as a string; else None."""
    value = holder.get(key)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -1e9 < value < 1e9 else None


def unique(identifiers: list[Identifier]) -> tuple[Identifier, ...]:
    """``identifiers`` in order, without repeats."""
    return tuple(dict.fromkeys(identifiers))
