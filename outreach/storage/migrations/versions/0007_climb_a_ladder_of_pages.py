"""Page by a roster, ring and post pages, and keep what staff did with an item.

Tables that others point to are changed where they stand. SQLite cannot drop and refill them while it
checks foreign keys, and messages are many.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEFORE = ("sms", "email")
ADDED = ("voice", "webhook")
LISTS = {
    "duty": ("on_duty", "backup", "on_call", "answering_service"),
    "ending": ("well", "advised", "emergency", "arranged", "provider", "not_theirs", "other"),
}
INSTANTS = ("lap_at", "reach_by", "reached_at", "snoozed_until")


def _listed(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _message_channels(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """The closed list of ways, which both databases keep as a CHECK of this name."""
    name = op.f("ck_message_channelkind")
    if op.get_bind().dialect.name == "sqlite":
        _reword_check(_listed("channel", old), _listed("channel", new))
        return
    op.drop_constraint(name, "message", type_="check")
    op.create_check_constraint(name, "message", _listed("channel", new))


def _reword_check(old: str, new: str) -> None:
    """SQLite's own way to change a constraint that changes no row: by the text of the table
    (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").

    Raises:
        RuntimeError: the table does not read as the migrations before this one made it.
    """
    bind = op.get_bind()
    text = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'message'")
    made = str(bind.execute(text).scalar_one())
    if made.count(old) != 1:
        raise RuntimeError("The table 'message' is not as this program made it.")
    version = int(bind.execute(sa.text("PRAGMA schema_version")).scalar_one())
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'message'"),
        {"sql": made.replace(old, new)},
    )
    bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema = OFF"))


def upgrade() -> None:
    _message_channels(BEFORE, (*BEFORE, *ADDED))
    for column, words in LISTS.items():
        op.execute(
            f"ALTER TABLE followup ADD COLUMN {column} VARCHAR(32)"
            f" CONSTRAINT ck_followup_{column} CHECK ({_listed(column, words)})"
        )
    for column in INSTANTS:
        op.add_column("followup", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "coverage_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_watch")),
    )
    op.create_index(op.f("ix_coverage_watch_look_at"), "coverage_watch", ["look_at"], unique=False)


def downgrade() -> None:
    """Calls and requests to staff are forgotten: the older program has no word for them."""
    op.drop_table("coverage_watch")
    for column in (*INSTANTS, *LISTS):
        op.drop_column("followup", column)
    for statement in (
        "DELETE FROM attempt WHERE message_id IN (SELECT id FROM message WHERE channel IN :added)",
        "DELETE FROM message WHERE channel IN :added",
    ):
        op.execute(sa.text(statement).bindparams(sa.bindparam("added", ADDED, expanding=True)))
    _message_channels((*BEFORE, *ADDED), BEFORE)
