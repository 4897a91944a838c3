"""The engine: one reply in, one decision out. Deterministic, no network, compiled once.

Every lexicon reads every reply, whatever language the patient is said to speak: people mix.
"""

from collections.abc import Iterable, Iterator, Mapping

from outreach.domain.triage import verdict
from outreach.domain.triage.amounts import disagreeing_amounts
from outreach.domain.triage.answers import Answer, read_answer, words_of
from outreach.domain.triage.context import Context
from outreach.domain.triage.folding import Piece, pieces
from outreach.domain.triage.keywords import bare_word, carrier_keyword, is_our_answer
from outreach.domain.triage.lexicon import Concept, Lexicon, TriageSettings
from outreach.domain.triage.measures import Kind, Measures
from outreach.domain.triage.reading import Match, Reader, Reading
from outreach.domain.triage.result import Action, Label, Prompt, Triage
from outreach.domain.triage.screening import read_screen
from outreach.domain.triage.survey_answers import read_interference, read_symptoms
from outreach.domain.triage.verdict import Seen

_SURELY_ANOTHER_LANGUAGE = 3
"""Small words of another language, and none of its own: a lexicon then corrects no spelling, or it
would bend ``medias`` into ``medics``."""


class TriageEngine:
    """Understands replies. Safe to share between threads: it keeps nothing of what it reads."""

    def __init__(
        self, lexicons: Mapping[str, Lexicon], settings: TriageSettings | None = None
    ) -> None:
        """Compiles the lexicons, keyed by language.

        Raises:
            ValueError: a phrase cannot be read, or ``when_severe`` or ``when_mild`` names no
                concept.
        """
        self._settings = settings or TriageSettings()
        self._readers = {
            language: Reader(
                lexicon, [other for other in lexicons.values() if other is not lexicon]
            )
            for language, lexicon in lexicons.items()
        }
        self._measures = {
            language: {Kind(name): words for name, words in lexicon.measures.items()}
            for language, lexicon in lexicons.items()
        }
        self._severe = _severe_forms(lexicons.values())
        self._mild = _mild_forms(lexicons.values())

    def triage(
        self, text: str, language: str | None = None, prompt: Prompt | None = None
    ) -> Triage:
        """Decides on one reply.

        ``language`` (``en``, ``es-US``) only says which lexicon reads first: all are consulted.
        ``prompt`` is the open question that gives a bare ``2`` or ``Y`` its meaning.
        """
        found = pieces(text)
        sightings: list[tuple[int, Seen]] = []
        asks = "?" in text
        small_words = {name: reader.everyday_in(found) for name, reader in self._readers.items()}
        for name in self._order(language):
            others = max((n for other, n in small_words.items() if other != name), default=0)
            foreign = small_words[name] == 0 and others >= _SURELY_ANOTHER_LANGUAGE
            reading = self._readers[name].read(found, correct=not foreign)
            seen_here = self._seen(reading, self._measures[name])
            sightings += [(reading.everyday, item) for item in seen_here]
        seen = verdict.settled(_once(sightings))
        seen += self._combined(seen)
        keyword = carrier_keyword(text)
        answer = _answer(text, prompt, seen, found)
        labels = verdict.labels_of(seen, found, None if answer else keyword, asks=asks)
        standing = verdict.by_weight(seen)
        names = list(dict.fromkeys(item.concept.name for item in standing))
        actions = {item.concept.action for item in standing}
        if answer is None and is_our_answer(text):
            labels.add(Label.LOGISTICS)
        if answer is not None:
            labels.add(answer.label)
            actions.add(answer.action)
            names.append(answer.concept)
        stopped = keyword == "stop"
        if stopped:
            labels.add(Label.OPT_OUT)
        label = verdict.worst(labels)
        action = verdict.action_for(label, answer, actions)
        return Triage(
            label=label,
            urgent=label is Label.URGENT,
            action=action,
            concepts=tuple(names),
            opt_out=stopped or any(item.concept.label is Label.OPT_OUT for item in standing),
            opt_in=keyword == "start" or verdict.OPT_IN in names,
            help=keyword == "help" or verdict.HELP in names,
            staff=action is not Action.NONE
            or bare_word(text) == "cancel"
            or (prompt is Prompt.REDFLAG_YES_NO and answer is None)
            or verdict.needs_reading(seen, found, label),
            at_er=verdict.AT_ER in names,
            answer=answer.value if answer is not None else None,
            findings=tuple(item.finding() for item in sorted(seen, key=_place)),
            reason=verdict.reason(label, action, seen, answer),
        )

    def _order(self, language: str | None) -> list[str]:
        own = (language or "").split("-")[0].casefold()
        return sorted(self._readers, key=lambda name: (name != own, name))

    def _seen(self, reading: Reading, words: Mapping[Kind, frozenset[str]]) -> Iterator[Seen]:
        context = Context(reading)
        measured = Measures(reading, words, self._settings).matches()
        amounts = disagreeing_amounts(reading, words)
        for match in [*reading.matches, *measured, *amounts]:
            yield Seen(
                self._graded(match, context),
                reading.places[match.span.first][0],
                reading.places[match.span.end - 1][1],
                match.span.rule,
                context.set_aside(match),
            )

    def _graded(self, match: Match, context: Context) -> Concept:
        """The concept, or what it becomes beside ``severe`` or ``a little``; numbers stay."""
        name = match.concept.name
        if name in self._severe and context.severe_near(match.span):
            return self._severe[name]
        if name in self._mild and match.concept.phrases and context.made_little_of(match.span):
            return self._mild[name]
        return match.concept

    def _combined(self, seen: list[Seen]) -> list[Seen]:
        standing = [item for item in seen if item.set_aside is None]
        said = {item.concept.name for item in standing}
        result = []
        for combination in self._settings.combinations:
            if combination.unless & said or not all(need & said for need in combination.needs):
                continue
            wanted = frozenset[str]().union(*combination.needs)
            parts = [item for item in standing if item.concept.name in wanted]
            start, end = min(item.start for item in parts), max(item.end for item in parts)
            result.append(Seen(combination.concept, start, end, "combination"))
        return result


def _answer(
    text: str, prompt: Prompt | None, seen: list[Seen], found: list[Piece]
) -> Answer | None:
    if prompt is Prompt.SCREEN:
        return read_screen(seen, found, asks="?" in text)
    if prompt is Prompt.SYMPTOM:
        return read_symptoms(text, seen, found)
    if prompt is Prompt.INTERFERENCE_0_4:
        return read_interference(words_of(found))
    return None if prompt is None else read_answer(text, prompt)


def _severe_forms(lexicons: Iterable[Lexicon]) -> dict[str, Concept]:
    """What each concept becomes beside a severity word: the one it names, or a same-day one."""
    concepts = {concept.name: concept for lexicon in lexicons for concept in lexicon.concepts}
    forms: dict[str, Concept] = {}
    for concept in concepts.values():
        if concept.when_severe is not None:
            if concept.when_severe not in concepts:
                raise ValueError(f"{concept.name}: when_severe names no concept")
            forms[concept.name] = concepts[concept.when_severe]
        elif concept.label is Label.SYMPTOM_MILD:
            forms[concept.name] = Concept(
                concept.name, Action.SAME_DAY, Label.SYMPTOM_MODERATE, f"severe {concept.about}"
            )
    return forms


def _mild_forms(lexicons: Iterable[Lexicon]) -> dict[str, Concept]:
    concepts = {concept.name: concept for lexicon in lexicons for concept in lexicon.concepts}
    forms: dict[str, Concept] = {}
    for concept in concepts.values():
        if concept.when_mild is not None:
            if concept.when_mild not in concepts:
                raise ValueError(f"{concept.name}: when_mild names no concept")
            forms[concept.name] = concepts[concept.when_mild]
    return forms


def _place(item: Seen) -> tuple[int, int, str]:
    return item.start, item.end, item.concept.name


def _once(seen: Iterable[tuple[int, Seen]]) -> list[Seen]:
    """One sighting per concept and place, each with how much the reply is in its language.

    Where languages differ on a word they share (``pus``, ``101.1``) the one that the sentence is
    in decides: ``no tengo pus`` denies. Where neither is, what stands stands.
    """
    best: dict[tuple[str, int, int], tuple[int, Seen]] = {}
    for everyday, item in seen:
        key = (item.concept.name, item.start, item.end)
        known = best.get(key)
        if known is None or _outweighs((everyday, item), known):
            best[key] = (everyday, item)
    return [item for _, item in best.values()]


def _outweighs(new: tuple[int, Seen], known: tuple[int, Seen]) -> bool:
    if (new[1].set_aside is None) is (known[1].set_aside is None):
        return False
    return new[0] > known[0] or (new[0] == known[0] and new[1].set_aside is None)
