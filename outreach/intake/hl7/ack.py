"""What an HL7 v2 sender hears: AA, AE or AR, with the code of HL7 table 0357 when it is not AA.

Engines hold AE and AR for final and resend only on silence, so a store that is down is
answered by closing the connection, never from here.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from outreach.domain.events import ItemKind, ParsedItem, Problem
from outreach.domain.interfaces import AckMode
from outreach.intake.hl7 import adt, siu


class AckCode(StrEnum):
    """MSA-1: those of original mode, then the same three of enhanced mode."""

    ACCEPTED = "AA"
    ERROR = "AE"
    """The content is wrong: sending it again will not help."""
    REJECTED = "AR"
    """Not for us: type, event, processing id or version."""
    COMMIT_ACCEPTED = "CA"
    COMMIT_ERROR = "CE"
    COMMIT_REJECTED = "CR"

    def in_mode(self, mode: AckMode) -> "AckCode":
        """The same answer in the words of an interface's acknowledgement mode."""
        return AckCode(self.value.replace("A", "C", 1)) if mode is AckMode.ENHANCED else self


_MEANING = MappingProxyType(
    {
        "100": "Segment sequence error",
        "101": "Required field missing",
        "102": "Data type error",
        "103": "Table value not found",
        "200": "Unsupported message type",
        "201": "Unsupported event code",
        "202": "Unsupported processing id",
        "203": "Unsupported version id",
        "204": "Unknown key identifier",
        "205": "Duplicate key identifier",
        "207": "Application internal error",
    }
)
_NOT_FOR_US = frozenset({"200", "201", "202", "203"})
_KNOWN = MappingProxyType({b"SIU": siu.TRIGGERS, b"ADT": adt.TRIGGERS})


def verdict(raw: bytes, items: Sequence[ParsedItem]) -> tuple[AckCode, Problem | None]:
    """The answer one message deserves by what was read from it.

    The first problem counts. A message of a type or event we do not read is AR 200 or 201.
    """
    for item in items:
        if item.problem is not None:
            refused = item.problem.code in _NOT_FOR_US
            return (AckCode.REJECTED if refused else AckCode.ERROR), item.problem
    if any(item.kind is ItemKind.IGNORED for item in items):
        kind = _header(raw)[8].partition(_header(raw)[1][:1])[0]
        if kind in _KNOWN:
            return AckCode.REJECTED, Problem("201", "MSH-9: this event is not read here")
        return AckCode.REJECTED, Problem("200", "MSH-9: this message type is not read here")
    return AckCode.ACCEPTED, None


def acknowledgement(
    raw: bytes, code: AckCode, problem: Problem | None, control_id: str, at: datetime
) -> bytes | None:
    """The ACK for ``raw``, unframed; None for an ACK, which is never acknowledged, and for
    bytes without an MSH, which name nobody to answer.

    MSA-2 is MSH-10 byte for byte. ``at`` is machine time, UTC; ``control_id`` is our MSH-10.
    """
    if raw[:3] != b"MSH" or len(raw) < 8 or is_acknowledgement(raw):
        return None
    mark = raw[3:4]
    header = _header(raw)
    component = header[1][:1] or b"^"
    event = header[8].split(component)[1:2]
    kind = component.join([b"ACK", *event, b"ACK"]) if event and event[0] else b"ACK"
    stamp = at.strftime("%Y%m%d%H%M%S+0000").encode("ascii")
    control = control_id.encode("ascii", errors="replace")
    parties = (header[4], header[5], header[2], header[3])
    tail = (stamp, b"", kind, control, header[10] or b"P", header[11] or b"2.5.1")
    segments = [mark.join((b"MSH", header[1], *parties, *tail))]
    segments.append(mark.join((b"MSA", code.value.encode(), header[9])))
    if problem is not None:
        meaning = _MEANING.get(problem.code, "Application internal error")
        shown = problem.code if problem.code in _MEANING else "207"
        coded = component.join((shown.encode(), meaning.encode(), b"HL70357"))
        message = problem.message.encode("ascii", errors="replace").replace(mark, b" ")
        blank = (b"", b"", b"")
        segments.append(mark.join((b"ERR", b"", b"", coded, b"E", *blank, message)))
    return b"\r".join(segments) + b"\r"


def is_acknowledgement(raw: bytes) -> bool:
    """True for an answer to a message (MSH-9 ACK, or MCF of old): it is never answered itself."""
    header = _header(raw)
    component = header[1][:1] or b"^"
    return header[8].partition(component)[0].strip().upper() in (b"ACK", b"MCF")


def control_key(raw: bytes) -> tuple[bytes, ...] | None:
    """Who sent it under which control id (MSH-3, MSH-4, MSH-10); None without a control id."""
    header = _header(raw)
    return (header[2], header[3], header[9]) if header[9] else None


def _header(raw: bytes) -> list[bytes]:
    """The first twelve pieces of MSH: index 1 is MSH-2, index 9 is MSH-10."""
    end = raw.find(b"\r")
    line = (raw[:end] if end >= 0 else raw).partition(b"\n")[0]
    fields = line.split(raw[3:4] or b"|", 12)[:12]
    return fields + [b""] * (12 - len(fields))
