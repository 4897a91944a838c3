"""``config/triage``: one file per language and ``rules.yaml`` -> lexicons, settings, the engine."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from outreach.configuration.documents import FaultAt, StrictModel, load_document
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
from outreach.domain.triage.measures import MEASURED_CONCEPTS, Kind
from outreach.domain.triage.phrases import compile_phrase
from outreach.domain.triage.result import Action, Label

RULES = "rules.yaml"


def _as_text(value: object) -> object:
    """A number among words is a word: ``911``. A long phrase goes on in the next line after a |."""
    if isinstance(value, str):
        return value.replace("| ", "|")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _plain(text: str) -> str:
    """Words as the engine sees them."""
    if "'" in text or " ".join(piece.text for piece in pieces(text)) != text:
        raise ValueError(f"'{text}' needs lower case letters without accents or marks.")
    return text


def _as_several(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_several)]
Phrase = Annotated[str, BeforeValidator(_as_text)]
Words = Annotated[Phrase, AfterValidator(_plain)]


class _ConceptEntry(StrictModel):
    action: Action
    about: str
    phrases: tuple[Phrase, ...]
    label: Label | None = None
    always: bool = False
    only_alone: bool = False
    only_whole: bool = False
    only_first: bool = False
    only_last: bool = False
    replaces: Names = ()
    when_severe: str | None = None
    when_mild: str | None = None

    def concept(self, name: str) -> Concept:
        return Concept(
            name=name,
            action=self.action,
            label=self.label or LABEL_OF_ACTION[self.action],
            about=self.about,
            phrases=self.phrases,
            always=self.always,
            only_alone=self.only_alone,
            only_whole=self.only_whole,
            only_first=self.only_first,
            only_last=self.only_last,
            replaces=self.replaces,
            when_severe=self.when_severe,
            when_mild=self.when_mild,
        )


class _LexiconFile(StrictModel):
    language: str
    concepts: dict[str, _ConceptEntry]
    cues: dict[Cue, tuple[Phrase, ...]]
    groups: dict[str, tuple[Words, ...]] = Field(default_factory=dict)
    measures: dict[Kind, tuple[Words, ...]] = Field(default_factory=dict)
    text_speak: dict[str, Words] = Field(default_factory=dict)
    spellings: dict[Words, tuple[str, ...]] = Field(default_factory=dict)
    emoji: dict[str, Words] = Field(default_factory=dict)
    borrowed: dict[Words, Words] = Field(default_factory=dict)
    everyday_words: tuple[str, ...] = ()
    exact_words: tuple[str, ...] = ()
    real_words: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> "_LexiconFile":
        for name, entry in self.concepts.items():
            self._read_phrases(("concepts", name, "phrases"), entry.phrases)
            for key, other in (
                *(("replaces", replaced) for replaced in entry.replaces),
                ("when_severe", entry.when_severe),
                ("when_mild", entry.when_mild),
            ):
                if other is not None and other not in self.concepts:
                    raise FaultAt(
                        ("concepts", name, key), f"there is no concept '{other}'. Correct the name."
                    )
        for cue, phrases in self.cues.items():
            self._read_phrases(("cues", cue.value), phrases)
        self.rewrites()
        return self

    def _read_phrases(self, place: tuple[str, ...], phrases: tuple[str, ...]) -> None:
        for position, phrase in enumerate(phrases):
            try:
                compile_phrase(phrase, self.groups)
            except ValueError as problem:
                raise FaultAt((*place, str(position)), f"{problem}.") from problem

    def rewrites(self) -> dict[str, str]:
        """Short forms, misspellings and emoji -> the words they stand for."""
        rewrites = {key.casefold(): value for key, value in (self.emoji | self.text_speak).items()}
        for right, misspellings in self.spellings.items():
            for position, wrong in enumerate(misspellings):
                if rewrites.setdefault(wrong, right) != right:
                    raise FaultAt(
                        ("spellings", right, str(position)),
                        f"'{wrong}' stands for '{rewrites[wrong]}' already. Keep one of them.",
                    )
        return rewrites


class _CombinationEntry(StrictModel):
    concept: str
    action: Action
    about: str
    needs: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...] = ()

    def combination(self) -> Combination:
        label = LABEL_OF_ACTION[self.action]
        concept = Concept(self.concept, self.action, label, self.about)
        return Combination(concept, tuple(map(frozenset, self.needs)), frozenset(self.unless))


class _Limits(StrictModel):
    """What is left out keeps the default of ``TriageSettings``."""

    fever_f: float | None = None
    fever_c: float | None = None
    oxygen_call_911_below: int | None = None
    oxygen_page_below: int | None = None
    heart_rate_page_above: int | None = None
    heart_rate_page_below: int | None = None
    systolic_page_from: int | None = None
    diastolic_page_from: int | None = None
    systolic_page_below: int | None = None
    gain_per_day_lb: float | None = None
    gain_per_week_lb: float | None = None


class _RulesFile(StrictModel):
    limits: _Limits = _Limits()
    combinations: tuple[_CombinationEntry, ...] = ()


def load_engine(directory: Path) -> TriageEngine:
    """The engine for ``directory`` (``config/triage``), ready to read replies.

    Raises:
        outreach.domain.errors.ConfigurationError: a file is missing or a line of it is wrong;
            names file, line and remedy.
    """
    paths = sorted(path for path in directory.glob("*.yaml") if path.name != RULES)
    if not paths:
        raise ConfigurationError(
            f"{directory}: there is no lexicon here. Put en.yaml in it, or name the right folder."
        )
    lexicons = {path.stem: load_lexicon(path) for path in paths}
    settings = load_settings(directory / RULES)
    _agree(lexicons, settings, directory)
    return TriageEngine(lexicons, settings)


def load_lexicon(path: Path) -> Lexicon:
    """One language. Raises ConfigurationError as ``load_engine`` does."""
    file = load_document(path, _LexiconFile)
    if file.language != path.stem:
        raise ConfigurationError(
            f"{path}: language: says '{file.language}'. Write '{path.stem}', as the file is named."
        )
    return Lexicon(
        language=file.language,
        concepts=tuple(entry.concept(name) for name, entry in file.concepts.items()),
        groups=file.groups,
        cues=file.cues,
        rewrites=file.rewrites(),
        borrowed=file.borrowed,
        everyday_words=frozenset(file.everyday_words),
        measures={kind.value: frozenset(words) for kind, words in file.measures.items()},
        real_words=frozenset(file.real_words),
        exact_words=frozenset(file.exact_words),
    )


def load_settings(path: Path) -> TriageSettings:
    """Limits and combinations. Raises ConfigurationError as ``load_engine`` does."""
    file = load_document(path, _RulesFile)
    combinations = tuple(entry.combination() for entry in file.combinations)
    return TriageSettings(**file.limits.model_dump(exclude_none=True), combinations=combinations)


def _agree(lexicons: dict[str, Lexicon], settings: TriageSettings, directory: Path) -> None:
    """A concept asks for the same in every language, and rules name concepts that exist."""
    known: dict[str, tuple[str, Concept]] = {}
    for language, lexicon in lexicons.items():
        for concept in lexicon.concepts:
            first_language, first = known.setdefault(concept.name, (language, concept))
            if _demands(first) != _demands(concept):
                raise ConfigurationError(
                    f"{directory / language}.yaml: concepts.{concept.name}: differs from "
                    f"{first_language}.yaml in action, label, always, when_severe or when_mild."
                    " Make them the same."
                )
    names = set(known) | {c.concept.name for c in settings.combinations} | MEASURED_CONCEPTS
    for combination in settings.combinations:
        for name in frozenset[str]().union(combination.unless, *combination.needs) - names:
            raise ConfigurationError(
                f"{directory / RULES}: combinations: there is no concept '{name}'. Correct it."
            )


def _demands(concept: Concept) -> tuple[Action, Label, bool, str | None, str | None]:
    return (
        concept.action,
        concept.label,
        concept.always,
        concept.when_severe,
        concept.when_mild,
    )
