"""Counts what is asked of a database: a statement run for many rows counts once for each row."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

from outreach.storage.copying import goes_by_copy
from outreach.storage.updating import goes_together


@dataclass(slots=True)
class Statements:
    """What one block asked."""

    reads_and_writes: int = 0
    """A statement run for many rows counts for each; rows that go together are one statement."""
    transaction_control: int = 0
    """Begin, commit, rollback, savepoints."""

    calls: int = 0
    """How often the database was asked, however many rows went along."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.reads_and_writes + self.transaction_control


@contextmanager
def counted(engine: Engine) -> Iterator[Statements]:
    """Counts while its block runs. Many rows inserted by one statement are one statement."""
    found = Statements()

    def execute(
        _connection: Any, _cursor: Any, statement: str, rows: Any, context: Any, many: bool
    ) -> None:
        if not statement.startswith("BEGIN"):  # SQLite's is counted with the others, below
            together = _goes_together(engine, statement, rows, context)
            one_by_one = many and not together and not isinstance(rows, dict)
            found.reads_and_writes += len(rows) if one_by_one else 1
            found.calls += 1

    def control(*_: Any) -> None:
        found.transaction_control += 1

    listeners = (
        ("before_cursor_execute", execute),
        ("begin", control),
        ("commit", control),
        ("rollback", control),
        ("savepoint", control),
        ("release_savepoint", control),
        ("rollback_savepoint", control),
    )
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def _goes_together(engine: Engine, statement: str, rows: Any, context: Any) -> bool:
    """Whether many rows are copied, or updated, by one statement."""
    if engine.dialect.name != "postgresql":
        return False
    return goes_by_copy(statement, rows, context) or goes_together(statement, context)
