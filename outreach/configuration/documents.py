"""A YAML file -> a checked model; whatever is wrong is told with its file, line and remedy.

Plain YAML only: no tags, no anchors, no merge keys, no duplicate keys; ``on``, ``9:30`` and
``2026-03-01`` are text, as a reader of the file expects.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from outreach.domain.errors import ConfigurationError

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"
Place: TypeAlias = tuple[str, ...]
"""Where a value stands: keys and list positions from the top, as text."""

M = TypeVar("M", bound=BaseModel)

SHOWN_FAULTS = 5
"""How many faults one error tells; the rest are counted."""


class StrictModel(BaseModel):
    """The base of what a clinic writes: nothing unknown, nothing converted in silence."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    MOVED: ClassVar[Mapping[str, str]] = {}
    """Settings that once stood here -> what to do about one that still does."""


class FaultAt(ValueError):
    """Raised by a validator that looks at several settings, to point at the one that is wrong."""

    def __init__(self, place: Place, sentence: str) -> None:
        super().__init__(sentence)
        self.place = place
        """From where the validator stands: ``("sites", "1", "phone")``."""


_SCALARS = {
    "null": r"^(?:~|null|)$",
    "bool": r"^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$",
    "int": r"^-?(?:0|[1-9]\d*)$",
    "float": r"^-?(?:0|[1-9]\d*)\.\d+$",
}
"""The few of YAML 1.2's core schema, instead of YAML 1.1's many."""


class _PlainLoader(yaml.SafeLoader):
    """Reads every file, and says best what is wrong with one."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


class _FastLoader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]  # one of two bases
    """The same in a fifth of the time, where PyYAML was built with libyaml."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _form in _SCALARS.items():
    for _loader in (_PlainLoader, _FastLoader):
        _loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_form), None)


def load_document(path: Path, model: type[M], context: object = None) -> M:
    """The file's content as ``model``; its validators are given ``context``.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is missing, is not YAML or does not fit
            the model; one line for each of the first faults, each with file, line and remedy.
    """
    data, lines = read_document(path)
    try:
        # JSON is how strict models still read dates, times, tuples and enums from text.
        return model.model_validate_json(json.dumps(data), context=context)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        told = [_sentence(path, detail, data, lines, model) for detail in details[:SHOWN_FAULTS]]
        if len(details) > SHOWN_FAULTS:
            told.append(f"{path}: and {len(details) - SHOWN_FAULTS} more faults.")
        raise ConfigurationError("\n".join(told)) from None


def read_document(path: Path) -> tuple[Plain, dict[Place, int]]:
    """The file's plain data, and the line (from 1) of every value in it by its place.

    Raises:
        outreach.domain.errors.ConfigurationError: the file is missing or is not plain YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: there is no such file. Create it, or set OUTREACH_CONFIG_DIR right."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({type(error).__name__}). Save it as UTF-8 text."
        ) from error
    reader = _Reader(path)
    try:
        node = _composed(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(_syntax_sentence(path, error)) from None
    if node is None:
        raise ConfigurationError(f"{path}: is empty. Write its settings, or restore the file.")
    return reader.plain(node, ()), reader.lines


def _composed(text: str) -> yaml.Node | None:
    with suppress(yaml.YAMLError):  # then the other loader tells what is wrong
        return yaml.compose(text, Loader=_FastLoader)
    return yaml.compose(text, Loader=_PlainLoader)


class _Reader:
    """Turns the node tree of one file into plain data and remembers where each value stood."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[int] = set()
        self.lines: dict[Place, int] = {}

    def plain(self, node: yaml.Node, place: Place) -> Plain:
        """The value of ``node``. Raises ConfigurationError for anything but plain YAML."""
        self.lines.setdefault(place, _line(node))
        if id(node) in self._seen:
            raise self._fault(node, "an alias (*name) is not read here. Write the value out.")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return {
                key: self.plain(value, (*place, key)) for key, value in self._items(node, place)
            }
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            items = enumerate(node.value)
            return [self.plain(item, (*place, str(position))) for position, item in items]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        raise self._fault(node, f"the tag {node.tag} is not read here. Remove it.")

    def _items(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, yaml.Node]]:
        first_line: dict[str, int] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._fault(key_node, "a key must be one word or number. Quote it.")
            key = key_node.value
            if key in first_line:
                raise self._fault(
                    key_node,
                    f"'{key}' stands here a second time (first on line {first_line[key]})."
                    " Keep one of them.",
                )
            first_line[key] = _line(key_node)
            self.lines[(*place, key)] = _line(key_node)
            yield key, value

    def _scalar(self, node: yaml.ScalarNode) -> Plain:
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "str":
                return str(node.value)
            case "int":
                return int(node.value)
            case "float":
                return float(node.value)
            case "bool":
                return str(node.value).lower() == "true"
            case "null":
                return None
        raise self._fault(node, f"the tag {node.tag} is not read here. Remove it.")

    def _fault(self, node: yaml.Node, sentence: str) -> ConfigurationError:
        return ConfigurationError(f"{self._path}, line {_line(node)}: {sentence}")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _syntax_sentence(path: Path, error: yaml.YAMLError) -> str:
    remedy = "Check the indentation, the colons and the quotes there."
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if not isinstance(error, yaml.MarkedYAMLError) or mark is None:
        return f"{path}: is not YAML. {remedy}"
    return f"{path}, line {mark.line + 1}: is not YAML: {error.problem}. {remedy}"


def _sentence(
    path: Path, detail: ErrorDetails, data: Plain, lines: dict[Place, int], model: type[BaseModel]
) -> str:
    place = _place_in(data, detail)
    if isinstance(fault := detail.get("ctx", {}).get("error"), FaultAt):
        place += fault.place
    known = next(place[:end] for end in range(len(place), -1, -1) if place[:end] in lines)
    where = f"{'.'.join(place)}: " if place else ""
    return f"{path}, line {lines[known]}: {where}{_complaint(detail, place, model)}"


def _place_in(data: Plain, detail: ErrorDetails) -> Place:
    """pydantic's location, less the names of validators and union members it weaves in."""
    place: list[str] = []
    here: Any = data
    for step in detail["loc"]:
        if isinstance(here, dict) and str(step) in here:
            here = here[str(step)]
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            continue
        place.append(str(step))
    if detail["type"] == "missing":
        place.append(str(detail["loc"][-1]))
    return tuple(place)


def _complaint(detail: ErrorDetails, place: Place, model: type[BaseModel]) -> str:
    kind = detail["type"]
    if kind == "missing":
        return "is missing. Add it."
    if kind == "extra_forbidden":
        if len(place) == 1 and issubclass(model, StrictModel) and place[0] in model.MOVED:
            return model.MOVED[place[0]]
        known = _fields_at(model, place[:-1])
        close = difflib.get_close_matches(place[-1], known, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else "Remove it or correct its spelling."
        return f"is not a setting that is known here. {hint}"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    message = detail["msg"].removeprefix("Input ").rstrip(".")
    return f"{message[0].lower()}{message[1:]}. Correct it."


def _fields_at(model: type[BaseModel], place: Place) -> list[str]:
    """The settings that may stand at ``place``, as far as the model's annotations tell."""
    models = [model]
    for step in place:
        fields = [owner.model_fields[step] for owner in models if step in owner.model_fields]
        if fields:
            models = [found for field in fields for found in _models_in(field.annotation)]
    return [field.alias or name for owner in models for name, field in owner.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)
