"""A listener in a thread on a real socket and a real database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from outreach.clocks import SystemClock
from outreach.domain.interfaces import Interface, InterfaceSettings, MllpEndpoint, MllpLimits
from outreach.listeners.server import running
from outreach.pipeline import ingest
from outreach.pipeline.world import World
from outreach.storage.database import Database
from outreach.storage.models import InboxEvent, InboxStatus
from tests.worlds import Bench, make_bench

Listen = Callable[..., AbstractContextManager[int]]


@pytest.fixture
def bench(database_url: str) -> Bench:
    """Clinic and machine time of a listener go on."""
    bench = make_bench(database_url)
    clock = SystemClock()
    bench.world = replace(bench.world, clinic_clock=clock, machine_clock=clock)
    return bench


@pytest.fixture
def listen(bench: Bench) -> Listen:
    """Starts a listener: ``limits`` as a dict, other words as ``InterfaceSettings`` has them."""

    def start(
        world: World | None = None, limits: dict[str, Any] | None = None, **settings: Any
    ) -> AbstractContextManager[int]:
        endpoint = MllpEndpoint(port=0, limits=MllpLimits(**limits or {}))
        interface = Interface("ehr", InterfaceSettings(**settings), endpoint)
        return running(world or bench.world, interface)

    return start


def arrivals(world: World, status: InboxStatus = InboxStatus.RECEIVED) -> list[InboxEvent]:
    """What is stored in one status, in the order of arrival."""
    with world.db.read() as unit:
        return sorted(unit.inbox.with_status(status, 5000), key=lambda row: row.received_at)


def statuses(world: World) -> dict[str, int]:
    """How many arrivals have ended how, once ``ingest`` has seen them all."""
    while ingest.drain(world):
        continue
    counts = {status.value: len(arrivals(world, status)) for status in InboxStatus}
    return {status: count for status, count in counts.items() if count}


@contextmanager
def outage(db: Database) -> Iterator[None]:
    """The database cannot be used: PostgreSQL lets nobody in, SQLite's file has lost its table."""
    if db.engine.dialect.name == "sqlite":
        _execute(db, "ALTER TABLE inbox_event RENAME TO inbox_event_gone")
        yield
        _execute(db, "ALTER TABLE inbox_event_gone RENAME TO inbox_event")
        return
    name = db.engine.url.database
    _execute(db, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", "postgres")
    _execute(
        db,
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",  # noqa: S608 - a name of our own
        "postgres",
    )
    try:
        yield
    finally:
        _execute(db, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true", "postgres")


@contextmanager
def locked(db: Database) -> Iterator[None]:
    """Somebody else's transaction keeps everybody from writing."""
    sqlite = db.engine.dialect.name == "sqlite"
    with db.write() as unit:
        unit._session.execute(text("SELECT 1" if sqlite else "LOCK TABLE inbox_event"))
        yield


def _execute(db: Database, statement: str, database: str | None = None) -> None:
    url = db.engine.url.set(database=database or db.engine.url.database)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
