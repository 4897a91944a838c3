"""Page by a roster, ring and post pages, and keep what staff did with an item.

Tables that others point to are changed where they stand. SQLite cannot drop and refill them while it
checks foreign keys, and messages are many.
"""

import sqlalchemy as sa
from alembic import op

from outreach.storage.migrations.word_lists import change_words, listed

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEFORE = ("sms", "email")
ADDED = ("voice", "webhook")
AFTER = (*BEFORE, *ADDED)
_WAYS = ("message", "channel", "ck_message_channelkind")
LISTS = {
    "duty": ("on_duty", "backup", "on_call", "answering_service"),
    "ending": ("well", "advised", "emergency", "arranged", "provider", "not_theirs", "other"),
}
INSTANTS = ("lap_at", "reach_by", "reached_at", "snoozed_until")


def upgrade() -> None:
    change_words(*_WAYS, BEFORE, AFTER)
    for column, words in LISTS.items():
        op.execute(
            f"ALTER TABLE followup ADD COLUMN {column} VARCHAR(32)"
            f" CONSTRAINT ck_followup_{column} CHECK ({listed(column, words)})"
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
    change_words(*_WAYS, AFTER, BEFORE)
