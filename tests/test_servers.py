"""What the fixtures promise to every other test."""

import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from outreach.embedded.postgres_server import PostgresCluster
from tests import servers
from tests.embedded.processes import eventually


def migrate_postgres(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE alembic_version (version text)")
        connection.execute("INSERT INTO alembic_version VALUES ('1')")
        connection.execute("CREATE TABLE patient (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
        connection.execute("CREATE TABLE visit (patient int NOT NULL REFERENCES patient)")


@pytest.mark.postgres
def test_an_emptied_database_is_as_it_was_made(
    postgres: PostgresCluster, tmp_path: Path, worker_id: str
) -> None:
    """The template is made under another name here: the run's own is the real schema's."""
    name = f"emptied_{worker_id}"
    migrate_postgres(url := postgres.create_database(name))
    address = url.replace("+psycopg", "")
    for _ in range(2):
        with psycopg.connect(address) as connection:
            assert connection.execute(
                "INSERT INTO patient DEFAULT VALUES RETURNING id"
            ).fetchone() == (1,)
            connection.execute("INSERT INTO visit VALUES (1)")
        forgotten = psycopg.connect(address)
        forgotten.execute("SELECT FROM visit")  # a lock that a careless test left
        servers.empty_database(url)
        forgotten.close()
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT FROM patient").fetchall() == []
            assert connection.execute("SELECT version FROM alembic_version").fetchall() == [("1",)]
    postgres.drop_database(name)


def test_a_template_is_made_once_and_whole(tmp_path: Path) -> None:
    made = []

    def migrate(url: str) -> None:
        made.append(url)
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE patient (id int)")
        connection.close()

    template = servers.sqlite_template(tmp_path, migrate)
    assert servers.sqlite_template(tmp_path, migrate) == template
    assert made == [f"sqlite:///{template}"]
    copy = tmp_path / "copy.db"
    copy.write_bytes(template.read_bytes())
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT * FROM patient").fetchall() == []
    connection.close()


@pytest.mark.redis
def test_redis_is_a_real_server(redis_url: str) -> None:
    address = redis_url.replace("redis+socket", "unix").replace("virtual_host", "db")
    with redis.Redis.from_url(address) as client:
        assert client.ping()


def test_the_world_outside_is_out_of_reach() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client,
        pytest.warns(UserWarning, match=r"192\.0\.2\.1"),
        pytest.raises(RuntimeError),
    ):
        client.connect(("192.0.2.1", 80))


def test_loopback_is_within_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def run_pytest(folder: Path, ci: str) -> "subprocess.CompletedProcess[str]":
    """A run of its own, with this project's ``conftest``."""
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    (folder / "test_skipping.py").write_text(
        "import pytest\n"
        "def test_skips(): pytest.skip('no server')\n"
        "@pytest.mark.xfail(strict=True)\n"
        "def test_fails_as_expected(): assert False\n"
        "def test_passes(): pass\n"
    )
    environment = {"CI": ci, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )


@pytest.mark.parametrize(
    ("ci", "summary"),
    [
        ("", "1 passed, 1 skipped, 1 xfailed"),
        ("true", "1 failed, 1 passed, 1 xfailed"),
    ],
)
def test_skipping_is_a_failure_in_ci_alone(tmp_path: Path, ci: str, summary: str) -> None:
    result = run_pytest(tmp_path, ci)
    assert summary in result.stdout
    if ci:
        assert "in CI every test must run" in result.stdout


@pytest.mark.postgres
def test_the_shared_server_ends_with_its_last_user(tmp_path: Path) -> None:
    root = servers.run_directory()
    with servers.shared_postgres(root) as first:
        with servers.shared_postgres(root) as second:
            assert second == first
        assert first.answers()
    assert eventually(lambda: not first.base.exists())
    assert not first.answers()
    servers.end_run(root)
    assert not root.exists()
