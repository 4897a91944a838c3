"""Whether a column is one of many values: one statement for any number, and an index behind it."""

from collections.abc import Collection, Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from outreach.storage.among import among
from outreach.storage.models import Receipt
from tests.worlds import START, make_bench

ROWS = [uuid4() for _ in range(5)]


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    bench = make_bench(database_url)
    with bench.world.db.write() as unit:
        for number, one in enumerate(ROWS):
            unit.add(
                Receipt(
                    id=one,
                    provider_id=f'SM "{number}", \\{{x}}',
                    message_id=one if number % 2 else None,
                    status="sent",
                    received_at=START,
                )
            )
    with Session(bench.world.db.engine) as session:
        yield session
    bench.world.db.close()


@pytest.mark.parametrize("wanted", [[], ROWS[:1], set(ROWS[1:4]), (*ROWS, uuid4())])
def test_rows_by_their_ids(session: Session, wanted: Collection[UUID]) -> None:
    found = session.scalars(select(Receipt.id).where(among(Receipt.id, wanted)))
    assert set(found) == set(wanted) & set(ROWS)


def test_words_with_quotes_and_braces_are_values(session: Session) -> None:
    wanted = ['SM "3", \\{x}', "'; DROP TABLE receipt; --", "SM,é"]
    found = session.scalars(select(Receipt.id).where(among(Receipt.provider_id, wanted)))
    assert list(found) == [ROWS[3]]


def test_it_is_one_condition_of_several_and_can_be_denied(session: Session) -> None:
    both = select(Receipt.id).where(among(Receipt.id, ROWS), among(Receipt.message_id, ROWS[:2]))
    assert list(session.scalars(both)) == [ROWS[1]]
    rest = select(Receipt.id).where(~among(Receipt.id, ROWS[:4]))
    assert list(session.scalars(rest)) == [ROWS[4]]


def test_the_index_is_used(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))  # five rows are read as they are
    query = select(Receipt.id).where(among(Receipt.provider_id, ["SM1"]))
    bind = session.get_bind()
    compiled = query.compile(bind)
    explain = "EXPLAIN QUERY PLAN" if bind.dialect.name == "sqlite" else "EXPLAIN"
    values = {"sqlite": ("[]",), "postgresql": compiled.params}[bind.dialect.name]
    plan = session.connection().exec_driver_sql(f"{explain} {compiled}", values)
    told = str([tuple(row) for row in plan])
    assert "SEARCH receipt USING INDEX" in told or "Index Scan" in told
