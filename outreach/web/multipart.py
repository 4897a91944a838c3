"""Multipart forms from strangers: a body in memory into its parts, bounded, never guessed at."""

import re
from dataclasses import dataclass

from outreach.web.problems import Refused

_BOUNDARY = re.compile(r'boundary=(?:"([ -!#-~]{1,70})"|([!-:<-~]{1,70}))', re.IGNORECASE)
_NAME = re.compile(r'(?<![A-Za-z*])name="([^"\r\n]{1,100})"', re.IGNORECASE)
_FILE = re.compile(r"filename\*?=", re.IGNORECASE)
_MOST_HEAD = 4_000


@dataclass(frozen=True, slots=True)
class Part:
    """One field or file. What a file is called is not kept: nobody believes it."""

    name: str
    content: bytes
    is_file: bool


def parts_of(content_type: str, body: bytes, most_parts: int) -> list[Part]:
    """The parts of a ``multipart/form-data`` body, in order.

    Raises:
        Refused: it is no such body, or has too many parts (400).
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.casefold().startswith("multipart/form-data") or found is None:
        raise Refused(400, "The body is not multipart/form-data.")
    mark = b"--" + (found[1] or found[2]).encode("ascii")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark, most_parts + 2)
    if len(pieces) < 2 or (len(pieces) <= most_parts + 2 and not pieces[-1].startswith(b"--")):
        raise Refused(400, "The body does not end as multipart/form-data does.")
    if len(pieces) > most_parts + 2:
        raise Refused(400, f"The body has more than {most_parts} parts.")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, gap, content = piece.partition(b"\r\n\r\n")
    said = head[:_MOST_HEAD].decode("utf-8", "replace")
    name = _NAME.search(said)
    if not gap or name is None or len(head) > _MOST_HEAD:
        raise Refused(400, "A part of the body has no name.")
    return Part(name[1], content, _FILE.search(said) is not None)
