"""Page by a roster, ring and post pages, and keep what staff did with an item."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEFORE = ("sms", "email")
ADDED = ("voice", "webhook")
DUTIES = ("on_duty", "backup", "on_call", "answering_service")
ENDINGS = ("well", "advised", "emergency", "arranged", "provider", "not_theirs", "other")
INSTANTS = ("lap_at", "reach_by", "reached_at", "snoozed_until")


def _message_channels(channels: tuple[str, ...]) -> None:
    """The closed list of ways, which both databases keep as a CHECK of this name."""
    listed = ", ".join(f"'{channel}'" for channel in channels)
    with op.batch_alter_table("message") as table:
        table.drop_constraint(op.f("ck_message_channelkind"), type_="check")
        table.create_check_constraint(op.f("ck_message_channelkind"), f"channel IN ({listed})")


def _listed(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _message_channels((*BEFORE, *ADDED))
    with op.batch_alter_table("followup") as table:
        table.add_column(sa.Column("duty", _listed("duty", DUTIES), nullable=True))
        table.add_column(sa.Column("ending", _listed("ending", ENDINGS), nullable=True))
        for name in INSTANTS:
            table.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "coverage_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_watch")),
    )
    op.create_index(op.f("ix_coverage_watch_look_at"), "coverage_watch", ["look_at"], unique=False)


def downgrade() -> None:
    """Calls and requests to staff are forgotten: the older program has no word for them."""
    op.drop_table("coverage_watch")
    with op.batch_alter_table("followup") as table:
        table.drop_constraint(op.f("ck_followup_duty"), type_="check")
        table.drop_constraint(op.f("ck_followup_ending"), type_="check")
        for name in ("duty", "ending", *INSTANTS):
            table.drop_column(name)
    for statement in (
        "DELETE FROM attempt WHERE message_id IN (SELECT id FROM message WHERE channel IN :added)",
        "DELETE FROM message WHERE channel IN :added",
    ):
        op.execute(sa.text(statement).bindparams(sa.bindparam("added", ADDED, expanding=True)))
    _message_channels(BEFORE)
