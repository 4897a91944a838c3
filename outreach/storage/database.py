"""One database, read and written in short units. SQLite and PostgreSQL run the same code.

SQLite: WAL, ``synchronous=FULL``, foreign keys on, ``busy_timeout`` 15 s; write units take the lock
at once (``BEGIN IMMEDIATE``), so that no unit fails half-way for want of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, configure_mappers
from sqlalchemy.pool import NullPool

from outreach.domain.errors import ConfigurationError, Unavailable
from outreach.storage.copying import use_copy
from outreach.storage.crypto import Keyring, use_keyring
from outreach.storage.unit import Unit
from outreach.storage.updating import update_together

_WRITE = "outreach_write"
_PLAN_EACH = "-c plan_cache_mode=force_custom_plan"
_SCHEMA_IS_OLD = frozenset({"42P01", "42703"})  # PostgreSQL: undefined table, undefined column


class Database:
    """Opens units of work.

    Args:
        url: ``sqlite:///path`` or ``postgresql://...`` (psycopg 3).
        keyring: opens and seals the PHI columns of this process.
        pool_size: connections kept open, PostgreSQL only.
    """

    def __init__(self, url: str, keyring: Keyring, *, pool_size: int = 5) -> None:
        self.engine = create_engine_for(url, pool_size=pool_size)
        configure_mappers()  # once before a fork, and not with the first query of each process
        use_keyring(keyring)

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A unit that only reads; nothing it changes is kept."""
        with self._unit(self.engine) as session:
            yield Unit(session)

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """A unit that commits when its block ends and rolls back when it raises.

        Raises:
            Unavailable: the database cannot be reached.
        """
        engine = self.engine.execution_options(**{_WRITE: True})
        with self._unit(engine) as session:
            yield Unit(session)
            session.commit()

    @contextmanager
    def _unit(self, engine: Engine) -> Iterator[Session]:
        with Session(engine, expire_on_commit=False) as session:
            try:
                yield session
            except (OperationalError, InterfaceError) as error:
                raise Unavailable(remedy(self.engine, error)) from None
            except PoolTimeout:
                raise Unavailable("Every connection to the database is in use.") from None
            except ProgrammingError as error:
                if getattr(error.orig, "sqlstate", None) not in _SCHEMA_IS_OLD:
                    raise
                raise Unavailable(remedy(self.engine, error)) from None
            except DatabaseError as error:
                if type(error) is not DatabaseError:  # a damaged file has no class of its own
                    raise
                raise Unavailable(remedy(self.engine, error)) from None

    def close(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()


def create_engine_for(url: str, *, pool_size: int = 5) -> Engine:
    """An engine with the settings of this program.

    Raises:
        ConfigurationError: the address is not one of SQLite or PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "OUTREACH_DATABASE_URL is not a database address. "
            "Write sqlite:////path/to/outreach.db or postgresql://user@host/name."
        ) from None
    if parsed.get_backend_name() == "postgresql":
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_use_lifo=True,
            connect_args={"connect_timeout": 10, "options": _options(parsed)},
        )
        event.listen(engine, "handle_error", _leave_out_values)
        use_copy(engine)
        update_together(engine)
        return engine
    if parsed.get_backend_name() != "sqlite":
        raise ConfigurationError(
            f"Outreach runs on sqlite and postgresql, not on {parsed.get_backend_name()}."
        )
    engine = create_engine(
        parsed,
        hide_parameters=True,
        poolclass=NullPool if not parsed.database else None,
        connect_args={"timeout": 15},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _options(url: URL) -> str:
    """What PostgreSQL is told for each connection, behind what the address says itself.

    A plan that was made when a table was empty, or for few values, and then kept, reads whole
    tables later: each statement is planned for what it asks.
    """
    said = url.query.get("options", ())
    return " ".join([said] if isinstance(said, str) else said) + " " + _PLAN_EACH


def _leave_out_values(context: ExceptionContext) -> None:
    """PostgreSQL quotes the row it refuses: only the first line of what it says is kept."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).split("\n", 1)[0],)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we write BEGIN ourselves, below
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=15000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def throw_away(database: Database) -> None:
    """Spares an embedded database the care for power cuts: for one that nobody keeps."""

    def careless(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(database.engine, "connect", careless)


def remedy(engine: Engine, error: DBAPIError) -> str:
    """What is unreachable and what to do. PostgreSQL's own text is left out: it may hold values."""
    if isinstance(error, ProgrammingError):
        return "The database lacks tables or columns. Run 'outreach db upgrade'."
    if engine.dialect.name != "sqlite":
        return (
            f"PostgreSQL at {engine.url.host or 'its socket'} does not answer "
            f"({type(error.orig).__name__}). Is it running, and is OUTREACH_DATABASE_URL right?"
        )
    place = Path(engine.url.database or "in memory")
    why = str(error.orig)  # an operational error of SQLite names tables and files, never values
    if "no such" in why:
        return f"The database {place} lacks tables or columns. Run 'outreach db upgrade'."
    return f"The database {place} cannot be used ({why}). Is {place.parent} writable and not full?"
