"""Let patients carry risk flags."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("patient", sa.Column("risks", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("patient") as table:
        table.drop_column("risks")
