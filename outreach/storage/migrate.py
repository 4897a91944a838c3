"""Brings a database to the newest schema."""

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from outreach.domain.errors import Unavailable
from outreach.storage.database import Database, create_engine_for, remedy

_ONE_AT_A_TIME = 0x6D696772  # any number that nothing else in this database locks


def upgrade(url: str) -> None:
    """Applies every migration that is missing. Safe to run at each start.

    Raises:
        Unavailable: the database cannot be reached.
    """
    engine = create_engine_for(url)
    try:
        with engine.connect().execution_options(outreach_write=True) as connection:
            if engine.dialect.name == "postgresql":  # two processes may start at once
                connection.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except OperationalError as error:
        raise Unavailable(remedy(engine, error)) from None
    finally:
        engine.dispose()


def is_current(database: Database) -> bool:
    """Whether a database has the newest schema this program knows.

    Raises:
        Unavailable: it cannot be reached.
    """
    try:
        with database.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise Unavailable(remedy(database.engine, error)) from None
    return found == head()


@lru_cache(maxsize=1)
def head() -> str:
    """The newest schema this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
