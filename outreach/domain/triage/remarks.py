"""What other parts of a reply say about a phrase: a leaflet, a pet, ``none of that happened``.

Each answers yes only on two pieces of evidence at once, for what it takes out of account is no
longer urgent.
"""

from outreach.domain.triage.lexicon import Cue
from outreach.domain.triage.reading import Reading, Span

_COMMAS_HERE = 2
_COMMAS_AFTER = 3
_SELF_AFTER = 4
_PET_REACH = 4
_TRIED_REACH = 4
_SENTENCES_BACK = 2


def is_about_a_pet(reading: Reading, span: Span) -> bool:
    """``my dog had a seizure``: an animal close before, and no ``me`` or ``my`` between."""
    first, _ = reading.sentence(span.first)
    return any(
        first <= pet.first
        and pet.end <= span.first <= pet.end + _PET_REACH
        and not _any_within(reading, Cue.SELF, pet.end, span.end)
        for pet in reading.spans(Cue.PET)
    )


def is_only_read_about(reading: Reading, span: Span) -> bool:
    """``the leaflet scared me. Stroke, clots, seizures, kidney failure.``: a list, of nobody.

    The list must follow the words that say where it comes from, in their sentence or in the next
    one; no word before it or right after it may speak of oneself, and none of now.
    """
    first, end = reading.sentence(span.first)
    if _any_within(reading, Cue.PRESENT, first, end):
        return False
    for source in reading.spans(Cue.SOURCE):
        here = first <= source.first < span.first
        if not here and reading.sentence(source.first)[1] != first:
            continue
        start = source.end if here else first
        commas = sum("," in mark for mark in reading.separators[start:end])
        listed = commas >= (_COMMAS_HERE if here else _COMMAS_AFTER)
        if listed and not _any_within(reading, Cue.SELF, start, min(span.end + _SELF_AFTER, end)):
            return True
    return False


def is_denied_later(reading: Reading, span: Span) -> bool:
    """``they said watch for clots. i had none of that``: feared, and denied soon after."""
    first, end = reading.sentence(span.first)
    feared = any(
        _any_within(reading, cue, first, span.end) for cue in (Cue.SOURCE, Cue.HYPOTHETICAL)
    )
    return feared and any(
        span.end <= denial.first
        and _sentences_between(reading, end, denial.first) <= _SENTENCES_BACK
        for denial in reading.spans(Cue.NONE_OF_IT)
    )


def is_dated_later(reading: Reading, span: Span) -> bool:
    """``my heart raced. That was years ago``: this sentence or the next one dates it."""
    first, end = reading.sentence(span.first)
    if _any_within(reading, Cue.PRESENT, first, end):
        return False
    return any(
        span.end <= date.first and _sentences_between(reading, end, date.first) <= 1
        for date in reading.spans(Cue.THAT_WAS_AGO)
    )


def was_tried(reading: Reading, span: Span) -> bool:
    """``tried to end my life``: something done once; no word of today in the whole sentence."""
    if _any_within(reading, Cue.PRESENT, *reading.sentence(span.first)):
        return False
    return any(
        span.first - _TRIED_REACH <= tried.first < span.end for tried in reading.spans(Cue.TRIED)
    )


def _sentences_between(reading: Reading, end: int, word: int) -> int:
    """How many sentences lie from the one that ends at ``end`` to the one of ``word``."""
    count = 0
    while end <= word:
        end = reading.sentence(end)[1]
        count += 1
    return count


def _any_within(reading: Reading, cue: Cue, first: int, end: int) -> bool:
    return any(first <= span.first and span.end <= end for span in reading.spans(cue))
