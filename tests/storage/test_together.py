"""Many rows at once: what is written together is what would be written one by one."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from benchmarks.statements import counted
from outreach.storage.models import Patient
from tests.worlds import START, Bench, make_bench

MANY = 30


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """A bench on an empty database."""
    yield (made := make_bench(database_url))
    made.world.db.close()


def patients(bench: Bench, count: int = MANY) -> list[Patient]:
    return [
        Patient(
            id=bench.world.new_id(),
            given=f"Robin {number}",
            language="en",
            last_event_at=START,
            created_at=START,
        )
        for number in range(count)
    ]


def on_postgres(bench: Bench) -> bool:
    return bench.world.db.engine.dialect.name == "postgresql"


def test_changes_of_many_rows_are_one_statement_and_each_row_has_its_own(bench: Bench) -> None:
    rows = patients(bench)
    with Session(bench.world.db.engine, expire_on_commit=False) as session:
        session.add_all(rows)
        session.commit()
        for number, row in enumerate(rows):
            row.given = f"O'Neil \\ {number} ñ"  # sealed
            row.language = None if number % 3 else "es"
            row.last_event_at = START + timedelta(minutes=number + 1)
            row.active = False
            row.infusions = number + 1
        with counted(bench.world.db.engine) as asked:
            session.commit()
    if on_postgres(bench):
        assert asked.reads_and_writes == 1
    with Session(bench.world.db.engine) as session:
        found = {row.id: row for row in session.scalars(select(Patient))}
    assert [
        (
            found[row.id].given,
            found[row.id].language,
            found[row.id].last_event_at,
            found[row.id].active,
            found[row.id].infusions,
        )
        for row in rows
    ] == [
        (
            f"O'Neil \\ {number} ñ",
            None if number % 3 else "es",
            START + timedelta(minutes=number + 1),
            False,
            number + 1,
        )
        for number in range(MANY)
    ]


def test_many_new_rows_are_one_statement(bench: Bench) -> None:
    with Session(bench.world.db.engine) as session:
        session.add_all(patients(bench))
        with counted(bench.world.db.engine) as asked:
            session.commit()
        if on_postgres(bench):
            assert asked.reads_and_writes == 1
        assert len(session.scalars(select(Patient)).all()) == MANY


def test_a_value_that_is_too_long_is_an_error_and_is_not_cut_off(bench: Bench) -> None:
    sqlite_knows_no_lengths = nullcontext()
    too_long = pytest.raises(DataError) if on_postgres(bench) else sqlite_knows_no_lengths
    rows = patients(bench, 2)
    with Session(bench.world.db.engine) as session:
        session.add_all(rows)
        session.commit()
        for row in rows:
            row.language = "x" * 500
        with too_long:
            session.commit()


def test_rows_that_break_a_key_are_an_error_as_one_by_one(bench: Bench) -> None:
    rows = patients(bench, 10)
    with Session(bench.world.db.engine, expire_on_commit=False) as session:
        session.add_all(rows)
        session.commit()
    twins = patients(bench, 10)
    for twin, row in zip(twins, rows, strict=True):
        twin.id = row.id
    with Session(bench.world.db.engine) as session:
        session.add_all(twins)
        with pytest.raises(IntegrityError):
            session.commit()


def test_new_rows_unless_known_may_have_different_columns_set(bench: Bench) -> None:
    rows = patients(bench, 6)
    for row in rows[::2]:
        row.language = None
    with bench.world.db.write() as unit:
        assert unit.add_all_new(rows) == {(row.id,) for row in rows}
        assert unit.add_all_new(rows) == set()
    with Session(bench.world.db.engine) as session:
        found = session.scalars(select(Patient).where(Patient.language.is_(None))).all()
        assert {row.id for row in found} == {row.id for row in rows[::2]}
