"""Keep pictures, phone calls, and the opt-outs that the carrier is yet to hear of."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carrier_word",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.String(length=32), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "opt_in",
                "opt_out",
                "attested",
                name="consentaction",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_word")),
    )
    op.create_index(
        op.f("ix_carrier_word_address_index_said_at"),
        "carrier_word",
        ["address_index", "said_at"],
        unique=False,
    )
    op.create_index(
        "ix_carrier_word_untold",
        "carrier_word",
        ["retry_at"],
        unique=False,
        postgresql_where=sa.text("retry_at IS NOT NULL"),
        sqlite_where=sa.text("retry_at IS NOT NULL"),
    )
    op.create_table(
        "voice_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("forwarded_to", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_voice_call_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_call")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_voice_call_provider_id")),
    )
    op.create_index(
        op.f("ix_voice_call_address_index_received_at"),
        "voice_call",
        ["address_index", "received_at"],
        unique=False,
    )
    op.create_index(
        "ix_voice_call_check",
        "voice_call",
        ["check_at"],
        unique=False,
        postgresql_where=sa.text("check_at IS NOT NULL"),
        sqlite_where=sa.text("check_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_voice_call_patient_id"), "voice_call", ["patient_id"], unique=False)
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "stored",
                "refused",
                "failed",
                name="mediastatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name=op.f("fk_media_reply_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("reply_id", "number", name=op.f("uq_media_reply_id_number")),
    )
    op.create_index(
        "ix_media_waiting",
        "media",
        ["retry_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
        sqlite_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "media_content",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_media_content_media_id")),
        sa.PrimaryKeyConstraint("media_id", name=op.f("pk_media_content")),
    )
    op.add_column(
        "reply", sa.Column("carrier_acted", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "reply", sa.Column("automatic", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("reply", "automatic")
    op.drop_column("reply", "carrier_acted")
    op.drop_table("media_content")
    op.drop_index("ix_media_waiting", table_name="media")
    op.drop_table("media")
    op.drop_index(op.f("ix_voice_call_patient_id"), table_name="voice_call")
    op.drop_index("ix_voice_call_check", table_name="voice_call")
    op.drop_index(op.f("ix_voice_call_address_index_received_at"), table_name="voice_call")
    op.drop_table("voice_call")
    op.drop_index("ix_carrier_word_untold", table_name="carrier_word")
    op.drop_index(op.f("ix_carrier_word_address_index_said_at"), table_name="carrier_word")
    op.drop_table("carrier_word")
