"""Many new rows go to PostgreSQL by COPY, which costs a fraction of as many INSERTs.

SQLAlchemy does all else as for an INSERT: it seals and converts values, and reports what fails.
"""

import re
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event

_MORE = re.compile(r" (ON CONFLICT|RETURNING) ")
_FEW = 8
"""Fewer rows than this are sooner there by INSERT."""


def use_copy(engine: Engine) -> None:
    """From now on this PostgreSQL engine copies many rows of a plain INSERT."""
    event.listen(engine, "do_executemany", _copy)


def goes_by_copy(statement: str, rows: Any, context: Any) -> bool:
    """Whether an INSERT that is run for many rows is one COPY."""
    return bool(context.isinsert) and len(rows) >= _FEW and _is_plain(statement)


def _copy(cursor: Any, statement: str, rows: Any, context: Any) -> bool:
    if not goes_by_copy(statement, rows, context):
        return False
    table = context.compiled.statement.table.name
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])
    return True


@lru_cache(maxsize=256)
def _is_plain(statement: str) -> bool:
    """Whether it inserts values and no more: nothing on a conflict, and nothing given back."""
    return not _MORE.search(statement)
