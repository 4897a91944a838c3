"""Hold visits and note what patients report."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "appointment", sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("followup", sa.Column("appointment_id", sa.Uuid(), nullable=True))
    op.add_column("patient", sa.Column("paused_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "patient",
        sa.Column("death_reported", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("patient", "death_reported")
    op.drop_column("patient", "paused_since")
    op.drop_column("followup", "appointment_id")
    op.drop_column("appointment", "held")
