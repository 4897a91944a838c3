"""Stop a sender that may not send, remember whose thread comes from which, and rest a number.

Every added column may be empty, so both databases add it where the table stands.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_HELD = sa.text("status = 'queued' AND held_by IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "breaker",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("by_report", sa.Boolean(), nullable=False),
        sa.Column("probe", sa.Uuid(), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filtered", sa.Integer(), nullable=False),
        sa.Column("filtered_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('closed', 'open', 'half_open')", name=op.f("ck_breaker_breakerstate")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_breaker")),
    )
    op.create_index(op.f("ix_breaker_look_at"), "breaker", ["look_at"], unique=False)
    op.create_table(
        "patient_sender",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.String(length=40), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_patient_sender_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patient_sender")),
    )
    op.add_column("message", sa.Column("held_by", sa.String(length=80), nullable=True))
    op.create_index(
        "ix_message_held",
        "message",
        ["held_by", "retry_at"],
        unique=False,
        postgresql_where=_HELD,
        sqlite_where=_HELD,
    )
    op.add_column(
        "contact_point", sa.Column("suspect_until", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("contact_point", "suspect_until")
    op.drop_index("ix_message_held", table_name="message")
    op.drop_column("message", "held_by")
    op.drop_table("patient_sender")
    op.drop_table("breaker")
