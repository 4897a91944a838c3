"""Ask the provider how a message ended, when no report told.

The column may be empty, so both databases add it where the table stands. Messages that were accepted
before are not asked about: what is known of them is what was reported.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_UNHEARD = sa.text("status IN ('accepted', 'sent') AND ask_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("message", sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_message_unheard",
        "message",
        ["ask_at"],
        unique=False,
        postgresql_where=_UNHEARD,
        sqlite_where=_UNHEARD,
    )


def downgrade() -> None:
    op.drop_index("ix_message_unheard", table_name="message")
    op.drop_column("message", "ask_at")
