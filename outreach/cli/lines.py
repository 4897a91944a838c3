"""JSON Lines: how other programs speak with ours. One object in, one object out, in order."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from outreach.domain.errors import BadInput

Answer = Callable[[dict[str, Any]], Mapping[str, Any]]

KEEPS_ORDER = (
    "Reads one JSON object a line on standard input and answers each at once with one line. "
    'A line that cannot be answered gets {"error": {"code", "message"}} in its place, so that '
    "the order is kept, and the exit code stays 0; blank lines are skipped."
)
"""For the help of every command that works this way."""


def answer_lines(answer: Answer) -> None:
    """Answers standard input line by line; ``BadInput`` becomes the answer of its line."""
    for line in sys.stdin.buffer:
        if line.strip():
            write_line(_answered(line, answer))


def write_line(value: Mapping[str, Any]) -> None:
    """One object on standard output, as UTF-8 whatever the terminal, sent at once.

    Half of a surrogate pair, which UTF-8 cannot hold, is written as JSON's own escape.
    """
    text = json.dumps(value, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", errors="backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def text_field(value: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text of an input object.

    Raises:
        BadInput: it is missing or is no text.
    """
    found = value.get(name)
    if found is None and default is not None:
        return default
    if not isinstance(found, str):
        raise BadInput("field", f"'{name}' must be a text")
    return found


def _answered(line: bytes, answer: Answer) -> Mapping[str, Any]:
    try:
        return answer(_object(line))
    except BadInput as error:
        return {"error": {"code": error.code, "message": error.message}}


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):  # bad JSON or bad UTF-8; never quoted: it may hold PHI
        raise BadInput("json", "the line is not one JSON value in UTF-8") from None
    if not isinstance(value, dict):
        raise BadInput("json", "the line is not a JSON object")
    return value
