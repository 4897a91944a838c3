"""Units of work: atomic, patient with one another, and clear when the database is gone."""

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from outreach.domain.errors import ConfigurationError, Unavailable
from outreach.domain.states import ChannelKind, MessageStatus, Purpose, Urgency
from outreach.embedded.postgres_server import PostgresCluster
from outreach.storage.check_migrations import differences
from outreach.storage.database import Database, create_engine_for
from outreach.storage.migrate import head, upgrade
from outreach.storage.models import Message, Site
from tests.worlds import KEYRING, START

ROWS, WORKERS = 2000, 8


def site(code: str) -> Site:
    return Site(code=code, name="Cedar Grove", zone="America/New_York", phone="555-010-2000")


def codes(db: Database) -> list[str]:
    with db.engine.connect() as connection:
        return list(connection.scalars(text("SELECT code FROM site ORDER BY code")))


def test_a_unit_that_fails_leaves_nothing(database_url: str) -> None:
    db = Database(database_url, KEYRING)

    def half_way() -> None:
        with db.write() as unit:
            unit.add(site("a"))
            unit.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    assert codes(db) == []
    db.close()


def test_a_part_that_fails_leaves_the_rest(database_url: str) -> None:
    db = Database(database_url, KEYRING)

    def fails(name: str) -> None:
        unit.add(site(name))
        unit.flush()
        if name == "b":
            unit.add(site("a"))
            unit.flush()

    failed: list[str] = []
    with db.write() as unit:
        unit.each(["a", "b", "c"], fails, set_aside=lambda name, _: failed.append(name))
    assert (codes(db), failed) == (["a", "c"], ["b"])
    db.close()


def test_a_read_unit_keeps_nothing(database_url: str) -> None:
    db = Database(database_url, KEYRING)
    with db.read() as unit:
        unit.add(site("a"))
        unit.flush()
    assert codes(db) == []
    db.close()


def test_writers_wait_for_one_another(database_url: str) -> None:
    db = Database(database_url, KEYRING)
    barrier = threading.Barrier(4)

    def write(number: int) -> None:
        barrier.wait()
        for turn in range(5):
            with db.write() as unit:
                assert unit.people.everyone() == []  # reading first must not spoil the lock
                unit.add(site(f"{number}-{turn}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(codes(db)) == 20
    db.close()


def test_no_two_workers_ever_claim_the_same_message(database_url: str) -> None:
    db = Database(database_url, KEYRING, pool_size=WORKERS)
    with db.write() as unit:
        unit.add(*(_message(number) for number in range(ROWS)))

    def work(_: int) -> list[list[UUID]]:
        batches: list[list[UUID]] = []
        while True:
            with db.write() as unit:
                claimed = unit.claims.claim(
                    tuple(Urgency),
                    ChannelKind.SMS,
                    claim_id=uuid4(),
                    clinic_now=START,
                    machine_now=START,
                    lease_until=START + timedelta(minutes=1),
                    limit=50,
                )
            if not claimed:
                return batches
            batches.append([row.id for row in claimed])

    with ThreadPoolExecutor(WORKERS) as pool:
        batches = [batch for found in pool.map(work, range(WORKERS)) for batch in found]
    ids = [key for batch in batches for key in batch]
    assert len(ids) == len(set(ids)) == ROWS
    assert max(map(len, batches)) <= 50
    db.close()


def _message(number: int) -> Message:
    return Message(
        id=uuid4(),
        reason_key=f"manual:{number}",
        channel=ChannelKind.SMS,
        address="+12025550123",
        address_index="x",
        purpose=Purpose.CARE,
        urgency=Urgency.NORMAL,
        template="prep_7d",
        status=MessageStatus.QUEUED,
        not_before=START,
        useful_until=START,
        retry_at=START,
        created_at=START,
    )


def test_urgent_messages_are_claimed_first(database_url: str) -> None:
    db = Database(database_url, KEYRING)
    with db.write() as unit:
        for number, urgency in enumerate((Urgency.BULK, Urgency.NORMAL, Urgency.URGENT)):
            row = _message(number)
            row.urgency = urgency
            unit.add(row)
    order = []
    for _ in range(3):
        with db.write() as unit:
            (row,) = unit.claims.claim(
                tuple(Urgency),
                ChannelKind.SMS,
                claim_id=uuid4(),
                clinic_now=START,
                machine_now=START,
                lease_until=START,
                limit=1,
            )
            order.append(row.urgency)
    assert order == ["urgent", "normal", "bulk"]
    db.close()


def test_a_sqlite_file_that_cannot_be_opened_is_said_in_one_line(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}", KEYRING)
    with pytest.raises(Unavailable, match="cannot be used") as told, db.read() as unit:
        unit.people.everyone()
    assert "\n" not in str(told.value)
    db.close()


def test_a_file_that_is_no_database_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "outreach.db"
    path.write_bytes(b"this is a letter and not a database" * 100)
    db = Database(f"sqlite:///{path}", KEYRING)
    with pytest.raises(Unavailable) as told, db.read() as unit:
        unit.people.everyone()
    assert "\n" not in str(told.value)
    db.close()


def test_a_postgres_that_is_gone_is_said_in_one_line(tmp_path: Path) -> None:
    db = Database(f"postgresql:///nothing?host={tmp_path}", KEYRING)
    with pytest.raises(Unavailable, match="does not answer") as told, db.read() as unit:
        unit.people.everyone()
    assert "\n" not in str(told.value)
    db.close()


def test_what_the_address_tells_postgres_is_told(postgres_url: str) -> None:
    mark = "&" if "?" in postgres_url else "?"
    engine = create_engine_for(f"{postgres_url}{mark}options=-c%20application_name%3Dclinic")
    with engine.connect() as connection:
        for name, value in (
            ("application_name", "clinic"),
            ("plan_cache_mode", "force_custom_plan"),
        ):
            assert connection.scalar(text(f"SHOW {name}")) == value
    engine.dispose()


def test_a_database_without_tables_names_the_command(
    tmp_path: Path, postgres: PostgresCluster
) -> None:
    for url in (f"sqlite:///{tmp_path / 'empty.db'}", postgres.create_database("without_tables")):
        db = Database(url, KEYRING)
        with pytest.raises(Unavailable, match="outreach db upgrade"), db.read() as unit:
            unit.people.everyone()
        db.close()


@pytest.mark.parametrize("url", ["", "not an address", "mysql://host/name"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        create_engine_for(url)


def test_migrations_build_what_the_models_say(tmp_path: Path, postgres: PostgresCluster) -> None:
    for url in (f"sqlite:///{tmp_path / 'new.db'}", postgres.create_database("from_nothing")):
        assert differences(url) == []
        upgrade(url)  # again: nothing to do
        engine = create_engine_for(url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == head()
        engine.dispose()


def test_two_processes_may_migrate_at_once(tmp_path: Path, postgres: PostgresCluster) -> None:
    code = "import sys; from outreach.storage.migrate import upgrade; upgrade(sys.argv[1])"
    urls = [f"sqlite:///{tmp_path / 'race.db'}", postgres.create_database("race")]
    racing = [
        subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE)
        for url in urls * 2
    ]
    told = [process.communicate(timeout=60)[1].decode() for process in racing]
    assert [process.returncode for process in racing] == [0] * 4, told


def test_a_full_lock_is_unavailable_and_not_a_crash(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "outreach.db"
    path.write_bytes(sqlite_template.read_bytes())
    db = Database(f"sqlite:///{path}", KEYRING)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")  # the pool hands the same one out
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"), db.write() as unit:
        unit.people.everyone()
    holder.execute("ROLLBACK")
    holder.close()
    with db.write() as unit:
        unit.add(site("a"))
    assert codes(db) == ["a"]
    db.close()
