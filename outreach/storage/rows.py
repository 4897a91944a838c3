"""Rows as the database takes them: every column has its value, and tables have an order."""

from functools import cache
from typing import Any, cast

from sqlalchemy import Table

from outreach.storage.models import Base


def whole(row: Base) -> dict[str, Any]:
    """All columns of a new row; what nobody set has its default, in the row itself too."""
    state = vars(row)
    values = {}
    for name, column, default in _columns(type(row)):
        if name in state:
            values[column] = state[name]
        else:
            value = default() if callable(default) else default
            state[name] = values[column] = value
    return values


@cache
def _columns(table: type[Base]) -> list[tuple[str, str, Any]]:
    """Attribute, column and default of each column that the program and not the database fills."""
    own = stored_in(table).autoincrement_column
    return [
        (name, column.key, _default(column))
        for name, column in table.__mapper__.columns.items()
        if column is not own
    ]


def _default(column: Any) -> Any:
    if column.default is None:
        return None
    if column.default.is_callable:
        return lambda: column.default.arg(None)  # SQLAlchemy gives it a context
    return column.default.arg


def counts_its_key(table: type[Base]) -> bool:
    """Whether the database counts the primary key, so that a row cannot know it beforehand."""
    return stored_in(table).autoincrement_column is not None


def stored_in(table: type[Base]) -> Table:
    """The table of the database that a class of rows is kept in."""
    return cast("Table", table.__table__)


@cache
def place_in_order(table: type[Base]) -> int:
    """Where a table stands when each comes after those that it refers to."""
    return Base.metadata.sorted_tables.index(stored_in(table))
