"""Insert unless it is there: the unique keys decide, without an error to recover from."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from outreach.storage.models.base import Base


def insert_new(session: Session, row: Base) -> bool:
    """Writes ``row`` unless a row with one of its unique keys exists; True when it was written.

    Every column of ``row`` without a default must be set; the object itself stays outside the
    session, so load it again to change it.
    """
    return bool(insert_all_new(session, [row]))


def insert_all_new(session: Session, rows: Sequence[Base]) -> set[tuple[Any, ...]]:
    """As ``insert_new`` for rows of one table, in one statement; the primary keys it wrote.

    All rows must have the same columns set. Of two with the same unique key the first is written.
    """
    if not rows:
        return set()
    table = type(rows[0])
    values = [_values(row) for row in rows]
    dialect = session.get_bind().dialect.name
    insert = postgres_insert if dialect == "postgresql" else sqlite_insert
    stored = session.execute(
        insert(table).on_conflict_do_nothing().returning(*table.__mapper__.primary_key), values
    )
    return {tuple(key) for key in stored}


def _values(row: Base) -> dict[str, Any]:
    return {
        name: value
        for name in type(row).__mapper__.columns.keys()  # noqa: SIM118 - not a mapping
        if (value := getattr(row, name)) is not None
    }
