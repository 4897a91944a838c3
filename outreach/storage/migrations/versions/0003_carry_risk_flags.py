"""Let patients carry risk flags, and know the occasions of home care."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = ("enrolment", "authorization", "shipment", "refill", "home_start")
ADDED = ("delivery", "arrival", "home_switch", "home_year")


def _occasion_kinds(kinds: tuple[str, ...]) -> None:
    """The closed list of kinds, which both databases keep as a CHECK of this name."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("occasion") as table:
        table.drop_constraint(op.f("ck_occasion_occasionkind"), type_="check")
        table.create_check_constraint(op.f("ck_occasion_occasionkind"), f"kind IN ({listed})")


def upgrade() -> None:
    op.add_column("patient", sa.Column("risks", sa.LargeBinary(), nullable=True))
    _occasion_kinds((*BEFORE, *ADDED))


def downgrade() -> None:
    """What was planned from the added kinds stays in the ledger; the last-moment check ends it."""
    op.execute(
        sa.text("DELETE FROM occasion WHERE kind IN :added").bindparams(
            sa.bindparam("added", ADDED, expanding=True)
        )
    )
    _occasion_kinds(BEFORE)
    op.drop_column("patient", "risks")
