"""Files named on the command line: their bytes, and the kind their names promise."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

STDIN = "-"

_TYPES = {
    ".hl7": "application/hl7-v2",
    ".json": "application/json",
    ".jsonl": "application/json",
    ".ndjson": "application/json",
    ".csv": "text/csv",
    ".tsv": "text/csv",
}


def existing_files(paths: list[Path]) -> list[Path]:
    """As Typer's callback: files that are there, or ``-``. Raises BadParameter, which names one."""
    for path in paths:
        if str(path) != STDIN and not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise typer.BadParameter(f"{str(path)!r} {what}")
    return paths


def existing(paths: list[Path]) -> list[Path]:
    """As Typer's callback: files or folders that are there, or ``-``."""
    existing_files([path for path in paths if not path.is_dir()])
    return paths


def read(path: Path) -> bytes:
    """The bytes of a file, or of standard input for ``-``."""
    return sys.stdin.buffer.read() if str(path) == STDIN else path.read_bytes()


def content_type(path: Path) -> str:
    """What the name promises; empty when it promises nothing and the content decides."""
    return _TYPES.get(path.suffix.lower(), "")


def within(paths: Sequence[Path]) -> Iterator[Path]:
    """Files as named; inside folders those of a known kind, by name, none of them hidden."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for found in sorted(path.rglob("*")):
            inside = found.relative_to(path).parts
            hidden = any(part.startswith(".") for part in inside)
            if found.is_file() and not hidden and found.suffix.lower() in _TYPES:
                yield found
