"""One reply read with one lexicon: its words, and every phrase and cue found among them."""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from outreach.domain.triage.folding import Gap, Piece, gap_of, split_number
from outreach.domain.triage.forms import english_forms, spanish_forms
from outreach.domain.triage.lexicon import SYMPTOM_LABELS, Concept, Cue, Lexicon
from outreach.domain.triage.phrases import COMMA, STOP, Phrase, anchors, compile_phrase, without
from outreach.domain.triage.result import Label
from outreach.domain.triage.sounds import spanish_sound
from outreach.domain.triage.spelling import Speller

_COMMAS_OF_A_LIST = 2
_POLITE = frozenset({
    "hi", "hello", "hey", "hola", "buenas", "buenos", "dias", "tardes", "noches", "good", "morning",
    "afternoon", "evening", "ok", "okay", "thanks", "thank", "you", "gracias", "please", "por",
    "favor", "bye", "adios", "doc", "doctor", "nurse", "lol", "call", "me", "see", "at", "tomorrow",
})  # fmt: skip
"""A greeting, thanks or a farewell with a comma is no item of a list."""
_OPENERS = _POLITE | frozenset({
    "so", "and", "but", "or", "also", "if", "y", "o", "pero", "si", "wondering", "question",
    "asking", "ask", "know", "wonder", "curious", "pregunta",
})  # fmt: skip
"""A statement may open with these before the words that make it a question."""
_CLOSERS = frozenset({
    "please", "thanks", "thank", "thx", "ty", "you", "now", "already", "ok", "okay", "asap",
    "immediately", "gracias", "por", "favor", "ya",
})  # fmt: skip
"""A statement may close with these."""
_WORDS_OF_AN_ITEM = 4
_TURNS = frozenset({"but", "except", "pero", "excepto", "although", "however"})
"""No phrase reaches over these: ``pee is fine but i had tea``. It does in ``my dose but i think it
was expired``, where a small word takes up what came before."""
_TAKES_UP = frozenset({"it", "its", "they", "theyre", "them", "creo", "estaba"})
_TAKES_UP_WITHIN = 4
_SPELLED = SYMPTOM_LABELS | {Label.OPT_OUT}
"""Only words of these concepts are worth a correction; the rest would bend ordinary words."""

_SOUNDS = {"es": spanish_sound}
"""Languages whose misspellings follow the ear."""
_FORMS = {"en": english_forms, "es": spanish_forms}
"""How each language changes the ends of its words."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words ``first`` up to, not including, ``end``, and what was found there."""

    first: int
    end: int
    rule: str
    denies: bool = False
    """The phrase holds a negation of its own (``not peeing``): none from outside undoes it."""


@dataclass(frozen=True, slots=True)
class Match:
    """A concept found at a place."""

    concept: Concept
    span: Span


@dataclass(slots=True)
class Reading:
    """The words of a reply as one language understands them."""

    words: list[str]
    gaps: list[Gap]
    """``gaps[i]`` stands between word i and word i+1."""
    places: list[tuple[int, int]]
    """Offsets of each word in the reply as received."""
    separators: list[str]
    matches: list[Match] = field(default_factory=list)
    cues: dict[Cue, list[Span]] = field(default_factory=dict)
    sentences: list[tuple[int, int]] = field(default_factory=list)
    """For each word its sentence; filled when first asked for."""
    everyday: int = 0
    """How many different small words of this language it has: how much the reply is in it."""

    def spans(self, cue: Cue) -> Sequence[Span]:
        """Where this cue stands, in order."""
        return self.cues.get(cue, ())

    def sentence(self, word: int) -> tuple[int, int]:
        """The sentence around ``word`` as a range of words."""
        if not self.sentences:
            first = 0
            for last, gap in enumerate(self.gaps):
                if gap is Gap.HARD or last == len(self.gaps) - 1:
                    self.sentences += [(first, last + 1)] * (last + 1 - first)
                    first = last + 1
        return self.sentences[word]


class Reader:
    """A lexicon compiled once; reads any number of replies."""

    def __init__(self, lexicon: Lexicon, foreign: Iterable[Lexicon] = ()) -> None:
        """``foreign`` lexicons lend their ordinary words, so that mixed texts are not bent.

        Raises:
            ValueError: a phrase of the lexicon cannot be read; names it.
        """
        self.lexicon = lexicon
        self._rewrites = {key: value.split() for key, value in lexicon.rewrites.items()}
        self._borrowed = lexicon.borrowed
        self._everyday = lexicon.everyday_words
        compiled: list[tuple[Phrase, Concept | Cue]] = []
        for concept in lexicon.concepts:
            compiled += [(compile_phrase(p, lexicon.groups), concept) for p in concept.phrases]
        for cue, phrases in lexicon.cues.items():
            compiled += [(compile_phrase(p, lexicon.groups), cue) for p in phrases]
        use = Counter(word for phrase, _ in compiled for word in set(phrase.words()))
        self._index: dict[str, list[int]] = defaultdict(list)
        self._beside: list[frozenset[str]] = []
        alike: dict[frozenset[str], frozenset[str]] = {}
        for number, (phrase, _) in enumerate(compiled):
            found = anchors(phrase, use)
            for word in set(found.rarest):
                self._index[word].append(number)
            self._beside.append(alike.setdefault(found.beside, found.beside))
        self._compiled = compiled
        self._patterns: list[re.Pattern[str] | None] = [None] * len(compiled)
        self._plain: dict[int, re.Pattern[str] | None] = {}
        self._negators = frozenset(lexicon.groups.get("negators", ()))
        self._may_deny = [not self._negators.isdisjoint(p.words()) for p, _ in compiled]
        own = set(use)
        ordinary = set(lexicon.real_words) | set(lexicon.exact_words)
        for other in foreign:
            ordinary |= other.real_words | words_of(other)
        telling = {
            word
            for phrase, meaning in compiled
            if isinstance(meaning, Concept) and meaning.label in _SPELLED
            for word in phrase.words()
        }
        self._speller = Speller(
            telling - lexicon.exact_words,
            ordinary | own,
            _SOUNDS.get(lexicon.language),
            _FORMS.get(lexicon.language),
        )

    def everyday_in(self, found: Iterable[Piece]) -> int:
        """How many different small words of this language there are, as written."""
        return len(self._everyday.intersection(piece.text for piece in found))

    def read(self, found: Sequence[Piece], *, correct: bool = True) -> Reading:
        """Reads the pieces of one reply; ``correct=False`` leaves misspelt words as they are."""
        reading = self._words(found, correct=correct)
        text, starts = _line(reading)
        for number in self._worth_trying(set(reading.words)):
            phrase, meaning = self._compiled[number]
            for match in _overlapping(self._pattern(number, phrase), text):
                first = bisect_right(starts, match.start()) - 1
                end = bisect_right(starts, match.end() - 1)
                denies = (
                    self._may_deny[number]
                    and not self._negators.isdisjoint(reading.words[first:end])
                    and not self._negated_in_a_gap(number, phrase, text, match)
                )
                span = Span(first, end, phrase.source, denies)
                if meaning is Cue.IDIOM and max(reading.gaps[first : end - 1], default=Gap.SPACE):
                    continue
                if isinstance(meaning, Cue):
                    reading.cues.setdefault(meaning, []).append(span)
                elif _counts_here(meaning, span, reading):
                    reading.matches.append(Match(meaning, span))
        return reading

    def _worth_trying(self, words: set[str]) -> list[int]:
        """The phrases whose rarest words are there: of thousands, dozens."""
        tried: set[int] = set()
        for word in words & self._index.keys():
            tried.update(self._index[word])
        beside = self._beside
        return sorted(
            number
            for number in tried
            if not (needed := beside[number]) or not needed.isdisjoint(words)
        )

    def _negated_in_a_gap(
        self, number: int, phrase: Phrase, text: str, match: re.Match[str]
    ) -> bool:
        """``leg is not red`` matches ``leg .. red|wont+move`` with a no that is none of its own."""
        if number not in self._plain:
            expression = without(phrase, self._negators)
            self._plain[number] = re.compile(expression) if expression else None
        plain = self._plain[number]
        found = plain.match(text, match.start()) if plain is not None else None
        return found is not None and found.end() <= match.end()

    def _pattern(self, number: int, phrase: Phrase) -> re.Pattern[str]:
        """Compiled when first needed: a lexicon holds thousands, a reply touches dozens."""
        pattern = self._patterns[number]
        if pattern is None:
            pattern = self._patterns[number] = re.compile(phrase.expression)
        return pattern

    def _words(self, found: Sequence[Piece], *, correct: bool) -> Reading:
        reading = Reading([], [], [], [])
        for piece in found:
            rewritten = self._rewrite(piece, correct=correct)
            if rewritten is None:
                if reading.gaps:  # an emoji nobody has given a meaning: it only separates
                    reading.gaps[-1] = max(Gap.SOFT, reading.gaps[-1], gap_of(piece.after))
                continue
            for part, words in rewritten:
                reading.words += words
                reading.places += [(part.start, part.end)] * len(words)
                reading.gaps += [Gap.SPACE] * len(words)
                reading.separators += [""] * len(words)
            reading.gaps[-1] = gap_of(piece.after)
            reading.separators[-1] = piece.after
        said = set(reading.words)
        reading.everyday = len(self._everyday & said)
        if reading.everyday and not self._borrowed.keys().isdisjoint(said):
            reading.words = [self._borrowed.get(word, word) for word in reading.words]
        return reading

    def _rewrite(self, piece: Piece, *, correct: bool) -> list[tuple[Piece, list[str]]] | None:
        """The words a piece stands for; None for a character that stands for none."""
        known = self._rewrites.get(piece.text)
        if known is not None:
            return [(piece, known)]
        word = piece.text
        if not word.isascii():
            return None
        if not word.isalpha():
            parts = split_number(piece)
            if len(parts) > 1:
                return [(part, self._rewrites.get(part.text, [part.text])) for part in parts]
            word = parts[0].text
            if "'" in word:
                if word.endswith("'s") and self._speller.knows(word[:-2]):
                    word = word[:-2]
                word = word.replace("'", "")
                if word in self._rewrites:
                    return [(piece, self._rewrites[word])]
        corrected: list[str] = []
        for part_word in self._speller.words(word) if correct else [word]:
            corrected += self._rewrites.get(part_word, [part_word])
        return [(piece, corrected)]


def _counts_here(concept: Concept, span: Span, reading: Reading) -> bool:
    if concept.only_whole:
        return span.end - span.first == len(reading.words)
    if concept.only_last and not _CLOSERS.issuperset(reading.words[span.end :]):
        return False
    before = span.first - 1
    return (
        not concept.only_first
        or before < 0
        or reading.gaps[before] is not Gap.SPACE
        or reading.words[before] in _OPENERS
    )


def _overlapping(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Every match, also one that begins inside another: a denied word before must hide none."""
    match = pattern.search(text)
    while match is not None:
        yield match
        match = pattern.search(text, match.start() + 1)


def words_of(lexicon: Lexicon) -> set[str]:
    """Every word the concepts of a lexicon are written with."""
    words = {w for group in lexicon.groups.values() for choice in group for w in choice.split()}
    for concept in lexicon.concepts:
        for phrase in concept.phrases:
            plain = phrase.replace("?", " ").replace("|", " ").replace("+", " ")
            words.update(plain.split())
    return words | set(lexicon.rewrites)


def _is_list(reading: Reading) -> bool:
    """``headache, sore site, fever``: short items with commas between. Sentences are none."""
    commas = [place for place, mark in enumerate(reading.separators) if mark.strip() == ","]
    if len(commas) < _COMMAS_OF_A_LIST:
        return False
    starts = [0, *(place + 1 for place in commas)]
    short = all(end - start < _WORDS_OF_AN_ITEM for start, end in zip(starts, commas, strict=False))
    ends = [*(place + 1 for place in commas), len(reading.words)]
    polite = sum(
        all(word in _POLITE or word.isdecimal() for word in reading.words[start:end])
        for start, end in zip(starts, ends, strict=True)
    )
    return short and len(commas) - polite >= _COMMAS_OF_A_LIST


def _line(reading: Reading) -> tuple[str, list[int]]:
    """The words in one line, sentence ends marked, and where each word starts."""
    listing = _is_list(reading)
    line = [" "]
    starts: list[int] = []
    position = 1
    words = reading.words
    for place, (word, gap, separator) in enumerate(
        zip(words, reading.gaps, reading.separators, strict=True)
    ):
        starts.append(position)
        turns = gap is Gap.HARD or (
            word in _TURNS and _TAKES_UP.isdisjoint(words[place + 1 : place + 1 + _TAKES_UP_WITHIN])
        )
        mark = STOP if turns else COMMA if listing and "," in separator else ""
        piece = f"{word}{mark} "
        line.append(piece)
        position += len(piece)
    return "".join(line), starts
