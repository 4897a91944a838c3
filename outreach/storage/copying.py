"""Many new rows go to PostgreSQL by COPY, which costs a fraction of as many INSERTs.

SQLAlchemy does all else as for an INSERT: it seals and converts values, and reports what fails.
"""

from typing import Any

from sqlalchemy import Engine, event

BY_COPY = "outreach_copy"
"""The execution option of an INSERT of many rows that may be a COPY: no conflict is expected."""


def use_copy(engine: Engine) -> None:
    """From now on this PostgreSQL engine copies where ``BY_COPY`` is set."""
    event.listen(engine, "do_executemany", _copy)


def _copy(cursor: Any, _statement: str, rows: Any, context: Any) -> bool:
    if not context.execution_options.get(BY_COPY):
        return False
    table = context.compiled.statement.table.name
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])
    return True
