"""Memory: what one unit knows without asking the database again, so that many events share it.

It knows two things. What the unit made itself: nobody else can see or change that before the unit
commits. And what it read whole in advance, under the locks that all who change it take. Whatever it
does not know, the repositories ask the database, which first gets what is pending.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import ORMExecuteState, Session, make_transient_to_detached

from outreach.storage.models import (
    Appointment,
    Base,
    ContactPoint,
    Dose,
    Identifier,
    Message,
    Occasion,
    Patient,
    Touchpoint,
)
from outreach.storage.rows import counts_its_key, place_in_order, stored_in, whole

Row = TypeVar("Row", bound=Base)

_KEY = "outreach_memory"
_OF: Mapping[type[Base], tuple[str, ...]] = {
    Appointment: ("patient_id",),
    ContactPoint: ("patient_id",),
    Identifier: ("kind", "value_index"),
    Occasion: ("patient_id",),
    Touchpoint: ("anchor_id",),
}
"""By what the rows of a table are kept together."""
_HANGS_ON: Mapping[type[Base], tuple[type[Base], ...]] = {
    Appointment: (Touchpoint,),
    Dose: (Touchpoint,),
    Occasion: (Touchpoint,),
    Patient: (Appointment, ContactPoint, Occasion),
}
"""What can refer to a row of a table: nothing does when the row is made."""


class Memory:
    """The rows of one unit, by id and in groups. A group that is known is known whole."""

    def __init__(self) -> None:
        self._rows: dict[tuple[type[Base], UUID], Base] = {}
        self._groups: dict[tuple[type[Base], Hashable], list[Base]] = {}
        self._made: list[Base] = []
        self._done: set[Hashable] = set()
        self._facts: dict[Hashable, bool] = {}

    def row(self, table: type[Row], row_id: UUID) -> Row | None:
        """One row by its id, where it is known."""
        return cast("Row | None", self._rows.get((table, row_id)))

    def group(self, table: type[Row], key: Hashable) -> list[Row] | None:
        """All rows of a table that belong together; None where only the database can tell."""
        return cast("list[Row] | None", self._groups.get((table, key)))

    def keep(self, rows: Iterable[Base]) -> None:
        """Rows that were read: they are found by their ids from now on."""
        for row in rows:
            self._rows[type(row), cast("Any", row).id] = row

    def keep_groups(
        self, table: type[Base], keys: Collection[Hashable], rows: Iterable[Base]
    ) -> None:
        """Groups that were read whole: all rows under ``keys``, and some keys may have none."""
        for key in keys:
            self._groups[table, key] = []
        for row in rows:
            self._groups[table, _group_of(row)].append(row)

    def made(self, row: Base) -> None:
        """A row that this unit makes now; it is written later."""
        table, row_id = type(row), getattr(row, "id", None)
        if (table, row_id) in self._rows:
            return
        self._made.append(row)
        if row_id is None:  # the database counts its key: it is found by a query alone
            return
        self._rows[table, row_id] = row
        for other in _HANGS_ON.get(table, ()):
            self._groups[other, row_id] = []
        if table in _OF:
            group = self._groups.get((table, _group_of(row)))
            if group is not None:
                group.append(row)

    def once(self, what: Hashable) -> bool:
        """Whether this is the first time that something is to be done in this unit."""
        first = what not in self._done
        self._done.add(what)
        return first

    def did(self, what: Hashable) -> bool:
        """Whether something was done in this unit before."""
        return what in self._done

    @property
    def facts(self) -> dict[Hashable, bool]:
        """Answers that cannot change before the unit ends."""
        return self._facts

    def take_made(self) -> list[Base]:
        """What was made and is not written yet, in its order; the caller writes it."""
        made, self._made = self._made, []
        return made

    def clear(self) -> None:
        """Nothing is known any more. What was done stays done."""
        self._rows.clear()
        self._groups.clear()


def _group_of(row: Base) -> Hashable:
    names = _OF[type(row)]
    values = tuple(getattr(row, name) for name in names)
    return values[0] if len(values) == 1 else values


def remember(session: Session) -> None:
    """From now on this session's unit remembers, and writes what it makes in few statements."""
    if _KEY in session.info:
        return
    memory = session.info[_KEY] = Memory()

    def before_query(state: ORMExecuteState) -> None:
        if state.is_orm_statement:  # it may ask for what was made
            _write(session, memory, go_on=True)

    def before_commit(_: Session) -> None:
        _write(session, memory, go_on=False)

    event.listen(session, "do_orm_execute", before_query)
    event.listen(session, "before_commit", before_commit)


def memory_of(session: Session) -> Memory | None:
    """The memory of a session's unit; None where it was not asked to remember."""
    found: Memory | None = session.info.get(_KEY)
    return found


def flush(session: Session) -> None:
    """Writes all that is pending now, remembered or not."""
    memory = memory_of(session)
    if memory is not None:
        _write(session, memory, go_on=True)
    session.flush()


def forget(session: Session) -> None:
    """Writes what is pending; from now on the database is asked again."""
    memory = memory_of(session)
    if memory is not None:
        flush(session)
        memory.clear()


def add(session: Session, rows: Iterable[object]) -> None:
    """New rows, written with the next flush, or with all others of a unit that remembers."""
    memory = memory_of(session)
    if memory is None:
        session.add_all(rows)
        return
    for row in rows:
        if isinstance(row, Message):
            forget(session)  # what depends on messages is asked of the database
        if isinstance(row, Base) and inspect(row).transient:
            memory.made(row)
        else:
            session.add(row)


def _write(session: Session, memory: Memory, *, go_on: bool) -> None:
    """Writes the rows that were made, table by table, each table in one statement.

    Args:
        go_on: the unit does, and what becomes of these rows from now on is to be written too.
    """
    made = memory.take_made()
    if not made:
        return
    by_table: dict[type[Base], list[Base]] = {}
    for row in made:
        by_table.setdefault(type(row), []).append(row)
    connection = session.connection()
    for table in sorted(by_table, key=place_in_order):
        rows = by_table[table]
        connection.execute(insert(stored_in(table)), [whole(row) for row in rows])
        if go_on and not counts_its_key(table):
            for row in rows:
                make_transient_to_detached(row)
            session.add_all(rows)
