"""Many changed rows go to PostgreSQL in one UPDATE, which costs a fraction of one for each row.

SQLAlchemy does all else as ever: it finds what changed, and seals and converts the values.
"""

import re
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Engine, Table, event
from sqlalchemy.dialects import postgresql

_VALUE = r"%\((?P<named>\w+)\)s(?:::[\w ]+)?"
_UPDATE = re.compile(
    rf'UPDATE (?P<table>\w+|"\w+") SET (?P<changes>.+)'  # noqa: S608 - read, not run
    rf" WHERE (?P=table)\.(?P<column>\w+) = {_VALUE}"
)
_CHANGE = re.compile(rf'(?P<column>\w+|"\w+")={_VALUE}')
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # as it comes


def update_together(engine: Engine) -> None:
    """From now on this PostgreSQL engine writes the changes of many rows by their key at once."""
    event.listen(engine, "do_executemany", _update)


def goes_together(statement: str, context: Any) -> bool:
    """Whether a statement that is run for many rows is an UPDATE that is written at once."""
    return _of(statement, context) is not None


def _update(cursor: Any, statement: str, rows: Any, context: Any) -> bool:
    if (found := _of(statement, context)) is None:
        return False
    together, names = found
    cursor.execute(together, {name: [row[name] for row in rows] for name in names})
    return True


def _of(statement: str, context: Any) -> tuple[str, tuple[str, ...]] | None:
    if not context.isupdate or context.compiled is None:
        return None
    table = context.compiled.statement.table
    return _for_all(statement, table) if isinstance(table, Table) else None


@lru_cache(maxsize=512)
def _for_all(statement: str, table: Table) -> tuple[str, tuple[str, ...]] | None:
    """The statement for arrays of values, and their names; None where it is anything else than
    plain values for the row of one key."""
    whole = _UPDATE.fullmatch(statement)
    changes = [_CHANGE.fullmatch(one) for one in whole["changes"].split(", ")] if whole else []
    if whole is None or not all(changes):
        return None
    columns = [change for change in changes if change is not None]
    sets = ", ".join(f"{found['column']}=new.{found['column']}" for found in columns)
    arrays = ", ".join(_array(found, table) for found in (*columns, whole))
    names = ", ".join([*(found["column"] for found in columns), "of_row"])
    together = (
        f"UPDATE {whole['table']} SET {sets} FROM unnest({arrays}) AS new({names})"  # noqa: S608 - SQLAlchemy's own names
        f" WHERE {whole['table']}.{whole['column']} = new.of_row"
    )
    return together, tuple(found["named"] for found in (*columns, whole))


def _array(found: re.Match[str], table: Table) -> str:
    return array_parameter(found["named"], table.c[found["column"].strip('"')])


def array_parameter(name: str, column: Column[Any]) -> str:
    """A parameter as an array of a column's type, without a length: a value that is too long is
    an error then, and not cut off."""
    kind = column.type.compile(_DIALECT)
    return f"%({name})s::{re.sub(r'[(][^)]*[)]', '', kind)}[]"
