"""How tests walk up and down the steps of the schema."""

from alembic import command

from outreach.storage import migrate
from outreach.storage.database import Database


def to(db: Database, revision: str, *, down: bool = False) -> None:
    config = migrate._config()
    with db.engine.connect().execution_options(outreach_write=True) as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)
        connection.commit()
