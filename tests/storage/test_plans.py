"""What runs every second reads indexes only, however large the tables grow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Connection, Engine

from outreach.storage.models import Base
from tests.worlds import Bench, make_bench


@contextmanager
def asked_of(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that a database is asked meanwhile, with their values."""
    asked: list[tuple[str, Any]] = []

    def keep(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", keep)


def statements(bench: Bench) -> list[tuple[str, Any]]:
    """What the tick and the readiness probe ask the database."""
    with asked_of(bench.world.db.engine) as asked, bench.world.db.read() as unit:
        unit.work.waiting(bench.clock.now(), bench.machine.now())
        unit.work.oldest(bench.clock.now())
    found = [question for question in asked if question[0].lstrip().upper().startswith("SELECT")]
    assert len(found) == 3
    return found


def plan(connection: Connection, statement: str, parameters: Any) -> list[str]:
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    else:
        # empty tables are read whole, unless the planner is told that this costs much
        connection.execute(text("SET enable_seqscan = off"))
        rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    return [str(row[-1]) for row in rows]


def reads_a_whole_table(step: str) -> bool:
    tables = [f" {name}" for name in Base.metadata.tables]
    if "Seq Scan" in step:
        return True
    scans = step.startswith("SCAN ") and any(name in step for name in tables)
    return scans and "INDEX" not in step


def test_the_tick_reads_indexes_only(database_url: str) -> None:
    bench = make_bench(database_url)
    asked = statements(bench)
    with bench.world.db.engine.connect() as connection:
        for statement, parameters in asked:
            steps = plan(connection, statement, parameters)
            assert steps
            assert [step for step in steps if reads_a_whole_table(step)] == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("inbox_event", "parent_id"),
        ("touchpoint", "campaign_id"),
        ("reply", "patient_id"),
        ("conversation", "patient_id"),
        ("message", "followup_id"),
        ("message", "reply_id"),
        ("followup_note", "reply_id"),
    ],
)
def test_what_belongs_to_a_row_is_found_by_an_index(
    database_url: str, table: str, column: str
) -> None:
    bench = make_bench(database_url)
    mark = "?" if database_url.startswith("sqlite") else "%s"
    value = "01a4019b01807b899616caa5e6b89d07"
    with bench.world.db.engine.connect() as connection:
        query = f"SELECT id FROM {table} WHERE {column} = {mark}"  # noqa: S608 - names from above
        steps = plan(connection, query, (value,))
    assert any(f"ix_{table}_{column}" in step for step in steps), steps


def test_what_is_due_is_claimed_from_its_own_index_in_its_own_order(database_url: str) -> None:
    bench = make_bench(database_url)
    engine = bench.world.db.engine
    with asked_of(engine) as asked, bench.world.db.read() as unit:
        unit.ledger.take_due(bench.clock.now(), 100)
        unit.ledger.next_due()
    questions = [question for question in asked if "SELECT" in question[0]]
    assert len(questions) == 2
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # a handful of rows is sorted sooner than walked
            connection.execute(text("SET enable_bitmapscan = off"))
            connection.execute(text("SET enable_sort = off"))
        for statement, parameters in questions:
            steps = plan(connection, statement, parameters)
            assert any("ix_touchpoint_due" in step for step in steps), steps
            assert not any("SORT" in step.upper() or "ORDER BY" in step for step in steps), steps


@pytest.mark.parametrize("kind", ["patient", "appointment"])
def test_a_name_is_found_by_its_whole_key(database_url: str, kind: str) -> None:
    """However many names there are: the system stands between the kind and the value."""
    from outreach.domain.events import Identifier
    from outreach.storage.models import IdentifierKind

    bench = make_bench(database_url)
    engine = bench.world.db.engine
    with asked_of(engine) as asked, bench.world.db.read() as unit:
        unit.people.owners(IdentifierKind(kind), [Identifier("mrn", "P1")])
    (found,) = [question for question in asked if "SELECT" in question[0]]
    with engine.connect() as connection:
        steps = plan(connection, *found)
    if engine.dialect.name == "sqlite":
        assert any("kind=? AND system=? AND value_index=?" in step for step in steps), steps
    else:
        conditions = [step for step in steps if "Index Cond" in step]
        assert conditions, steps
        assert all(name in conditions[0] for name in ("kind", "system", "value_index"))


def test_what_is_unheard_of_is_found_by_its_own_index(database_url: str) -> None:
    bench = make_bench(database_url)
    engine = bench.world.db.engine
    with asked_of(engine) as asked, bench.world.db.read() as unit:
        unit.receipts.take_unheard(bench.machine.now(), 50)
    (question,) = [one for one in asked if "SELECT" in one[0]]
    with engine.connect() as connection:
        steps = plan(connection, *question)
    assert any("ix_message_unheard" in step for step in steps), steps
