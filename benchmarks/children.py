"""Child processes of a benchmark: on a free port, from this checkout, gone with it."""

import os
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


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used, user and system; 0 where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
