"""Know marketing as a purpose, and the authorisations that permit it."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHECKS = (
    ("campaign", "purpose", "ck_campaign_purpose"),
    ("touchpoint", "purpose", "ck_touchpoint_purpose"),
    ("message", "purpose", "ck_message_purpose"),
    ("consent", "scope", "ck_consent_consentscope"),
)


def upgrade() -> None:
    op.add_column("consent", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    for table, column, check in _CHECKS:
        _allow(table, column, check, "marketing")


def downgrade() -> None:
    """Gives the column back. The wider lists stay: rows may use the word by now, and a list that
    is too wide refuses nothing that the older program writes."""
    op.drop_column("consent", "ends_at")


def _allow(table: str, column: str, check: str, word: str) -> None:
    """Adds a word to the list that a column is checked against, whatever is on it already.

    SQLite cannot change a CHECK but by copying the table, and cannot drop a table that others
    refer to inside a transaction. It can rewrite the text of a constraint that only becomes wider:
    https://www.sqlite.org/lang_altertable.html#otheralter
    """
    bind = op.get_bind()
    checks = {row["name"]: row["sqltext"] for row in sa.inspect(bind).get_check_constraints(table)}
    known = re.findall(r"'(\w+)'", checks[check])
    wider = ", ".join(f"'{name}'" for name in dict.fromkeys([*known, word]))
    if bind.dialect.name != "sqlite":
        op.drop_constraint(op.f(check), table, type_="check")
        op.create_check_constraint(op.f(check), table, f"{column} IN ({wider})")
        return
    query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
    old = str(bind.exec_driver_sql(query, (table,)).scalar_one())
    pattern = rf"(CONSTRAINT {check} CHECK \({column} IN \()[^)]*"
    new, found = re.subn(pattern, rf"\g<1>{wider}", old)
    if found != 1:
        raise RuntimeError(f"The constraint {check} is not as it was written.")
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (new, table)
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
