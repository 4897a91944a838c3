"""The closed list of words of a column, which both databases keep as a CHECK, is changed in place."""

import sqlalchemy as sa
from alembic import op


def change_words(
    table: str, column: str, check: str, old: tuple[str, ...], new: tuple[str, ...]
) -> None:
    """From now on ``column`` takes the words ``new`` and no longer ``old``; no row is touched.

    SQLite cannot drop and refill a table while others point to its rows: there the text of the
    table is changed (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").

    Raises:
        RuntimeError: the table does not read as the migrations before this one made it.
    """
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.drop_constraint(op.f(check), table, type_="check")
        op.create_check_constraint(op.f(check), table, listed(column, new))
        return
    found = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    made = str(bind.execute(found, {"table": table}).scalar_one())
    if made.count(listed(column, old)) != 1:
        raise RuntimeError(f"The table '{table}' is not as this program made it.")
    version = int(bind.execute(sa.text("PRAGMA schema_version")).scalar_one())
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": made.replace(listed(column, old), listed(column, new)), "table": table},
    )
    bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema = OFF"))


def listed(column: str, words: tuple[str, ...]) -> str:
    """The condition of a CHECK, as SQLAlchemy writes it for an enumeration that is no native type."""
    return f"{column} IN ({', '.join(repr(word) for word in words)})"
