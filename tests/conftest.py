"""What every test stands on: real servers, a fresh database, no network, no skipping in CI."""

from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from pytest_socket import socket_allow_hosts

from outreach.embedded.postgres_server import PostgresCluster
from outreach.embedded.redis_server import RedisServer, start_redis
from tests import servers, worlds

hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile(
    "mutants",  # the first counterexample will do, and every run must find the same
    deadline=None,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
hypothesis.settings.load_profile("ci" if servers.in_ci() else "desk")

_RUN = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the controller, or the only process
        config.stash[_RUN] = servers.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    root = config.stash.get(_RUN, None)
    if root is not None:
        servers.end_run(root)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and servers.in_ci() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and in CI every test must run: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and servers.in_ci():
        report.outcome = "failed"
        report.longrepr = f"skipped, and in CI every test must run: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _only_this_machine() -> None:
    """No test reaches beyond loopback and Unix sockets."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """How one test's command set up the logs of this process ends with that test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _close_databases() -> Iterator[None]:
    """No connection of one test is left to the next, or to the garbage collector."""
    yield
    while worlds.OPENED:
        worlds.OPENED.pop().close()


@pytest.fixture(scope="session")
def redis_server(worker_id: str) -> Iterator[RedisServer]:
    """A real Redis of this worker's own."""
    server = start_redis(servers.run_root() / f"redis-{worker_id}")
    if server is None:
        servers.missing("no Redis found: neither its wheel nor redis-server on PATH")
        return
    with server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: RedisServer) -> str:
    """Where the worker's Redis listens, as Celery writes it."""
    return redis_server.broker_url


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """The run's one PostgreSQL, shared by its workers."""
    with servers.shared_postgres(servers.run_root()) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresCluster, worker_id: str) -> str:
    """This worker's own migrated database; ``database_url`` empties it after each test."""
    from outreach.storage.migrate import upgrade

    return servers.make_database(servers.run_root(), postgres, worker_id, upgrade)


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated SQLite file to copy."""
    from outreach.storage.migrate import upgrade

    return servers.sqlite_template(servers.run_root(), upgrade)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, worker_id: str) -> Iterator[str]:
    """A fresh, migrated, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield servers.fresh_sqlite(request.getfixturevalue("sqlite_template"), worker_id)
    else:
        url: str = request.getfixturevalue("postgres_url")
        yield url
        servers.empty_database(url)
