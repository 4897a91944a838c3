"""A migrated, empty database whose commits are durable, and what its disk and commits can do."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from sqlalchemy import text

from benchmarks import machine
from benchmarks.catalogue import Options
from outreach.domain.errors import Unavailable
from outreach.embedded.postgres_server import start_postgres
from outreach.storage.database import create_engine_for
from outreach.storage.migrate import upgrade

FLOOR = ("fsyncs_per_second", "insert_and_commit_per_second")
"""The baselines of everything durable."""


@dataclass(frozen=True, slots=True)
class BenchDatabase:
    """Where it listens, where its files are, and what it is."""

    url: str
    folder: Path
    kind: str

    def floor(self, options: Options) -> dict[str, float]:
        """The baselines ``FLOOR``, measured now."""
        seconds = 0.05 if options.quick else 1.0
        return {
            "fsyncs_per_second": machine.fsyncs_per_second(self.folder, seconds),
            "insert_and_commit_per_second": self._commits_per_second(seconds),
        }

    def _commits_per_second(self, seconds: float) -> float:
        """A bare loop on one connection: insert a row, commit, again."""
        engine = create_engine_for(self.url)
        done = 0
        try:
            with engine.connect() as connection:
                connection.execute(text("CREATE TABLE IF NOT EXISTS floor (body TEXT)"))
                connection.commit()
                began = perf_counter()
                while perf_counter() - began < seconds:
                    connection.execute(
                        text("INSERT INTO floor VALUES (:body)"), {"body": "x" * 300}
                    )
                    connection.commit()
                    done += 1
                return done / (perf_counter() - began)
        finally:
            engine.dispose()


@contextmanager
def open_database(options: Options) -> Iterator[BenchDatabase]:
    """A server or a file of this run alone, gone afterwards.

    Raises:
        Unavailable: there is no PostgreSQL on this machine.
    """
    opened = _sqlite() if options.database == "sqlite" else _postgres()
    with opened as database:
        upgrade(database.url)
        yield database


@contextmanager
def _sqlite() -> Iterator[BenchDatabase]:
    folder = Path(tempfile.mkdtemp(prefix="outreach-bench-"))
    try:
        yield BenchDatabase(
            f"sqlite:///{folder / 'outreach.db'}", folder, "sqlite, synchronous full"
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgres() -> Iterator[BenchDatabase]:
    server = start_postgres(fsync=True)
    if server is None:
        raise Unavailable(
            "No PostgreSQL found: run 'make test' once, or ask for --database sqlite."
        )
    with server:
        url = server.create_database("benchmark")
        yield BenchDatabase(
            url, server.cluster.base, f"postgresql, fsync on, {server.binaries.origin}"
        )
