"""What every fault is made of."""

from collections.abc import Iterator
from pathlib import Path

Steps = Iterator[float]
"""Yields how many seconds pass before the next step."""


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
