"""Insert unless it is there: the unique keys decide, without an error to recover from."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy import insert as sqlalchemy_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from outreach.storage.memory import flush
from outreach.storage.models.base import Base
from outreach.storage.rows import stored_in, whole
from outreach.storage.updating import array_parameter


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
    """As ``insert_new`` for rows of one table, in one statement; the primary keys it wrote.

    Of two with the same unique key the first is written.
    """
    if not rows:
        return set()
    table = stored_in(type(rows[0]))
    flush(session)  # what these rows refer to is there now
    # Straight to the table: the session has nothing to keep of rows that stay outside it.
    connection = session.connection()
    insert = _as_arrays if connection.dialect.name == "postgresql" else _as_rows
    return {tuple(key) for key in insert(connection, table, [whole(row) for row in rows])}


def _as_rows(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> Iterable[Any]:
    statement = sqlite_insert(table).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement, rows)


def _as_arrays(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> Iterable[Any]:
    """One array for each column: the same short statement however many rows there are."""
    names = tuple(sorted(rows[0]))
    values: dict[str, list[Any]] = {}
    for name in names:
        convert = (
            table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        )
        column = [row[name] for row in rows]
        values[name] = column if convert is None else [convert(value) for value in column]
    return connection.exec_driver_sql(_inserting(table, names), values)


@lru_cache(maxsize=256)
def _inserting(table: Table, names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    arrays = ", ".join(array_parameter(name, table.c[name]) for name in names)
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    return (
        f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM unnest({arrays})'  # noqa: S608 - our own names
        f" ON CONFLICT DO NOTHING RETURNING {keys}"
    )
