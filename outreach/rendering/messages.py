"""Message templates -> texts and emails: one folder per message and language, no code in them.

Where compose asks for words. A template sees only the context it is given, in Jinja's sandbox; a
variable that is not there stops the message instead of leaving a hole in it.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import (
    Environment,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2 import pass_context as with_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from outreach.domain.errors import ConfigurationError
from outreach.domain.states import ChannelKind, Purpose
from outreach.pipeline.ports import Rendered
from outreach.rendering import local_time
from outreach.rendering.choices import numbered
from outreach.rendering.inlining import inlined
from outreach.rendering.segments import measure, to_gsm7
from outreach.rendering.variables import absent, variables

SHIPPED_MESSAGES = Path(__file__).parent.parent / "templates" / "messages"
"""The messages that come with the program; a clinic's own folder may override any file."""

PARTS = {
    ChannelKind.SMS: ("sms.txt",),
    ChannelKind.EMAIL: ("subject.txt", "body.txt", "body.html"),
    ChannelKind.VOICE: ("voice.txt",),
    ChannelKind.WEBHOOK: ("webhook.txt",),
}
"""The files of a message on each channel. All are mandatory but ``body.html``."""

_TEMPLATE_FAULTS = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""How a template may fail on values. Their texts may hold values, so only the class is shown."""

_LAYOUT = "_layout/email.html"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BLANK_LINES = re.compile(r"\n\s*\n")


@with_context
def _day(context: Context, at: datetime) -> str:
    return local_time.day(at, context["language"])


@with_context
def _clock(context: Context, at: datetime) -> str:
    return local_time.clock(at, context["language"])


@with_context
def _clocks(context: Context, times: Sequence[datetime]) -> str:
    return local_time.clocks(times, context["language"])


@with_context
def _numbered(context: Context, choices: Sequence[Mapping[str, str]]) -> str:
    return numbered(choices, context["language"])


def _environment(*, html: bool) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=html,
    )
    environment.filters["day"] = _day
    environment.filters["clock"] = _clock
    environment.filters["clocks"] = _clocks
    environment.filters["numbered"] = _numbered
    return environment


_PLAIN = _environment(html=False)
_HTML = _environment(html=True)


@dataclass(frozen=True, slots=True)
class Part:
    """One compiled file of a message."""

    file: Path
    source: str
    """As written by its author."""
    template: Template
    variables: frozenset[str]

    def render(self, context: Mapping[str, object]) -> str:
        """Its text. Raises ConfigurationError that names the file and never a value."""
        try:
            return self.template.render(context)
        except UndefinedError:
            names = ", ".join(absent(self.variables, context)) or "a variable"
            raise ConfigurationError(
                f"{self.file}: uses {names}, which this message is not given."
                " Correct the name, or test for it with {% if ... is defined %}."
            ) from None
        except _TEMPLATE_FAULTS as error:
            raise ConfigurationError(
                f"{self.file}: cannot be rendered ({type(error).__name__}). Correct the template."
            ) from None


@dataclass(frozen=True, slots=True)
class _Written:
    """All files of a message in one language as they were read, and the digest of them all."""

    parts: dict[str, tuple[Path, str]]
    layout: str | None
    """None where no part needs it, or where it is missing."""
    version: str


@dataclass(frozen=True, slots=True)
class _Message:
    parts: dict[str, Part]
    version: str


class MessageTemplates:
    """The messages of one or more folders; in the first folder that has a file, it counts.

    Compiled once and kept for the life of the object; safe to share between threads. Implements
    ``outreach.pipeline.ports.Renderer``.
    """

    def __init__(self, *roots: Path) -> None:
        self._roots = roots or (SHIPPED_MESSAGES,)
        self._written: dict[tuple[str, str], _Written] = {}
        self._messages: dict[tuple[str, str, ChannelKind], _Message] = {}
        self._languages: dict[str, frozenset[str]] = {}

    def render(
        self, name: str, language: str, channel: ChannelKind, context: Mapping[str, object]
    ) -> Rendered:
        """Message ``name`` in exactly ``language``; a fallback is the caller's decision.

        An SMS is one paragraph (line breaks in its file are spaces), folded to GSM-7 where it can
        be. ``language`` is added to the context.

        Raises:
            outreach.domain.errors.ConfigurationError: no such message, language or channel, or a
                variable that the template uses is not in ``context``; names the file.
        """
        message = self._message(name, language, channel)
        given = {**context, "language": language}
        text = {part: template.render(given) for part, template in message.parts.items()}
        if channel is ChannelKind.SMS:
            body = to_gsm7(_one_line(text["sms.txt"]))
            return Rendered(body, "", "", message.version, measure(body).segments)
        if channel in {ChannelKind.VOICE, ChannelKind.WEBHOOK}:
            (words,) = text.values()
            return Rendered(_one_line(words), "", "", message.version, 0)
        return Rendered(
            text=_BLANK_LINES.sub("\n\n", text["body.txt"]).strip() + "\n",
            subject=_one_line(text["subject.txt"]),
            html=text.get("body.html", ""),
            version=message.version,
            segments=0,
        )

    def names(self) -> tuple[str, ...]:
        """Every message there is, sorted."""
        found = {
            folder.name
            for root in self._roots
            if root.is_dir()
            for folder in root.iterdir()
            if folder.is_dir() and _NAME.fullmatch(folder.name)
        }
        return tuple(sorted(found))

    def purpose(self, name: str) -> Purpose | None:
        """What a message is for, as its ``purpose.txt`` says; None where there is none.

        Raises:
            outreach.domain.errors.ConfigurationError: the file says something else than a purpose.
        """
        file = self._find(f"{name}/purpose.txt")
        if file is None:
            return None
        try:
            return Purpose(_read(file).strip())
        except ValueError:
            words = ", ".join(kind.value for kind in Purpose)
            raise ConfigurationError(f"{file}: is none of {words}. Write one of them.") from None

    def languages(self, name: str) -> frozenset[str]:
        """The languages message ``name`` exists in, on any channel; none if there is no such."""
        known = self._languages.get(name)
        if known is None:
            known = self._languages.setdefault(name, self._languages_of(name))
        return known

    def _languages_of(self, name: str) -> frozenset[str]:
        if not _NAME.fullmatch(name):
            return frozenset()
        return frozenset(
            folder.name
            for root in self._roots
            if (root / name).is_dir()
            for folder in (root / name).iterdir()
            if _LANGUAGE.fullmatch(folder.name)
            and any(self.offers(name, folder.name, channel) for channel in PARTS)
        )

    def offers(self, name: str, language: str, channel: ChannelKind) -> bool:
        """Whether the message has any file for ``channel`` in ``language``."""
        return any(self._find(f"{name}/{language}/{part}") for part in PARTS[channel])

    def parts(self, name: str, language: str, channel: ChannelKind) -> dict[str, Part]:
        """The compiled files of a message by file name. Raises as ``render`` does."""
        return self._message(name, language, channel).parts

    def version(self, name: str, language: str) -> str:
        """The digest ``render`` puts on the message: of its files in ``language`` on all channels,
        and of the layout. It is what people approve and what a sent message names.

        Raises:
            outreach.domain.errors.ConfigurationError: no such message or language, or a file that
                cannot be read.
        """
        return self._files(name, language).version

    def campaign_fields(self, name: str) -> frozenset[str]:
        """What a launch must supply for campaign message ``name``: the fields of ``campaign``."""
        return frozenset(
            variable.partition(".")[2]
            for language in self.languages(name)
            for channel in PARTS
            if self.offers(name, language, channel)
            for part in self.parts(name, language, channel).values()
            for variable in part.variables
            if variable.startswith("campaign.")
        )

    def _message(self, name: str, language: str, channel: ChannelKind) -> _Message:
        key = (name, language, channel)
        message = self._messages.get(key)
        if message is None:
            # Two threads may both compile; the results are equal and the first one stays.
            message = self._messages.setdefault(key, self._compile(name, language, channel))
        return message

    def _compile(self, name: str, language: str, channel: ChannelKind) -> _Message:
        written = self._files(name, language)
        parts: dict[str, Part] = {}
        for part in PARTS[channel]:
            if part not in written.parts:
                if part == "body.html":
                    continue
                raise self._missing(name, language, part)
            file, source = written.parts[part]
            needs_layout = part == "body.html"
            if needs_layout and written.layout is None:
                raise self._no_layout(file)
            parts[part] = _compiled(file, source, written.layout if needs_layout else None)
        return _Message(parts, written.version)

    def _files(self, name: str, language: str) -> _Written:
        key = (name, language)
        written = self._written.get(key)
        if written is None:
            # As with what is compiled: the first reading stays, so that one version is one text.
            written = self._written.setdefault(key, self._read_all(name, language))
        return written

    def _read_all(self, name: str, language: str) -> _Written:
        if not _NAME.fullmatch(name) or not _LANGUAGE.fullmatch(language):
            raise ConfigurationError(
                f"'{name}' in '{language}' cannot be a message: names are like prep_7d and"
                " languages like en or es-US."
            )
        found: dict[str, tuple[Path, str]] = {}
        for part in (part for parts in PARTS.values() for part in parts):
            file = self._find(f"{name}/{language}/{part}")
            if file is not None:
                found[part] = (file, _read(file))
        if not found:
            raise self._missing(name, language, PARTS[ChannelKind.SMS][0])
        layout = self._find(_LAYOUT) if "body.html" in found else None
        framed = None if layout is None else _read(layout)
        return _Written(found, framed, _digest(found, framed))

    def _find(self, relative: str) -> Path | None:
        candidates = (root / relative for root in self._roots)
        return next((file for file in candidates if file.is_file()), None)

    def _no_layout(self, for_file: Path) -> ConfigurationError:
        return ConfigurationError(
            f"{self._roots[-1] / _LAYOUT}: missing, and {for_file} needs it. Restore it."
        )

    def _missing(self, name: str, language: str, part: str) -> ConfigurationError:
        root = self._roots[0]
        if not any((known / name).is_dir() for known in self._roots):
            return ConfigurationError(
                f"{root / name}: there is no message of this name."
                " Run 'outreach messages lint' for those there are, or write it."
            )
        file = root / name / language / part
        return ConfigurationError(f"{file}: missing. Write it, or do not send '{name}' this way.")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file}: cannot be read ({type(error).__name__}). Save it as UTF-8 text."
        ) from error


def _digest(parts: Mapping[str, tuple[Path, str]], layout: str | None) -> str:
    digest = hashlib.sha256()
    for part, (_, source) in parts.items():
        digest.update(f"{part}\0{source}\0".encode())
    if layout is not None:
        digest.update(f"{_LAYOUT}\0{layout}\0".encode())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=2048)  # whoever opens the same files again in this process has them compiled
def _compiled(file: Path, source: str, layout: str | None) -> Part:
    environment = _PLAIN if layout is None else _HTML
    try:
        whole = source
        if layout is not None:
            # The author's own file is compiled first, so that an error names a line of that file.
            environment.compile(source)
            whole = inlined(layout, source, str(file))
        tree = environment.parse(whole)
        used = variables(tree)
        template = environment.from_string(tree)
    except TemplateSyntaxError as error:
        raise ConfigurationError(
            f"{file}, line {error.lineno}: {error.message}. Correct the tag."
        ) from error
    return Part(file, source, template, used)


def _one_line(text: str) -> str:
    return " ".join(text.split())
