"""Insert unless it is there: the unique keys decide, without an error to recover from."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy import insert as sqlalchemy_insert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from outreach.storage.memory import flush
from outreach.storage.models.base import Base
from outreach.storage.rows import stored_in, whole


def insert_new(session: Session, row: Base) -> bool:
    """Writes ``row`` unless a row with one of its unique keys exists; True when it was written.

    Every column of ``row`` without a default must be set; the object itself stays outside the
    session, so load it again to change it.
    """
    return bool(insert_all_new(session, [row]))


def insert_all(session: Session, rows: Sequence[Base]) -> None:
    """Writes new rows of one table at once; the objects themselves stay outside the session."""
    if rows:
        flush(session)  # what these rows refer to is there now
        statement = sqlalchemy_insert(stored_in(type(rows[0])))
        session.connection().execute(statement, [whole(row) for row in rows])


def insert_all_new(session: Session, rows: Sequence[Base]) -> set[tuple[Any, ...]]:
    """As ``insert_new`` for rows of one table; the primary keys it wrote.

    One statement for all that have the same columns set. Of two with the same unique key and
    columns the first is written.
    """
    if not rows:
        return set()
    mapper = type(rows[0]).__mapper__
    table = cast("Table", mapper.local_table)
    dialect = session.get_bind().dialect.name
    insert = postgres_insert if dialect == "postgresql" else sqlite_insert
    flush(session)  # what these rows refer to is there now
    # Straight to the table: the session has nothing to keep of rows that stay outside it.
    statement = insert(table).on_conflict_do_nothing().returning(*mapper.primary_key)
    alike: dict[frozenset[str], list[dict[str, Any]]] = {}
    for values in map(_values, rows):
        alike.setdefault(frozenset(values), []).append(values)
    connection = session.connection()
    return {
        tuple(key) for values in alike.values() for key in connection.execute(statement, values)
    }


def _values(row: Base) -> dict[str, Any]:
    """What is set in ``row``, by column."""
    state = vars(row)
    return {
        column.key: value
        for name, column in type(row).__mapper__.columns.items()
        if (value := state.get(name)) is not None
    }
