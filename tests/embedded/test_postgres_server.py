"""The embedded PostgreSQL starts for root and for ordinary users, and leaves nothing behind."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from outreach.domain.errors import Unavailable
from outreach.embedded import with_postgres
from outreach.embedded.postgres_server import (
    PostgresBinaries,
    PostgresServer,
    find_postgres,
    start_postgres,
)
from tests import servers
from tests.embedded.processes import runs

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _binaries() -> None:
    if find_postgres() is None:
        servers.missing("no PostgreSQL found: neither its wheel nor the system's")


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    started = start_postgres()
    assert started is not None
    with started:
        yield started


def ask(url: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(question)
        return cursor.fetchall() if cursor.description else []


def test_databases_are_made_from_a_template(server: PostgresServer) -> None:
    template = server.create_database("template_one")
    ask(template, "CREATE TABLE visit (id int)")
    copy = server.create_database("copy", template="template_one")
    ask(copy, "INSERT INTO visit VALUES (1)")
    assert ask(copy, "SELECT id FROM visit") == [(1,)]
    assert ask(template, "SELECT id FROM visit") == []
    with psycopg.connect(copy.replace("+psycopg", "")):  # an open connection does not hinder it
        server.cluster.drop_database("copy")
    assert ask(server.url(), "SELECT 1 FROM pg_database WHERE datname = 'copy'") == []


def test_text_is_unicode_and_time_is_utc(server: PostgresServer) -> None:
    assert ask(server.url(), "SHOW server_encoding") == [("UTF8",)]
    assert ask(server.url(), "SHOW timezone") == [("UTC",)]
    assert ask(server.url(), "SHOW listen_addresses") == [("",)]


def test_stopping_ends_open_connections_and_removes_the_files() -> None:
    started = start_postgres()
    assert started is not None
    with psycopg.connect(started.url().replace("+psycopg", "")):
        started.stop()
    assert started.program.exit_code == 0
    assert not runs(started.program.pid)
    assert not started.cluster.base.exists()


@pytest.mark.parametrize("fsync", [True, False])
def test_durability_is_the_callers_choice(fsync: bool) -> None:
    started = start_postgres(fsync=fsync)
    assert started is not None
    with started:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert ask(started.url(), f"SHOW {setting}") == [("on" if fsync else "off",)]


def test_a_directory_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="choose a shorter directory"):
        start_postgres(tmp_path / ("x" * 100))


def test_root_is_told_of_a_directory_that_nobody_can_reach() -> None:
    base = Path(tempfile.mkdtemp(prefix="outreach-closed-")) / "base"
    try:
        if os.geteuid() == 0:
            with pytest.raises(Unavailable, match="a directory that others may pass through"):
                start_postgres(base)
        else:
            started = start_postgres(base)
            assert started is not None
            with started:
                assert started.cluster.answers()
    finally:
        shutil.rmtree(base.parent)


def test_a_checkout_closed_to_others_serves_root_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_postgres()
    assert found is not None
    if not found.movable:
        servers.missing("the wheel's PostgreSQL is not installed")
    closed = tmp_path / "closed"
    package, libraries = found.root.parent.name, f"{found.root.parent.name}.libs"
    for part in ("bin", "lib", "share"):
        root = closed / package / found.root.name
        shutil.copytree(found.root / part, root / part, symlinks=True)
    if (found.root.parents[1] / libraries).is_dir():
        shutil.copytree(found.root.parents[1] / libraries, closed / libraries)
    closed.chmod(0o700)
    binaries = PostgresBinaries(root, "a closed checkout", movable=True)
    monkeypatch.setattr("outreach.embedded.postgres_server.find_postgres", lambda: binaries)
    started = start_postgres()
    assert started is not None
    with started:
        assert ask(started.url(), "SELECT 1") == [(1,)]
        copied = started.binaries.origin == "a copy of a closed checkout"
        assert copied == (os.geteuid() == 0)


def test_a_server_is_lent_to_a_command(capfd: pytest.CaptureFixture[str]) -> None:
    look = (
        "import psycopg, sys\n"
        "with psycopg.connect(sys.argv[1].replace('+psycopg', '')) as connection:\n"
        "    print('answer', connection.execute('SELECT 40 + 2').fetchone()[0])\n"
        "sys.exit(7)\n"
    )
    assert with_postgres.main([sys.executable, "-c", look, "{url}"]) == 7
    assert capfd.readouterr().out == "answer 42\n"
