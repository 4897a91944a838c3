"""The triage engine, read once in a process and handed to every process that is forked from it."""

from functools import lru_cache
from pathlib import Path

from outreach.configuration.triage_files import load_engine
from outreach.domain.triage.engine import TriageEngine

_Written = tuple[tuple[str, int, int], ...]
"""Name, size and last change of each file: what tells one state of a folder from another."""


def kept_engine(directory: Path) -> TriageEngine:
    """The engine of ``directory`` as its files are now; read anew only when one has changed.

    Thousands of phrases take a second to read. A worker's parent reads them before it forks, so
    that a child that is started again is at work at once, and all share one copy in memory.

    Raises:
        outreach.domain.errors.ConfigurationError: as ``load_engine`` does.
    """
    return _engine(directory.absolute(), _written(directory))


@lru_cache(maxsize=1)
def _engine(directory: Path, _as_written: _Written) -> TriageEngine:
    return load_engine(directory)


def _written(directory: Path) -> _Written:
    found = []
    for path in sorted(directory.glob("*.yaml")):
        state = path.stat()
        found.append((path.name, state.st_size, state.st_mtime_ns))
    return tuple(found)
