"""How to take a matched phrase: denied, long ago, somebody else's, or only imagined.

Asymmetric toward safety: a red flag is set aside only on strong evidence (clinical rules after
NegEx and ConText, with the reach of a negation ended by ``but``, punctuation, emoji and ``and``).
"""

from collections.abc import Sequence

from outreach.domain.triage.context_words import (
    BETWEEN_NO_AND_SIGN,
    CLAUSE_MAY_FOLLOW,
    DENIALS_OF_LISTS,
    HYPOTHETICAL_REACH,
    IDIOM_LEADS,
    LIST_REACH,
    LIST_STEP,
    MARKS_BEFORE_ANSWER,
    MILD_REACH,
    NOES,
    NOTHING,
    POST_NEGATION,
    PRONOUNS,
    REACH,
    SEVERE_REACH,
    WORDS_OF_RULE,
)
from outreach.domain.triage.folding import Gap
from outreach.domain.triage.lexicon import SYMPTOM_LABELS, Cue
from outreach.domain.triage.reading import Match, Reading, Span
from outreach.domain.triage.remarks import (
    is_about_a_pet,
    is_dated_later,
    is_denied_later,
    is_only_read_about,
    was_tried,
)
from outreach.domain.triage.result import Action, Label

NEGATION = "negation"
IDIOM = "idiom"
HYPOTHETICAL = "hypothetical"
DENIED_LATER = "feared, and denied afterwards"
LONG_AGO = "long ago"
OTHER_PAST = "another person, past"
ANIMAL = "an animal"
"""The rules that set a finding aside, as findings and reasons name them."""


class Context:
    """The cues of one reading, laid out by word for quick questions."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        count = len(reading.words) + 1
        self._false_negation = _covered(reading.spans(Cue.NOT_NEGATION), count)
        self._breaks = _covered(reading.spans(Cue.BREAK), count)
        self._clauses = _covered(reading.spans(Cue.CLAUSE), count)
        self._continues = _covered(reading.spans(Cue.CONTINUES), count)
        self._ands = _covered(reading.spans(Cue.AND), count)
        asked = any("?" in separator for separator in reading.separators)
        self._asked = asked or bool(reading.spans(Cue.ASKS))
        self._negation_ends = [False] * count
        answers = [word for word in range(len(reading.words)) if self._is_answer(word)]
        self._denies_a_list = not DENIALS_OF_LISTS.isdisjoint(reading.words)
        self._answers_in_turn = len(answers) > 1
        for span in reading.spans(Cue.NEGATION):
            if not self._false_negation[span.first] and not self._false_negation[span.end - 1]:
                self._negation_ends[span.end - 1] = True

    def set_aside(self, match: Match) -> str | None:
        """The rule that takes this match out of account, or None when it stands."""
        span, concept = match.span, match.concept
        if concept.label not in SYMPTOM_LABELS:
            deniable = concept.label in {Label.NONE_OK, Label.OPT_OUT}
            stray = concept.label is Label.NONE_OK and (
                self._stray_no(span) or self._follows_nothing(span)
            )
            return NEGATION if stray or (deniable and self.negated(span)) else None
        if self._inside_idiom(span):
            return IDIOM
        if self._of_another(span):
            return OTHER_PAST
        if self.negated(span):
            return NEGATION
        if concept.always and concept.action is Action.CALL_988:
            tried_once = was_tried(self._reading, span) and self._long_ago(span)
            return LONG_AGO if tried_once else None
        if is_about_a_pet(self._reading, span):
            return ANIMAL
        if is_denied_later(self._reading, span):
            return DENIED_LATER
        imagined = self._hypothetical(span, always=concept.always)
        if imagined or is_only_read_about(self._reading, span):
            return HYPOTHETICAL
        return LONG_AGO if self._long_ago(span) else None

    def severe_near(self, span: Span) -> bool:
        """True when a severity word belongs to the span: ``bad headache``, ``my head is so bad``.

        Looks a few words to either side and stops at a comma and at ``and``.
        """
        low = self._within_clause(span.first, -1)
        high = self._within_clause(span.end - 1, 1)
        return any(
            low <= cue.first and cue.end <= high + 1 and not self._negation_before(cue)
            for cue in self._reading.spans(Cue.SEVERE)
        )

    def made_little_of(self, span: Span) -> bool:
        """``feet a bit swollen``: a word such as ``bit`` within the span or right before it.

        Not where the sentence says worse, and not ``not a little``.
        """
        first, end = self._reading.sentence(span.first)
        if any(first <= cue.first < end for cue in self._reading.spans(Cue.SEVERE)):
            return False
        return any(
            span.first - MILD_REACH <= cue.first < span.end and not self._negation_before(cue)
            for cue in self._reading.spans(Cue.MILD)
        )

    def _within_clause(self, word: int, step: int) -> int:
        """The furthest word from ``word`` in the direction of ``step`` that is still about it."""
        for _ in range(SEVERE_REACH):
            following = word + step
            if not 0 <= following < len(self._reading.words):
                return word
            crossed = self._reading.gaps[min(word, following)]
            if crossed is not Gap.SPACE or self._ands[following] or self._breaks[following]:
                return word
            word = following
        return word

    def negated(self, span: Span) -> bool:
        """True when a negation reaches the span from before, or answers it from behind."""
        if span.denies:
            return False
        return (
            self._negation_before(span)
            or self._negation_within(span)
            or self._negation_behind(span)
        )

    def _stray_no(self, span: Span) -> bool:
        """``im not okay`` matches ``im .. okay``: a no in its gap that the phrase does not know."""
        inside = NOES.intersection(self._reading.words[span.first : span.end])
        return bool(inside) and inside.isdisjoint(WORDS_OF_RULE.split(span.rule))

    def _follows_nothing(self, span: Span) -> bool:
        before = span.first - 1
        return (
            before >= 0
            and self._reading.words[before] in NOTHING
            and self._reading.gaps[before] is Gap.SPACE
        )

    def _negation_within(self, span: Span) -> bool:
        """``leg isnt swollen``, ``site isnt red or hot``: a no inside, close to the last word."""
        word = span.end - 2
        while word > span.first:
            if self._reading.gaps[word] is not Gap.SPACE:
                return False
            if self._negation_ends[word]:
                return True
            listed = self._continues[word] or self._continues[word + 1]
            if not listed and self._reading.words[word] not in BETWEEN_NO_AND_SIGN:
                return False
            word -= 1
        return False

    def _negation_before(self, span: Span) -> bool:
        reading, ends, reach, word = self._reading, self._negation_ends, REACH, span.first - 1
        in_list = self._list_goes_on(span)
        while word >= 0 and span.first - word <= reach + (
            LIST_REACH if in_list or self._denies_a_list else 0
        ):
            if reading.gaps[word] is Gap.HARD or self._breaks[word] or self._ands[word]:
                return False
            listed = in_list or self._denies_a_list
            if reading.gaps[word] is Gap.SOFT and not (listed and self._comma(word)):
                return False
            if ends[word]:
                return True
            if self._clauses[word]:
                return self._denied_clause(word)
            in_list = in_list or self._continues[word]
            word -= 1
        return False

    def _denied_clause(self, word: int) -> bool:
        """``no tengo``: a new statement is denied only by a negation right before it."""
        before = word - 1
        while before >= 0 and self._reading.words[before] in PRONOUNS:
            before -= 1
        return (
            before >= 0 and self._negation_ends[before] and self._reading.gaps[before] is Gap.SPACE
        )

    def _comma(self, word: int) -> bool:
        return set(self._reading.separators[word].strip()) <= {","}

    def _list_goes_on(self, span: Span) -> bool:
        """True when ``or``/``ni`` follows soon after the span: ``no fever, rash or chills``."""
        reading = self._reading
        for word in range(span.end - 1, min(span.end + LIST_STEP, len(reading.words))):
            if word >= span.end and self._continues[word]:
                return True
            if reading.gaps[word] is Gap.HARD or (word >= span.end and self._breaks[word]):
                return False
            if word >= span.end and self._clauses[word]:
                return False
        return False

    def _negation_behind(self, span: Span) -> bool:
        """``chest pain: no`` and ``fever? none``."""
        reading, answer = self._reading, span.end
        if answer >= len(reading.words) or reading.words[answer] not in POST_NEGATION:
            return False
        if self._answers_in_turn and self._is_answer(answer):
            return True
        if not set(reading.separators[span.end - 1].strip()) & MARKS_BEFORE_ANSWER:
            return False
        return reading.gaps[answer] is not Gap.SPACE or answer == len(reading.words) - 1

    def _is_answer(self, word: int) -> bool:
        """``fever no, rash no``: a no right behind a word, with the end of its item behind it."""
        reading = self._reading
        return (
            word > 0
            and reading.words[word] in POST_NEGATION
            and reading.gaps[word - 1] is Gap.SPACE
            and (reading.gaps[word] is not Gap.SPACE or word == len(reading.words) - 1)
        )

    def _inside_idiom(self, span: Span) -> bool:
        """True for a phrase within an idiom, or one that only its first words stick out of it.

        ``cant breathe`` is no part of ``breathe well``: a complaint with its own negation counts
        as idiom only when all of it is; ``breathing is not good`` is no ``breathing is good``.
        """
        small = self._reading.words[span.first] in IDIOM_LEADS
        lead = 1 if small and not span.denies else 0
        return any(
            idiom.first - lead <= span.first and idiom.first < span.end <= idiom.end
            for idiom in self._reading.spans(Cue.IDIOM)
            if idiom.denies or not any(self._negation_ends[idiom.first : idiom.end])
        )

    def _hypothetical(self, span: Span, *, always: bool) -> bool:
        cues = list(self._reading.spans(Cue.HYPOTHETICAL))
        if self._asked and not always:
            cues += self._reading.spans(Cue.MAYBE_HYPOTHETICAL)
        return any(not self._happens(cue) and self._imagines(cue, span) for cue in cues)

    def _happens(self, cue: Span) -> bool:
        """``when i get up`` imagines nothing; nor does a cue with a ``but`` in it."""
        daily = self._reading.spans(Cue.NOT_HYPOTHETICAL)
        return any(self._breaks[cue.first : cue.end]) or any(
            other.first <= cue.first < other.end for other in daily
        )

    def _imagines(self, cue: Span, span: Span) -> bool:
        """True when nothing closes the way from ``what if`` to the span.

        A new statement closes it (``what if its bad, i have chest pain``) except right after
        the cue (``what if i have``).
        """
        if cue.first <= span.first < cue.end:
            return True
        if cue.end > span.first or span.first - cue.end > HYPOTHETICAL_REACH:
            return False
        in_list = self._list_goes_on(span) or any(self._continues[cue.end : span.first])
        for word in range(cue.end - 1, span.first):
            gap = self._reading.gaps[word]
            if gap is Gap.HARD or (gap is Gap.SOFT and not (in_list and self._comma(word))):
                return False
            if word < cue.end:
                continue
            late = word - cue.end >= CLAUSE_MAY_FOLLOW
            if self._breaks[word] or (late and self._clauses[word]):
                return False
        return True

    def _long_ago(self, span: Span) -> bool:
        if is_dated_later(self._reading, span):
            return True
        return self._cue_in_sentence(Cue.LONG_AGO, span) and not self._present(span)

    def _of_another(self, span: Span) -> bool:
        """A named third person, in the past: staff read it, nobody is paged."""
        if self._present(span):
            return False
        if self._person_before(Cue.OTHER, span):
            return self._cue_in_sentence(Cue.OTHER_PAST, span) or self._long_ago(span)
        if self._person_before(Cue.KIN, span) and not self._cue_in_sentence(Cue.RECENT, span):
            return self._cue_in_sentence(Cue.KIN_PAST, span) or self._long_ago(span)
        return self._person_before(Cue.CLOSE, span) and self._long_ago(span)

    def _person_before(self, cue: Cue, span: Span) -> bool:
        first, _ = self._reading.sentence(span.first)
        for person in self._reading.spans(cue):
            if first <= person.first and person.end <= span.end:
                own = self._reading.spans(Cue.SELF)
                if not any(person.end <= me.first < span.end for me in own):
                    return True
        return False

    def _present(self, span: Span) -> bool:
        return self._cue_in_sentence(Cue.PRESENT, span)

    def _cue_in_sentence(self, cue: Cue, span: Span) -> bool:
        """A cue anywhere in the statement around the span: sentence ends and ``but`` close it."""
        if not self._reading.spans(cue):
            return False
        first, end = self._reading.sentence(span.first)
        for word in range(first, min(end, len(self._breaks))):
            if self._breaks[word]:  # the word itself may be the cue: "she just had a fit"
                if word < span.first:
                    first = word
                elif word >= span.end:
                    end = word + (max(self._reading.gaps[span.end - 1 : word]) is Gap.SPACE)
                    break
        return any(first <= c.first and c.end <= end for c in self._reading.spans(cue))


def _covered(spans: Sequence[Span], count: int) -> list[bool]:
    covered = [False] * count
    for span in spans:
        for word in range(span.first, span.end):
            covered[word] = True
    return covered
