"""Find what waits to be sent by its way too: a worker asks for texts, emails, calls and requests."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_QUEUED = sa.text("status = 'queued'")


def _queue(columns: list[str]) -> None:
    op.drop_index("ix_message_queue", table_name="message")
    op.create_index(
        "ix_message_queue",
        "message",
        columns,
        unique=False,
        postgresql_where=_QUEUED,
        sqlite_where=_QUEUED,
    )


def upgrade() -> None:
    _queue(["urgency", "channel", "retry_at"])


def downgrade() -> None:
    _queue(["urgency", "retry_at"])
