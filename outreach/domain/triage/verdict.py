"""From what was seen in a reply to one label, one action and one sentence of reasons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from outreach.domain.triage.answer_words import SCREEN_BESIDE, SCREEN_DENIALS, SCREEN_HAVING
from outreach.domain.triage.answers import Answer
from outreach.domain.triage.context import (
    ANIMAL,
    DENIED_LATER,
    HYPOTHETICAL,
    LONG_AGO,
    NEGATION,
    OTHER_PAST,
)
from outreach.domain.triage.folding import Piece
from outreach.domain.triage.keywords import Keyword
from outreach.domain.triage.lexicon import SYMPTOM_LABELS, Concept
from outreach.domain.triage.result import Action, Finding, Label

RANK = (
    Label.URGENT,
    Label.OPT_OUT,
    Label.SYMPTOM_MODERATE,
    Label.SYMPTOM_MILD,
    Label.LOGISTICS,
    Label.QUESTION,
    Label.NONE_OK,
    Label.UNCLEAR,
)
"""Of several meanings in one reply the first of these is its label."""

AT_ER = "at_er"
OPT_IN = "opt_in"
HELP = "help_wanted"
ACKNOWLEDGED = "acknowledged"
"""A polite word (ok, thanks): it closes a reply only when there is little else in it."""
DOSE_DONE = "dose_done"
FEVER = "fever"
MEASURED = frozenset({"fever_low", "temperature_normal"})
BELOW_LIMIT = "measured below the limit"
SCREEN_PLAIN = SCREEN_BESIDE | SCREEN_DENIALS | SCREEN_HAVING
"""Words that add nothing to a no."""

_WORDS_BESIDE_A_THANKS = 3
_WORDS_BESIDE_A_DENIAL = 1
_WORDS_BESIDE_ANY = 10
"""Words nobody has understood beside an all-clear: with more than this a person reads it too."""
_LABEL_OF_KEYWORD = {"stop": Label.OPT_OUT, "start": Label.LOGISTICS, "help": Label.QUESTION}
_USUAL_ACTION = {
    Label.URGENT: Action.PAGE_1H,
    Label.OPT_OUT: Action.NONE,
    Label.SYMPTOM_MODERATE: Action.SAME_DAY,
    Label.SYMPTOM_MILD: Action.ROUTINE,
    Label.LOGISTICS: Action.ROUTINE,
    Label.QUESTION: Action.ROUTINE,
    Label.NONE_OK: Action.NONE,
    Label.UNCLEAR: Action.ROUTINE,
}
_PRESSING = {action: place for place, action in enumerate(Action)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A concept at a place of the reply, and the rule that sets it aside, if any."""

    concept: Concept
    start: int
    end: int
    rule: str
    set_aside: str | None = None

    def finding(self) -> Finding:
        """As the result shows it."""
        return Finding(
            self.concept.name, self.concept.action, self.start, self.end, self.rule, self.set_aside
        )


def settled(seen: Sequence[Seen]) -> list[Seen]:
    """What needs the whole reply to decide: denied anaphylaxis, and fever with a measured value.

    A denial alone never clears suicidal words, and clears anaphylaxis words only when the reply
    also denies another symptom or says that all is well.
    """
    measured_low = any(item.concept.name in MEASURED and not item.set_aside for item in seen)
    softer = [item for item in seen if item.concept.replaces]
    result = []
    for item in seen:
        if any(_explains_away(o, item) for o in (seen if item.concept.only_alone else softer)):
            continue
        if item.concept.only_alone and _made_of_others(item, seen):
            continue
        if item.concept.always and item.set_aside == NEGATION and not _cleared(item, seen):
            item = replace(item, set_aside=None)
        elif item.concept.name == FEVER and measured_low and item.set_aside is None:
            item = replace(item, set_aside=BELOW_LIMIT)
        result.append(item)
    return result


def _cleared(item: Seen, seen: Sequence[Seen]) -> bool:
    """True when more than one denial speaks against a flag that denial alone does not clear."""
    if item.concept.action is Action.CALL_988:
        return False
    return any(
        _says_well(other)
        or (
            _symptom(other)
            and other.set_aside == NEGATION
            and (other.end <= item.start or item.end <= other.start)
        )
        for other in seen
    )


def _explains_away(other: Seen, item: Seen) -> bool:
    """``almost passed out`` leaves no ``passed out``; a net catches what nothing else did."""
    if not (other.start <= item.start and item.end <= other.end):
        return False
    if item.concept.name in other.concept.replaces:
        return not _stays_ill(other)
    return item.concept.only_alone and _symptom(other) and not other.concept.only_alone


def _made_of_others(item: Seen, seen: Sequence[Seen]) -> bool:
    """``dry mouth and back pain``: a net that only ties together what is known for itself."""
    known = [
        other
        for other in seen
        if _symptom(other) and not other.concept.only_alone and other.set_aside is None
    ]
    return any(o.start <= item.start < o.end <= item.end for o in known) and any(
        item.start <= o.start < item.end <= o.end for o in known
    )


def _stays_ill(item: Seen) -> bool:
    """``headache is not gone``: what would explain an ailment away is denied itself."""
    return item.concept.label is Label.NONE_OK and item.set_aside is not None


def _says_well(item: Seen) -> bool:
    concept = item.concept
    return (
        concept.label is Label.NONE_OK and concept.name != ACKNOWLEDGED and item.set_aside is None
    )


def _says_no(item: Seen) -> bool:
    """A symptom denied. ``No me da el aire`` denies none: a net alone does not know what."""
    denied = item.set_aside in {NEGATION, DENIED_LATER}
    return _symptom(item) and denied and not item.concept.only_alone


def _symptom(item: Seen) -> bool:
    return item.concept.label in SYMPTOM_LABELS


def labels_of(
    seen: Sequence[Seen], found: Sequence[Piece], keyword: Keyword | None, *, asks: bool
) -> set[Label]:
    """Every label the reply deserves apart from its answer to an open question."""
    labels = {item.concept.label for item in seen if item.set_aside is None}
    only_polite = Label.NONE_OK in labels and not any(_says_well(item) for item in seen)
    if only_polite and _words_beside(seen, found) > _WORDS_BESIDE_A_THANKS:
        labels.discard(Label.NONE_OK)
    if any(_says_no(item) for item in seen):
        labels.add(Label.NONE_OK)
    if asks or any(_symptom(item) and item.set_aside == HYPOTHETICAL for item in seen):
        labels.add(Label.QUESTION)
    if keyword is not None:
        labels.add(_LABEL_OF_KEYWORD[keyword])
    return labels


def worst(labels: Iterable[Label]) -> Label:
    """The label that counts; ``unclear`` when nothing was understood."""
    return min(labels, key=RANK.index, default=Label.UNCLEAR)


def action_for(label: Label, answer: Answer | None, actions: Iterable[Action]) -> Action:
    """The most pressing of what the label asks for and what its findings ask for."""
    usual = _USUAL_ACTION[label]
    if answer is not None and answer.label is label:
        usual = answer.action
    return most_pressing([usual, *actions])


def most_pressing(actions: Iterable[Action]) -> Action:
    """The action to be taken first."""
    return min(actions, key=_PRESSING.__getitem__)


def needs_reading(seen: Sequence[Seen], found: Sequence[Piece], label: Label) -> bool:
    """True when a person must read a reply that asks for no action.

    A red flag set aside by anything but a plain denial, and text nobody understood, are read.
    A denied red flag with more in the text than a denial is read too: ``never fainted, till now``.
    """
    doubtful = any(
        _symptom(item)
        and (
            item.set_aside in {OTHER_PAST, LONG_AGO, ANIMAL}
            or (item.set_aside and item.concept.always)
        )
        for item in seen
    )
    if doubtful or label is not Label.NONE_OK:
        return doubtful
    flag_denied = any(
        item.set_aside == NEGATION and item.concept.label is Label.URGENT for item in seen
    )
    if flag_denied and _words_beside(seen, found, SCREEN_PLAIN) > _WORDS_BESIDE_A_DENIAL:
        return True
    return _words_beside(seen, found) > _WORDS_BESIDE_ANY


def _words_beside(
    seen: Sequence[Seen], found: Sequence[Piece], plain: frozenset[str] = frozenset()
) -> int:
    """How many words are part of nothing that was seen, ``plain`` ones not counted."""
    return sum(
        not any(item.start <= piece.start and piece.end <= item.end for item in seen)
        for piece in found
        if piece.text.isascii() and piece.text.replace("'", "") not in plain
    )


def by_weight(seen: Iterable[Seen]) -> list[Seen]:
    """What stands, the most pressing first."""
    standing = [item for item in seen if item.set_aside is None]
    return sorted(standing, key=lambda item: (_PRESSING[item.concept.action], item.start))


def reason(label: Label, action: Action, seen: Sequence[Seen], answer: Answer | None) -> str:
    """One sentence for staff; holds none of the patient's words."""
    standing = list(dict.fromkeys(item.concept.about for item in by_weight(seen)))
    aside = list(
        dict.fromkeys(
            f"{item.concept.about} ({item.set_aside})"
            for item in seen
            if item.set_aside is not None and _symptom(item)
        )
    )
    parts = [f"{label.value.replace('_', ' ')}, action {action.value.replace('_', ' ')}"]
    if answer is not None:
        parts.append(f"answered {answer.value or 'outside the question'}")
    parts.append("seen: " + ", ".join(standing) if standing else "nothing in it was recognised")
    if aside:
        parts.append("set aside: " + ", ".join(aside))
    return "; ".join(parts) + "."
