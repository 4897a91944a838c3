"""Real databases for tests, made once a run and handed out fresh to each test within milliseconds.

All workers of a run share one directory, one PostgreSQL server and one migrated template of each
database. ``Migrate`` brings an empty database up to the newest schema.
"""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from outreach.embedded.postgres_server import PostgresCluster, find_postgres
from tests import postgres_keeper

Migrate = Callable[[str], None]

RUN_ROOT = "OUTREACH_TEST_RUN"
_REPOSITORY = Path(__file__).parents[1]
_KEPT_TABLE = "alembic_version"
_IN_MEMORY = "in-memory"
_ROOM_IN_MEMORY = 256 * 2**20


def in_ci() -> bool:
    """Where nothing may be left out."""
    return os.environ.get("CI") == "true"


def missing(what: str) -> None:
    """Skips the test at a desk and fails it in CI."""
    if in_ci():
        pytest.fail(f"{what}; in CI every test must run", pytrace=False)
    pytest.skip(what)


def begin_run() -> Path:
    """Makes the directory that all workers of this run share."""
    root = run_directory()
    (root / _IN_MEMORY).symlink_to(_memory_directory() or root)
    os.environ[RUN_ROOT] = str(root)  # the workers inherit it
    return root


def _memory_directory() -> Path | None:
    """A place where a commit of SQLite, durable as it is, does not wait for a disk."""
    place = Path("/dev/shm")  # noqa: S108 - a new directory within it, with a name of chance
    if not os.access(place, os.W_OK) or shutil.disk_usage(place).free < _ROOM_IN_MEMORY:
        return None
    return Path(tempfile.mkdtemp(prefix="outreach-tests-", dir=place))


def run_directory() -> Path:
    """A new directory: short enough for sockets, and open to the user PostgreSQL runs as."""
    root = Path(tempfile.mkdtemp(prefix="outreach-tests-"))
    root.chmod(0o711)
    return root


def run_root() -> Path:
    """The directory of the present run."""
    return Path(os.environ[RUN_ROOT])


def end_run(root: Path) -> None:
    """Waits for the PostgreSQL keeper to end and removes what the run left."""
    deadline = time.monotonic() + 30
    with (root / postgres_keeper.KEEPER).open("a") as alive:
        while not _locked(alive.fileno()) and time.monotonic() < deadline:
            time.sleep(0.02)
    shutil.rmtree((root / _IN_MEMORY).resolve(), ignore_errors=True)
    shutil.rmtree(root, ignore_errors=True)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def once(root: Path, name: str, make: Callable[[], None]) -> None:
    """Calls ``make`` in the first worker that asks; the others wait until it is done."""
    done = root / f"{name}.done"
    with (root / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make()
            done.touch()


@contextmanager
def shared_postgres(root: Path) -> Iterator[PostgresCluster]:
    """The run's PostgreSQL, started by the first user and stopped after the last."""
    if find_postgres() is None:
        missing("no PostgreSQL found: neither its wheel nor the system's")
    with (root / postgres_keeper.USERS).open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        once(root, "postgres", lambda: _start_keeper(root))
        yield PostgresCluster(root / postgres_keeper.CLUSTER)


def _start_keeper(root: Path) -> None:
    log = root / "keeper.log"
    with log.open("ab") as output:
        result = subprocess.run(
            [sys.executable, "-m", "tests.postgres_keeper", str(root)],
            cwd=_REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if result.returncode != 0:
        pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}", pytrace=False)


def make_database(root: Path, cluster: PostgresCluster, worker: str, migrate: Migrate) -> str:
    """One worker's own database, a copy of the migrated template; returns its URL."""

    def make_template() -> None:
        url = cluster.create_database("template_outreach")
        migrate(url)
        with _connected(url) as connection:
            _check_without_rows(connection)

    once(root, "postgres-template", make_template)
    return cluster.create_database(f"outreach_{worker}", "template_outreach")


def empty_database(url: str) -> None:
    """Deletes every row and starts the sequences again: 2 ms, where TRUNCATE takes 50."""
    with _connected(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("SET session_replication_role = replica")  # no foreign-key checks
        with connection.transaction():
            for table in _tables(connection):
                connection.execute(
                    psycopg.sql.SQL("DELETE FROM {}").format(psycopg.sql.Identifier(table))
                )
        connection.execute("SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence")


def _connected(url: str) -> "psycopg.Connection[psycopg.rows.TupleRow]":
    return psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:"), autocommit=True)


def _tables(connection: "psycopg.Connection[psycopg.rows.TupleRow]") -> list[str]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [str(name) for (name,) in rows if name != _KEPT_TABLE]


def _check_without_rows(connection: "psycopg.Connection[psycopg.rows.TupleRow]") -> None:
    """A row that a migration writes would be missing after the first test: refuse at once."""
    for table in _tables(connection):
        query = psycopg.sql.SQL("SELECT 1 FROM {} LIMIT 1").format(psycopg.sql.Identifier(table))
        if connection.execute(query).fetchone() is not None:
            pytest.fail(
                f"the migrations write rows into {table}; teach empty_database to keep them"
            )


def sqlite_template(root: Path, migrate: Migrate) -> Path:
    """A migrated SQLite file, made once a run, to be copied."""
    path = root / "template.db"

    def make_template() -> None:
        migrate(f"sqlite:///{path}")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it in the one file

    once(root, "sqlite-template", make_template)
    return path


def fresh_sqlite(template: Path, worker: str) -> str:
    """A copy of the template at the worker's one place; what was there before is gone."""
    folder = template.parent / _IN_MEMORY / f"sqlite-{worker}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copyfile(template, folder / "outreach.db")
    return f"sqlite:///{folder / 'outreach.db'}"
