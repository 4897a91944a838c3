"""Let a person of the clinic take a conversation over, and find a patient's urgent items fast."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_HOLDS = sa.text("ended_at IS NULL")
_URGENT = sa.text("priority = 'urgent' AND status <> 'closed'")


def upgrade() -> None:
    op.create_table(
        "takeover",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("address_index", sa.String(length=32), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms",
                "email",
                name="channelkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("followup_id", sa.Uuid(), nullable=False),
        sa.Column("nurse", sa.String(length=80), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["followup_id"], ["followup.id"], name=op.f("fk_takeover_followup_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_takeover_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takeover")),
    )
    op.create_index(
        "uq_takeover_holds",
        "takeover",
        ["patient_id", "address_index"],
        unique=True,
        postgresql_where=_HOLDS,
        sqlite_where=_HOLDS,
    )
    op.create_index(
        op.f("ix_takeover_address_index_began_at"),
        "takeover",
        ["address_index", "began_at"],
        unique=False,
    )
    op.create_index(
        "ix_takeover_ends",
        "takeover",
        ["ends_at"],
        unique=False,
        postgresql_where=_HOLDS,
        sqlite_where=_HOLDS,
    )
    op.create_table(
        "staff_word",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("takeover_id", sa.Uuid(), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_staff_word_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["takeover_id"], ["takeover.id"], name=op.f("fk_staff_word_takeover_id")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_staff_word")),
    )
    op.create_index(
        op.f("ix_staff_word_takeover_id_at"), "staff_word", ["takeover_id", "at"], unique=False
    )
    op.create_index(
        "ix_followup_urgent",
        "followup",
        ["patient_id"],
        unique=False,
        postgresql_where=_URGENT,
        sqlite_where=_URGENT,
    )


def downgrade() -> None:
    op.drop_index("ix_followup_urgent", table_name="followup")
    op.drop_table("staff_word")
    op.drop_table("takeover")
