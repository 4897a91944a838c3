"""Checks every message template against the copy rules, before a patient is the one to find out.

Each message is rendered with sample patients at realistic lengths; each rule is a function of one
rendered file that yields what is wrong with it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path

from outreach.domain.errors import ConfigurationError
from outreach.domain.states import ChannelKind
from outreach.rendering import purposes
from outreach.rendering.copy_rules import (
    FROM_STAFF,
    OWN_MEANING,
    RESERVED_KEYWORDS,
    STAFF_PREFIX,
    CopyRules,
)
from outreach.rendering.messages import PARTS, MessageTemplates, Part
from outreach.rendering.reading import grade
from outreach.rendering.samples import CHECKED, COVERAGES, OF_SURVEYS, Sender, sample_context
from outreach.rendering.segments import GSM_7, measure
from outreach.rendering.variables import absent


class Rule(StrEnum):
    """What can be wrong with a template."""

    BROKEN = "broken"
    FORBIDDEN_WORD = "forbidden_word"
    RESERVED_KEYWORD = "reserved_keyword"
    TOO_LONG = "too_long"
    NOT_GSM_7 = "not_gsm_7"
    HARD_TO_READ = "hard_to_read"
    FLUIDS_CAVEAT = "fluids_caveat"
    MISSING_LANGUAGE = "missing_language"
    NO_CLINIC_NAME = "no_clinic_name"
    NO_PHONE = "no_phone"
    UNDEFINED_VARIABLE = "undefined_variable"
    SHORT_LINK = "short_link"
    PURPOSE = "purpose"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One broken rule in one file."""

    file: str
    rule: Rule
    detail: str

    def __str__(self) -> str:
        return f"{self.file}: {self.rule.value}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Sample:
    """The clinic whose name and phone the samples show; the default has a realistic length."""

    clinic_name: str = "Maple Hollow Care Clinic"
    phone: str = "202-555-0142"


@dataclass(frozen=True)  # no slots: what is worked out once is kept
class Text:
    """One file of one message, rendered for one sample patient; or what a person is to write."""

    name: str
    language: str
    file: Path
    source: str
    text: str
    sample: Sample
    rules: CopyRules

    @property
    def is_sms(self) -> bool:
        """Whether it is a text."""
        return self.file.name == "sms.txt"

    @property
    def is_prose(self) -> bool:
        """Whether people read it in sentences."""
        return self.file.name in {"sms.txt", "body.txt"}

    @cached_property
    def plain(self) -> str:
        """Without tags, accents and case."""
        return _plain(re.sub(r"<[^>]*>", " ", self.text))


KNOWN_VARIABLES = frozenset(
    {
        "language", "clinic", "clinic.name", "clinic.phone", "site", "site.name", "site.phone",
        "first", "first_visit", "visit", "visit.start", "visit.end", "visit.hours",
        "visit.starts", "dose", "for_other",
        "dose.at",
    }
)  # fmt: skip
"""What compose gives to every message (a visit or dose only where there is one)."""

_OF_ITEM = frozenset({"followup", "followup.code", "followup.spelled", "followup.url"})
_OF_COVERAGE = frozenset({"coverage", "coverage.always", "coverage.nurse_on"})
_ALWAYS = frozenset({"language"})
"""What rendering itself adds to a context."""
_REPLY_VERBS = "reply|text|send|type|answer|respond|responda|envie|escriba|mande|conteste|texto"
_WORD = r"[\"']?\w[\w-]*[\"']?"
_AND = r"(?:\s*[,/]\s*(?:(?:or|and|o|u|y)\s+)?|\s+(?:or|and|o|u|y)\s+)"
_ASKED = re.compile(
    rf"\b(?:{_REPLY_VERBS})\s+(?:with\s+|con\s+|the word\s+|la palabra\s+)?"
    rf"({_WORD}(?:{_AND}{_WORD})*)"
)
"""What a sentence asks to reply: one word, or several to choose from."""
_CAPITALS = re.compile(r"\b[A-Z]{3,}(?:-[A-Z]+)?\b")
_ABOUT_TEXTS = re.compile(r"\b(texts|messages|textos|mensajes)\b", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_FLUIDS = re.compile(
    r"\b(drink\w*|sip|sips|sipping|water|fluids?|hydrat\w*|agua|liquidos?|beba|beber|hidrat\w*)\b"
)
_CAVEAT = re.compile(
    r"unless\b.*\btold to limit fluids|(salvo|a menos|excepto)\b.*\blimit\w* (los )?liquidos"
)
_NUMBER = r"\b\d+(?:[.,]\d+)?\s?"
_LINK = re.compile(r"https?://\S+")


def lint(
    templates: MessageTemplates, rules: CopyRules, sample: Sample | None = None
) -> list[Fault]:
    """Every fault of every message, sorted by file; empty when all may be used.

    Pass the clinic's own name and phone as ``sample`` to check texts at their true length.
    """
    sample = sample or Sample()
    found: set[Fault] = set()
    for name in templates.names():
        found.update(_missing_languages(templates, name, rules))
        if (wrong := purposes.fault(templates, name)) is not None:
            found.add(Fault(f"{name}/purpose.txt", Rule.PURPOSE, wrong))
        for language in templates.languages(name):
            for channel in PARTS:
                if templates.offers(name, language, channel):
                    found.update(_message_faults(templates, name, language, channel, sample, rules))
    return sorted(found)


def _missing_languages(templates: MessageTemplates, name: str, rules: CopyRules) -> Iterator[Fault]:
    known = templates.languages(name)
    for channel in PARTS:
        if not any(templates.offers(name, language, channel) for language in known):
            continue
        for language in rules.languages:
            if not templates.offers(name, language, channel):
                detail = f"exists by {channel.value} in another language only; write it"
                yield Fault(f"{name}/{language}", Rule.MISSING_LANGUAGE, detail)


def _message_faults(
    templates: MessageTemplates,
    name: str,
    language: str,
    channel: ChannelKind,
    sample: Sample,
    rules: CopyRules,
) -> Iterator[Fault]:
    try:
        parts = templates.parts(name, language, channel)
    except ConfigurationError as error:
        yield Fault(f"{name}/{language}", Rule.BROKEN, str(error))
        return
    unknown = [fault for part in parts.values() for fault in _undefined(name, part)]
    yield from unknown
    if unknown:
        return
    for context in _contexts(name, sample, templates.campaign_fields(name)):
        try:
            rendered = templates.render(name, language, channel, context)
        except ConfigurationError as error:
            missing = any(absent(part.variables - _ALWAYS, context) for part in parts.values())
            rule = Rule.UNDEFINED_VARIABLE if missing else Rule.BROKEN
            yield Fault(f"{name}/{language}", rule, str(error))
            return
        texts = {
            "sms.txt": rendered.text,
            "body.txt": rendered.text,
            "subject.txt": rendered.subject,
            "body.html": rendered.html,
            "voice.txt": rendered.text,
            "webhook.txt": rendered.text,
        }
        for file, part in parts.items():
            text = Text(name, language, part.file, part.source, texts[file], sample, rules)
            for rule, check in CHECKS.items():
                for detail in check(text):
                    yield Fault(str(part.file), rule, detail)


def _undefined(name: str, part: Part) -> Iterator[Fault]:
    for variable in part.variables - KNOWN_VARIABLES:
        if variable.startswith("campaign.") and name.startswith("campaign_"):
            continue
        if variable == "words" and name == FROM_STAFF:
            continue
        if variable in _OF_ITEM and name.startswith(STAFF_PREFIX):
            continue
        if variable in _OF_COVERAGE and name.startswith("auto_"):
            continue
        if variable == "survey.symptoms" and name.startswith(OF_SURVEYS):
            continue
        detail = f"'{variable}' is not given to this message"
        yield Fault(str(part.file), Rule.UNDEFINED_VARIABLE, detail)


def _contexts(
    name: str, sample: Sample, campaign_fields: frozenset[str]
) -> Iterator[Mapping[str, object]]:
    sender = Sender(sample.clinic_name, sample.phone, sample.clinic_name, sample.phone)
    for patient in CHECKED:
        for coverage in COVERAGES if name.startswith("auto_") else COVERAGES[:1]:
            yield sample_context(name, patient, sender, campaign_fields, coverage)


def _forbidden_word(text: Text) -> Iterator[str]:
    entries = text.rules.words.forbidden_in(text.language)
    if _pattern(tuple(entries)).search(text.plain):
        for entry in entries:
            if _pattern((entry,)).search(text.plain):
                yield f"says '{entry.rstrip('*')}'; say 'visit' or 'home dose'"
    units = text.rules.words.units_in(text.language)
    if _pattern(tuple(units), _NUMBER).search(text.plain):
        yield "names an amount of medicine; leave it out"


@lru_cache(maxsize=1024)  # the same few hundred entries are looked for in every text
def _pattern(entries: tuple[str, ...], after: str = r"\b") -> re.Pattern[str]:
    """Any of some entries of ``copy.yaml``; ``*`` at the end of one leaves the rest open."""
    if not entries:
        return re.compile(r"(?!)")
    words = (
        re.escape(_plain(entry.rstrip("*"))) + ("" if entry.endswith("*") else r"\b")
        for entry in entries
    )
    return re.compile(f"{after}(?:{'|'.join(words)})")


def _reserved_keyword(text: Text) -> Iterator[str]:
    for sentence in _SENTENCES.split(text.text):
        found = " ".join(_ASKED.findall(_plain(sentence))).upper()
        asked = set(re.findall(r"[\w-]+", found))
        for word in (asked | set(_CAPITALS.findall(sentence))) & set(RESERVED_KEYWORDS):
            if not (word in OWN_MEANING and _ABOUT_TEXTS.search(sentence)):
                yield f"asks for {word}, which the carrier takes as opting out or in"


def _too_long(text: Text) -> Iterator[str]:
    if text.is_sms and (segments := measure(text.text).segments) > text.rules.max_segments:
        yield f"takes {segments} segments; at most {text.rules.max_segments}"


def _not_gsm_7(text: Text) -> Iterator[str]:
    if text.is_sms and (odd := sorted((set(text.source) | set(text.text)) - GSM_7)):
        names = ", ".join(f"'{character}' (U+{ord(character):04X})" for character in odd)
        yield f"has {names}; a text with them holds 70 characters instead of 160"


def _hard_to_read(text: Text) -> Iterator[str]:
    if not text.is_prose:
        return
    chosen = (text.sample.clinic_name, *(patient.first for patient in CHECKED if patient.first))
    names = "|".join(map(re.escape, chosen))  # nobody's choice of words
    words = _LINK.sub("", re.sub(names, "", text.text))
    years = grade(words, text.language)
    if years is not None and years > text.rules.max_grade:
        yield f"reads at grade {years:.1f}; at most {text.rules.max_grade:g}: shorten the sentences"


def _fluids_caveat(text: Text) -> Iterator[str]:
    for sentence in _SENTENCES.split(text.plain):
        if _FLUIDS.search(sentence) and not _CAVEAT.search(sentence):
            yield "names fluids without 'unless told to limit fluids' in the same sentence"


def _no_clinic_name(text: Text) -> Iterator[str]:
    needed = text.is_sms or text.file.name == "subject.txt"
    if needed and not text.text.startswith(text.sample.clinic_name):
        yield "does not begin with the clinic's name"


def _no_phone(text: Text) -> Iterator[str]:
    to_patient = not text.name.startswith(text.rules.staff_prefix)
    if to_patient and text.is_prose and text.sample.phone not in text.text:
        yield "does not give the clinic's or the site's phone"


def _short_link(text: Text) -> Iterator[str]:
    if "/" not in text.text:
        return
    for domain in text.rules.shorteners:
        if re.search(rf"(?<![\w.-]){re.escape(domain)}/", text.text, re.IGNORECASE):
            yield f"links to {domain}, a public shortener that carriers filter"


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


CHECKS: dict[Rule, Callable[[Text], Iterator[str]]] = {
    Rule.FORBIDDEN_WORD: _forbidden_word,
    Rule.RESERVED_KEYWORD: _reserved_keyword,
    Rule.TOO_LONG: _too_long,
    Rule.NOT_GSM_7: _not_gsm_7,
    Rule.HARD_TO_READ: _hard_to_read,
    Rule.FLUIDS_CAVEAT: _fluids_caveat,
    Rule.NO_CLINIC_NAME: _no_clinic_name,
    Rule.NO_PHONE: _no_phone,
    Rule.SHORT_LINK: _short_link,
}
"""The rules on rendered texts; languages and variables are checked on the templates themselves."""
