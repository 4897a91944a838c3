"""What a person is about to write to a patient, read by the copy rules before it goes.

Templates are linted before anybody gets them; a person's words are checked as they are written.
Most of what is found is a warning, because a nurse knows why she writes it. What must never stand
on a patient's phone (a drug, a diagnosis, a dose; a word that opts the patient out) is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Measured, WordFault
from outreach.rendering.copy_rules import FROM_STAFF, CopyRules
from outreach.rendering.lint import CHECKS, Rule, Sample, Text
from outreach.rendering.messages import MessageTemplates
from outreach.rendering.segments import measure

_MOST_SEGMENTS = 10
"""Longer than this no provider takes a text (Twilio: 1,600 characters, error 21617)."""
_WORDS_THAT_TELL = 12
"""The grade of fewer words says nothing: "Hello." alone would be for the eighth grade."""
_LOOKED_AT = (
    Rule.FORBIDDEN_WORD,
    Rule.RESERVED_KEYWORD,
    Rule.TOO_LONG,
    Rule.NOT_GSM_7,
    Rule.HARD_TO_READ,
    Rule.FLUIDS_CAVEAT,
    Rule.SHORT_LINK,
)
"""The clinic's name and phone stand in the message around the words."""
_SAYS = re.compile(r"says '([^']+)'")
_OPTS_OUT = ("CANCEL", "END", "QUIT", "STOP")
"""Whoever answers with one of these hears nothing from us any more."""


class StaffWords:
    """Implements ``outreach.pipeline.ports.Wording`` with a clinic's own copy rules."""

    def __init__(self, templates: MessageTemplates, rules: Callable[[], CopyRules]) -> None:
        self._templates, self._read = templates, rules

    @cached_property
    def _rules(self) -> CopyRules:
        """Read when somebody writes: most processes never need them."""
        return self._read()

    def check(
        self, words: str, language: str, channel: ChannelKind, clinic: Mapping[str, str]
    ) -> Measured:
        """How the whole text comes out, and what is wrong with the words in it."""
        context = {"clinic": clinic, "words": words}
        text = self._templates.render(FROM_STAFF, language, channel, context).text
        size = measure(text)
        is_text = channel is ChannelKind.SMS
        faults = list(self._faults(words, text, language, is_text=is_text))
        if is_text and size.segments > _MOST_SEGMENTS:
            told = f"takes {size.segments} segments; a text has at most {_MOST_SEGMENTS}"
            faults.append(WordFault(Rule.TOO_LONG.value, told, refused=True))
        return Measured(
            text=text,
            encoding=size.encoding if is_text else "",
            segments=size.segments if is_text else 0,
            faults=tuple(faults),
        )

    def _faults(
        self, words: str, whole: str, language: str, *, is_text: bool
    ) -> Iterator[WordFault]:
        """Length is that of the whole text; all else is the person's own words."""
        file = Path(FROM_STAFF) / language / ("sms.txt" if is_text else "body.txt")
        own = Text(FROM_STAFF, language, file, words, words, Sample(), self._rules)
        seen = set()
        for rule in _LOOKED_AT:
            if rule is Rule.HARD_TO_READ and len(words.split()) < _WORDS_THAT_TELL:
                continue
            text = replace(own, text=whole) if rule is Rule.TOO_LONG else own
            for one in self._languages(language) if rule is Rule.FORBIDDEN_WORD else (language,):
                for detail in CHECKS[rule](replace(text, language=one)):
                    fault = WordFault(rule.value, detail, is_text and self._refused(rule, detail))
                    if fault not in seen:
                        seen.add(fault)
                        yield fault

    def _languages(self, language: str) -> tuple[str, ...]:
        """A nurse may write in another language than the patient's record has."""
        return tuple(dict.fromkeys((language, *self._rules.languages)))

    def _refused(self, rule: Rule, detail: str) -> bool:
        if rule is Rule.FORBIDDEN_WORD:
            found = _SAYS.match(detail)
            words = self._rules.words
            return found is None or not (words.mild(found[1]) or words.mild(f"{found[1]}*"))
        return rule is Rule.RESERVED_KEYWORD and any(f" {word}," in detail for word in _OPTS_OUT)
