"""One HL7 v2 message as lists of fields: small, tolerant and fast, because it is only ``split``.

Field numbers are HL7's own: ``segment[3]`` is PID-3, and ``segment[1]`` of MSH its separator.
"""

import re
from collections.abc import Iterator

from outreach.domain.errors import BadInput
from outreach.intake.hl7.charset import decoded
from outreach.intake.interface import InterfaceSettings
from outreach.intake.text import clean

Segment = list[str]

DELETE = '""'
"""HL7's way to say that a value is to be emptied; an empty field says nothing."""

_BROKEN_LINE = "a line that begins no segment (a line end inside a field?) was left out"
_DEFAULT_DELIMITERS = "^~\\&"
_HEX = re.compile(r"[Xx]((?:[0-9A-Fa-f]{2})+)")
_CHARSET_SWITCH = re.compile(r"[CMcm][0-9A-Fa-f]{4,6}")


class Message:
    """A parsed message. ``notes`` collects what had to be forgiven while reading it."""

    __slots__ = (
        "_names",
        "component_mark",
        "escape_mark",
        "field_mark",
        "max_repetitions",
        "notes",
        "repetition_mark",
        "segments",
        "subcomponent_mark",
        "truncation_mark",
    )

    def __init__(self, raw: bytes, settings: InterfaceSettings) -> None:
        """Parses ``raw``, whose segments end in CR.

        Raises:
            BadInput: 100 when it is no HL7 v2 message, 207 when it is beyond the limits.
        """
        if len(raw) > settings.max_message_bytes or raw.count(b"\r") > settings.max_segments:
            raise BadInput("207", "message is larger than this interface takes")
        self.notes: list[str] = []
        self.max_repetitions = settings.max_repetitions
        text = decoded(raw, self.notes)
        if not text.startswith("MSH") or len(text) < 5:
            raise BadInput("100", "message does not begin with an MSH segment")
        self._read_delimiters(text)
        self.segments = self._read_segments(text)
        self._names = [segment[0] for segment in self.segments]

    def _read_delimiters(self, text: str) -> None:
        mark = text[3]
        declared = text[4:12].partition(mark)[0].partition("\r")[0]
        if mark.isalnum() or mark.isspace():
            raise BadInput("100", "MSH-1: field separator is a letter, digit or blank")
        if len(declared) < len(_DEFAULT_DELIMITERS):
            self.notes.append(
                "MSH-2: encoding characters are incomplete; the usual ones were taken"
            )
            declared += _DEFAULT_DELIMITERS[len(declared) :]
        self.field_mark = mark
        self.component_mark = declared[0]
        self.repetition_mark = declared[1]
        self.escape_mark = declared[2]
        self.subcomponent_mark = declared[3]
        self.truncation_mark = declared[4:5]
        if len({mark, *declared[:4]}) < 5:
            raise BadInput("100", "MSH-2: two delimiters are the same character")

    def _read_segments(self, text: str) -> list[Segment]:
        mark = self.field_mark
        segments: list[Segment] = []
        for line in text.split("\r"):
            if line[3:4] == mark or (len(line) == 3 and line.isalnum()):
                fields = line.split(mark)
                if line.startswith("MSH"):
                    fields.insert(1, mark)
                segments.append(fields)
            elif line.strip() and _BROKEN_LINE not in self.notes[-1:]:
                self.notes.append(_BROKEN_LINE)
        return segments

    def first(self, name: str) -> Segment | None:
        """The first segment called ``name``."""
        try:
            return self.segments[self._names.index(name)]
        except ValueError:
            return None

    def every(self, name: str) -> Iterator[Segment]:
        """All segments called ``name``, in order, at most as many as repetitions are read."""
        found = 0
        for segment in self.segments:
            if segment[0] == name:
                found += 1
                if found > self.max_repetitions:
                    self.notes.append(
                        f"{name}: more than {self.max_repetitions} segments; rest unread"
                    )
                    return
                yield segment

    def repetitions(self, segment: Segment | None, field: int) -> list[str]:
        """The repetitions of a field that say something, as written."""
        if segment is None or len(segment) <= field or not segment[field]:
            return []
        parts = segment[field].split(self.repetition_mark, self.max_repetitions)
        if len(parts) > self.max_repetitions:
            parts.pop()
            self.notes.append(
                f"{segment[0]}-{field}: more than {self.max_repetitions} repetitions; rest unread"
            )
        return [part for part in parts if part and part != DELETE]

    def components(self, repetition: str, limit: int = 24) -> list[str]:
        """The components of one repetition, as written, each without its further subcomponents."""
        sub = self.subcomponent_mark
        parts = repetition.split(self.component_mark, limit)[:limit]
        if sub in repetition:
            parts = [part.partition(sub)[0] or part.strip(sub).partition(sub)[0] for part in parts]
        return parts

    def values(self, repetition: str, count: int) -> list[str]:
        """The first ``count`` components of one repetition, as text; missing ones are empty."""
        parts = [self.text(part) for part in self.components(repetition, count)]
        return parts + [""] * (count - len(parts))

    def value(self, segment: Segment | None, field: int, component: int = 1) -> str:
        """One component of a field's first repetition as text; empty when missing or ``""``."""
        if segment is None or len(segment) <= field:
            return ""
        raw = segment[field]
        if not raw:
            return ""
        if self.repetition_mark in raw:
            raw = raw.partition(self.repetition_mark)[0]
        if self.component_mark in raw:
            parts = raw.split(self.component_mark, component)
            if len(parts) < component:
                return ""
            part = parts[component - 1]
        elif component == 1:
            part = raw
        else:
            return ""
        if self.subcomponent_mark in part:
            part = part.partition(self.subcomponent_mark)[0]
        return self.text(part)

    def is_deleted(self, segment: Segment | None, field: int) -> bool:
        """True when the field says ``""``: the sender empties it."""
        if segment is None or len(segment) <= field or DELETE not in segment[field]:
            return False
        parts = segment[field].split(self.repetition_mark, self.max_repetitions)
        return all(part.strip() in ("", DELETE) for part in parts)

    def text(self, raw: str) -> str:
        """``raw`` with escapes resolved and made harmless; ``""`` becomes empty."""
        if not raw or raw == DELETE:
            return ""
        if self.escape_mark in raw:
            raw = self.unescaped(raw)
        return clean(raw)

    def unescaped(self, raw: str) -> str:
        r"""Resolves ``\F\ \S\ \T\ \R\ \E\ \P\``, hexadecimal and line breaks; drops formatting.

        A backslash that opens no escape stays as it is: paths and dosages are written so.
        """
        pieces = raw.split(self.escape_mark)
        out = [pieces[0]]
        at = 1
        while at < len(pieces):
            resolved = self._escape(pieces[at]) if at + 1 < len(pieces) else None
            if resolved is None:
                out.append(self.escape_mark + pieces[at])
                at += 1
            else:
                out.append(resolved + pieces[at + 1])
                at += 2
        return "".join(out)

    def _escape(self, code: str) -> str | None:
        marks = {
            "F": self.field_mark,
            "S": self.component_mark,
            "T": self.subcomponent_mark,
            "R": self.repetition_mark,
            "E": self.escape_mark,
            "P": self.truncation_mark,
            "H": "",
            "N": "",
        }
        if code in marks:
            return marks[code]
        if code.startswith(("Z", ".")) and len(code) <= 12:
            return " " if code.startswith(".") else ""
        if match := _HEX.fullmatch(code):
            return bytes.fromhex(match[1]).decode("utf-8", errors="replace")
        return "" if _CHARSET_SWITCH.fullmatch(code) else None
