"""What a nurse writes down about one language: concepts, phrases, spellings and cue words.

These are values only; ``outreach.configuration.triage_files`` reads them from ``config/triage``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from outreach.domain.triage.result import Action, Label

URGENT_ACTIONS = frozenset({Action.CALL_911, Action.CALL_988, Action.PAGE_1H})
"""Actions that bypass quiet hours and page a person."""

LABEL_OF_ACTION: Mapping[Action, Label] = {
    Action.CALL_911: Label.URGENT,
    Action.CALL_988: Label.URGENT,
    Action.PAGE_1H: Label.URGENT,
    Action.SAME_DAY: Label.SYMPTOM_MODERATE,
    Action.ROUTINE: Label.SYMPTOM_MILD,
    Action.NONE: Label.NONE_OK,
}
"""What a reply is called when a concept states an action and no label of its own."""


SYMPTOM_LABELS = frozenset({Label.URGENT, Label.SYMPTOM_MODERATE, Label.SYMPTOM_MILD})
"""Labels of concepts about the patient's health: the ones that context can set aside."""


class Cue(StrEnum):
    """Words that say how to take the words near them; the keys of ``cues`` in a lexicon."""

    NEGATION = "negation"
    NOT_NEGATION = "not_negation"
    """Looks like a negation and is none: ``not only``, ``no longer``, ``no se quita``."""
    CONTINUES = "continues"
    """Carries a negation on through a list: ``or``, ``ni``."""
    AND = "and"
    """Ends the reach of a negation, and of nothing else."""
    BREAK = "break"
    """Ends the reach of what came before: ``but``, ``except``, ``pero``."""
    CLAUSE = "clause"
    """Opens a new statement (``i have``, ``tengo``) unless a negation stands right before it."""
    IDIOM = "idiom"
    LONG_AGO = "long_ago"
    PRESENT = "present"
    OTHER = "other"
    """A person who is hardly ever the patient: ``my neighbor``, ``mi suegra``."""
    KIN = "kin"
    """A relative whom people care for, ``my mom``: what she ``had`` is past unless recent."""
    KIN_PAST = "kin_past"
    """Past enough when the text is about a relative: ``had``, ``died of``, ``tuvo``."""
    RECENT = "recent"
    """Ties what befell a relative to these days: ``last night``, ``after her infusion``."""
    CLOSE = "close"
    """A person who may be the patient while somebody else holds the phone: ``my son``."""
    OTHER_PAST = "other_past"
    """Past enough when the text is about somebody else: ``had``, ``died of``, ``tuvo``."""
    SELF = "self"
    HYPOTHETICAL = "hypothetical"
    MAYBE_HYPOTHETICAL = "maybe_hypothetical"
    """Hypothetical only in a text that also asks something: Spanish ``si`` is also ``yes``."""
    NOT_HYPOTHETICAL = "not_hypothetical"
    """Looks imagined and happens: ``when i get up``, ``cuando camino``."""
    ASKS = "asks"
    PET = "pet"
    """An animal: what befalls it is no patient's."""
    SOURCE = "source"
    """Where somebody reads or hears of dangers: ``the leaflet``, ``they said watch for``."""
    NONE_OF_IT = "none_of_it"
    """Denies what was named before it: ``none of that happened``."""
    THAT_WAS_AGO = "that_was_ago"
    """Dates the sentence before it: ``that was ten years ago``."""
    TRIED = "tried"
    """An attempt that was made: long ago it is history."""
    SEVERE = "severe"
    MILD = "mild"
    """Makes little of the words right after or around it: ``a bit swollen``."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing a reply can say, and what must happen then."""

    name: str
    action: Action
    label: Label
    about: str
    """How staff read it, for example ``chest pain``."""
    phrases: tuple[str, ...] = ()
    always: bool = False
    """Never taken out of account by negation alone (suicidal words, anaphylaxis)."""
    only_alone: bool = False
    """Counts only where nothing else was found at the same words: a safety net."""
    only_whole: bool = False
    """Counts only where it is all that the reply says: ``no more``."""
    only_first: bool = False
    """Counts only where it opens a statement: ``did it hurt``, and not ``i did it``."""
    only_last: bool = False
    """Counts only where it ends the reply: ``too many texts, stop``, and not ``the stop sign``."""
    replaces: tuple[str, ...] = ()
    """Concepts whose words it explains away: ``almost passed out`` is no fainting."""
    when_severe: str | None = None
    """The concept it becomes when a severity word stands near."""
    when_mild: str | None = None
    """The milder concept it becomes beside a word such as ``little``; never beside ``worse``."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything triage knows about one language."""

    language: str
    concepts: tuple[Concept, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that may stand for one another; a phrase names a group as ``<pain>``."""
    cues: Mapping[Cue, tuple[str, ...]] = field(default_factory=dict)
    rewrites: Mapping[str, str] = field(default_factory=dict)
    """Text-speak, misspellings and emoji -> the words they stand for."""
    borrowed: Mapping[str, str] = field(default_factory=dict)
    """Words of the other language -> ours, for people who mix: ``no puede breathe``."""
    everyday_words: frozenset[str] = frozenset()
    """Small words of this language alone; a reply without one of them borrows nothing."""
    measures: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Words that tell what a number measures; the keys are those of ``measures.Kind``."""
    real_words: frozenset[str] = frozenset()
    """Ordinary words that look like a lexicon word and must not be corrected into it."""
    exact_words: frozenset[str] = frozenset()
    """Words nothing is ever corrected into: STOP and its like."""


@dataclass(frozen=True, slots=True)
class Combination:
    """A concept that follows from others said together: headache and stiff neck."""

    concept: Concept
    needs: tuple[frozenset[str], ...]
    """One concept of every set must be said."""
    unless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TriageSettings:
    """Thresholds and combinations a clinic may change in ``config/triage/rules.yaml``."""

    fever_f: float = 100.4
    fever_c: float = 38.0
    oxygen_call_911_below: int = 90
    oxygen_page_below: int = 92
    heart_rate_page_above: int = 120
    heart_rate_page_below: int = 45
    systolic_page_from: int = 180
    diastolic_page_from: int = 120
    systolic_page_below: int = 90
    gain_per_day_lb: float = 3.0
    gain_per_week_lb: float = 5.0
    combinations: tuple[Combination, ...] = ()
