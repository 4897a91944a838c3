"""Child processes of a benchmark: on a free port, from this checkout, gone with it."""

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.clinic import ROOT
from outreach.embedded.program import Program


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    name: str, words: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """``python -m WORDS...`` in the repository."""
    program = Program(
        name,
        [sys.executable, "-m", *words],
        log=log / f"{name}.log",
        environment=environment,
        directory=ROOT,
    )
    try:
        yield program
    finally:
        program.stop()


def listens(port: int) -> bool:
    """Whether somebody takes connections on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
