"""Record whom a patient permits, a preferred address, and when a child is looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "permission",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
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
        sa.Column("address_index", sa.String(length=32), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "staff",
                "record",
                name="permissionsource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_permission_patient_id")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_permission")),
    )
    op.create_index(op.f("ix_permission_patient_id"), "permission", ["patient_id"], unique=False)
    op.add_column(
        "contact_point",
        sa.Column("preferred", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("message", sa.Column("to_whom", sa.String(length=160), nullable=True))
    op.add_column("patient", sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_patient_look",
        "patient",
        ["look_at"],
        unique=False,
        postgresql_where=sa.text("look_at IS NOT NULL"),
        sqlite_where=sa.text("look_at IS NOT NULL"),
    )
    # Birth dates are sealed: who is a child is found by the program's first look at everybody.
    patient = sa.table(
        "patient", sa.column("look_at"), sa.column("birth_date"), sa.column("merged_into")
    )
    op.execute(
        sa.update(patient)
        .where(patient.c.birth_date.is_not(None), patient.c.merged_into.is_(None))
        .values(look_at=sa.func.now())
    )


def downgrade() -> None:
    op.drop_index("ix_patient_look", table_name="patient")
    op.drop_column("patient", "look_at")
    op.drop_column("message", "to_whom")
    op.drop_column("contact_point", "preferred")
    op.drop_index(op.f("ix_permission_patient_id"), table_name="permission")
    op.drop_table("permission")
