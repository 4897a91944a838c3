"""``config/triage``: one file per language and ``rules.yaml`` -> lexicons and settings.

Every fault names the file, the line and what to do about it; nothing is guessed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NoReturn, TypeVar

import yaml

from outreach.domain.errors import ConfigurationError
from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.folding import pieces
from outreach.domain.triage.lexicon import (
    LABEL_OF_ACTION,
    Combination,
    Concept,
    Cue,
    Lexicon,
    TriageSettings,
)
from outreach.domain.triage.measures import Kind
from outreach.domain.triage.phrases import compile_phrase
from outreach.domain.triage.result import Action, Label

RULES = "rules.yaml"

Named = TypeVar("Named", Action, Label, Cue, Kind)


def load_engine(directory: Path) -> TriageEngine:
    """The engine for ``directory`` (``config/triage``), compiled.

    Raises:
        ConfigurationError: a file is missing or wrong.
    """
    lexicons = {path.stem: load_lexicon(path) for path in _language_files(directory)}
    _agree(list(lexicons.values()), directory)
    return TriageEngine(lexicons, load_settings(directory / RULES))


def _language_files(directory: Path) -> list[Path]:
    found = sorted(path for path in directory.glob("*.yaml") if path.name != RULES)
    if not found:
        raise ConfigurationError(
            f"{directory}: no lexicon here; put at least en.yaml in it or name another directory"
        )
    return found


def _agree(lexicons: list[Lexicon], directory: Path) -> None:
    """A concept must ask for the same action in every language."""
    known: dict[str, tuple[str, Concept]] = {}
    for lexicon in lexicons:
        for concept in lexicon.concepts:
            language, first = known.setdefault(concept.name, (lexicon.language, concept))
            if (first.action, first.label, first.always) != (
                concept.action,
                concept.label,
                concept.always,
            ):
                raise ConfigurationError(
                    f"{directory / lexicon.language}.yaml: {concept.name} has another action, "
                    f"label or 'always' than in {language}.yaml; make them the same"
                )
    for lexicon in lexicons:
        for concept in lexicon.concepts:
            for key, name in (("when_severe", concept.when_severe), ("replaces", concept.replaces)):
                if name is not None and name not in known:
                    raise ConfigurationError(
                        f"{directory / lexicon.language}.yaml: {concept.name}: {key} names "
                        f"'{name}', which no file defines; add it or correct the name"
                    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a YAML file that knows where it stands."""

    path: Path
    node: yaml.Node

    def fail(self, problem: str) -> NoReturn:
        raise ConfigurationError(f"{self.path}, line {self.node.start_mark.line + 1}: {problem}")

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            self.fail("write one word or phrase here, not a list")
        return str(self.node.value).strip()

    def items(self) -> list["_Part"]:
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail("write a list here: lines that start with '-' or [a, b]")
        return [_Part(self.path, child) for child in self.node.value]

    def entries(self) -> Iterator[tuple["_Part", "_Part"]]:
        """Key and value of each entry; a key twice is a fault, since the first would be lost."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail("write 'name: value' lines here")
        seen: dict[str, int] = {}
        for key, value in self.node.value:
            part = _Part(self.path, key)
            name = part.text()
            if name in seen:
                part.fail(f"'{name}' stands on line {seen[name]} already; merge the two")
            seen[name] = key.start_mark.line + 1
            yield part, _Part(self.path, value)

    def named(self, kind: type[Named], what: str) -> Named:
        try:
            return kind(self.text())
        except ValueError:
            self.fail(f"'{self.text()}' is no {what}; use one of {', '.join(kind)}")

    def number(self) -> float:
        try:
            return float(self.text())
        except ValueError:
            self.fail(f"'{self.text()}' is not a number")

    def flag(self) -> bool:
        if self.text() not in {"true", "false"}:
            self.fail("write true or false")
        return self.text() == "true"


def _read(path: Path) -> _Part:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as problem:
        raise ConfigurationError(f"{path}: cannot be read; check that it exists") from problem
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigurationError(
            f"{path}{where}: not valid YAML in UTF-8; check quotes, colons and indentation"
        ) from problem
    if node is None:
        raise ConfigurationError(f"{path}: the file is empty; restore it from the examples")
    return _Part(path, node)


def load_lexicon(path: Path) -> Lexicon:
    """One language.

    Raises:
        ConfigurationError: the file cannot be read or a line of it is wrong.
    """
    sections = {key.text(): (key, value) for key, value in _read(path).entries()}
    for name, (key, _) in sections.items():
        if name not in _SECTIONS:
            key.fail(f"'{name}' is no section; use one of {', '.join(_SECTIONS)}")
    for name in ("language", "concepts", "cues"):
        if name not in sections:
            raise ConfigurationError(f"{path}: the section '{name}' is missing; add it")
    part = {name: value for name, (_, value) in sections.items()}
    language = part["language"].text()
    if language != path.stem:
        part["language"].fail(f"the file is called {path.name}; write language: {path.stem}")
    groups = _groups(part["groups"]) if "groups" in part else {}
    return Lexicon(
        language=language,
        groups=groups,
        concepts=tuple(_concepts(part["concepts"], groups)),
        cues={
            key.named(Cue, "cue"): _phrases(value, groups) for key, value in part["cues"].entries()
        },
        rewrites=_rewrites(part),
        measures={
            key.named(Kind, "measure").value: frozenset(item.text() for item in value.items())
            for key, value in (part["measures"].entries() if "measures" in part else ())
        },
        real_words=_words(part.get("real_words")),
        exact_words=_words(part.get("exact_words")),
    )


_SECTIONS = (
    "language", "groups", "concepts", "cues", "measures", "text_speak", "spellings", "emoji",
    "exact_words", "real_words",
)  # fmt: skip


def _words(part: _Part | None) -> frozenset[str]:
    return frozenset() if part is None else frozenset(item.text() for item in part.items())


def _groups(part: _Part) -> dict[str, tuple[str, ...]]:
    return {
        key.text(): tuple(_plain(item) for item in value.items()) for key, value in part.entries()
    }


def _plain(part: _Part) -> str:
    """Words as the engine sees them: lower case, no accents, no marks."""
    text = part.text()
    if " ".join(piece.text for piece in pieces(text)) != text or "'" in text:
        part.fail(f"'{text}': use lower case letters without accents or marks")
    return text


def _phrases(part: _Part, groups: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    phrases = []
    for item in part.items():
        try:
            compile_phrase(item.text(), groups)
        except ValueError as problem:
            item.fail(f"{problem}")
        phrases.append(item.text())
    return tuple(phrases)


def _concepts(part: _Part, groups: dict[str, tuple[str, ...]]) -> Iterator[Concept]:
    for key, value in part.entries():
        keys = {name.text(): (name, entry) for name, entry in value.entries()}
        for name, (place, _) in keys.items():
            if name not in _CONCEPT_KEYS:
                place.fail(f"a concept has no '{name}'; use {', '.join(_CONCEPT_KEYS)}")
        entry = {name: found for name, (_, found) in keys.items()}
        for name in ("action", "about", "phrases"):
            if name not in entry:
                key.fail(f"{key.text()} needs '{name}'")
        action = entry["action"].named(Action, "action")
        label = (
            entry["label"].named(Label, "label") if "label" in entry else LABEL_OF_ACTION[action]
        )
        yield Concept(
            name=key.text(),
            action=action,
            label=label,
            about=entry["about"].text(),
            phrases=_phrases(entry["phrases"], groups),
            always=_optional(entry, "always", _Part.flag, default=False),
            only_alone=_optional(entry, "only_alone", _Part.flag, default=False),
            replaces=_optional(entry, "replaces", _Part.text, default=None),
            when_severe=_optional(entry, "when_severe", _Part.text, default=None),
        )


_CONCEPT_KEYS = (
    "action", "label", "about", "always", "only_alone", "replaces", "when_severe", "phrases",
)  # fmt: skip
Value = TypeVar("Value")
Default = TypeVar("Default")


def _optional(
    entry: dict[str, _Part], name: str, read: Callable[[_Part], Value], *, default: Default
) -> Value | Default:
    return read(entry[name]) if name in entry else default


def _rewrites(part: dict[str, _Part]) -> dict[str, str]:
    rewrites: dict[str, str] = {}
    for section in ("emoji", "text_speak"):
        if section in part:
            rewrites |= {k.text().casefold(): _plain(v) for k, v in part[section].entries()}
    if "spellings" in part:
        for right, wrong in part["spellings"].entries():
            for item in wrong.items():
                if item.text() in rewrites and rewrites[item.text()] != right.text():
                    item.fail(f"'{item.text()}' already stands for '{rewrites[item.text()]}'")
                rewrites[item.text()] = _plain(right)
    return rewrites


def load_settings(path: Path) -> TriageSettings:
    """Limits and combinations.

    Raises:
        ConfigurationError: the file cannot be read or a line of it is wrong.
    """
    limits: dict[str, float] = {}
    combinations: list[Combination] = []
    for key, value in _read(path).entries():
        if key.text() == "limits":
            limits = dict(_limits(value))
        elif key.text() == "combinations":
            combinations = [_combination(item) for item in value.items()]
        else:
            key.fail(f"'{key.text()}' is no section; use limits or combinations")
    return TriageSettings(**limits, combinations=tuple(combinations))  # type: ignore[arg-type]


def _limits(part: _Part) -> Iterator[tuple[str, float]]:
    known = {field.name for field in fields(TriageSettings)} - {"combinations"}
    for key, value in part.entries():
        if key.text() not in known:
            key.fail(f"'{key.text()}' is no limit; use one of {', '.join(sorted(known))}")
        yield key.text(), value.number()


def _combination(part: _Part) -> Combination:
    entry = {key.text(): value for key, value in part.entries()}
    for name in ("concept", "action", "about", "needs"):
        if name not in entry:
            part.fail(f"a combination needs '{name}'")
    action = entry["action"].named(Action, "action")
    concept = Concept(
        entry["concept"].text(), action, LABEL_OF_ACTION[action], entry["about"].text()
    )
    needs = tuple(_words(item) for item in entry["needs"].items())
    return Combination(concept, needs, _words(entry.get("unless")))
