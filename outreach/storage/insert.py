"""Insert unless it is there: the unique keys decide, without an error to recover from."""

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from outreach.storage.models.base import Base


def insert_new(session: Session, row: Base) -> bool:
    """Writes ``row`` unless a row with one of its unique keys exists; True when it was written.

    Every column of ``row`` without a default must be set; the object itself stays outside the
    session, so load it again to change it.
    """
    table = type(row)
    values = {
        name: value
        for name in table.__mapper__.columns.keys()  # noqa: SIM118 - not a mapping
        if (value := getattr(row, name)) is not None
    }
    dialect = session.get_bind().dialect.name
    insert = postgres_insert if dialect == "postgresql" else sqlite_insert
    stored = session.execute(
        insert(table)
        .values(values)
        .on_conflict_do_nothing()
        .returning(*table.__mapper__.primary_key)
    )
    return stored.first() is not None
