"""Keep occasions and closed days, and let touchpoints be planned from both."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLE, _CHECK = "touchpoint", "ck_touchpoint_anchor"


def upgrade() -> None:
    op.create_table(
        "closure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_code", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_code"], ["site.code"], name=op.f("fk_closure_site_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
        sa.UniqueConstraint("site_code", "day", name=op.f("uq_closure_site_code_day")),
    )
    op.create_table(
        "occasion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "enrolment",
                "authorization",
                "shipment",
                "refill",
                "home_start",
                name="occasionkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "ended",
                name="occasionstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("site_code", sa.String(length=40), nullable=True),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_occasion_patient_id")
        ),
        sa.ForeignKeyConstraint(["site_code"], ["site.code"], name=op.f("fk_occasion_site_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occasion")),
        sa.UniqueConstraint(
            "patient_id",
            "kind",
            "reference",
            name=op.f("uq_occasion_patient_id_kind_reference"),
        ),
    )
    _allow(("occasion", "closure"))


def _allow(words: tuple[str, ...]) -> None:
    """Adds words to the list that ``touchpoint.anchor_kind`` is checked against, whatever is on it.

    SQLite cannot change a CHECK but by copying the table, and cannot drop a table that others
    refer to inside a transaction. It can rewrite the text of a constraint that only becomes wider:
    https://www.sqlite.org/lang_altertable.html#otheralter
    """
    bind = op.get_bind()
    checks = {row["name"]: row["sqltext"] for row in sa.inspect(bind).get_check_constraints(_TABLE)}
    known = re.findall(r"'(\w+)'", checks[_CHECK])
    wider = ", ".join(f"'{word}'" for word in dict.fromkeys([*known, *words]))
    if bind.dialect.name != "sqlite":
        op.drop_constraint(op.f(_CHECK), _TABLE, type_="check")
        op.create_check_constraint(op.f(_CHECK), _TABLE, f"anchor_kind IN ({wider})")
        return
    old = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (_TABLE,)).scalar()
    new, found = re.subn(
        rf"(CONSTRAINT {_CHECK} CHECK \(anchor_kind IN \()[^)]*", rf"\g<1>{wider}", str(old)
    )
    if found != 1:
        raise RuntimeError(f"The constraint {_CHECK} is not as it was written.")
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (new, _TABLE)
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
