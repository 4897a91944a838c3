"""Ask further questions after a check-in, keep the answers, and call about unconfirmed visits."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PROMPTS = ("severity_0_3", "redflag_yes_no", "screen", "confirm", "dose")
ADDED_PROMPTS = ("symptom", "interference_0_4")
STATUSES = ("open", "answered", "expired")
ADDED_STATUSES = ("waiting", "stopped")

_REPLY = sa.table("reply", sa.column("id"), sa.column("conversation_id"))
_KEPT = sa.table("kept_reply", sa.column("id"), sa.column("conversation_id"))


@contextmanager
def _without_references() -> Iterator[None]:
    """SQLite rebuilds a table to change its constraints, and may not drop one that is referred to:
    what refers to it lets go meanwhile."""
    if op.get_bind().dialect.name != "sqlite":
        yield
        return
    op.execute(
        "CREATE TEMPORARY TABLE kept_reply AS "
        "SELECT id, conversation_id FROM reply WHERE conversation_id IS NOT NULL"
    )
    op.execute(sa.update(_REPLY).values(conversation_id=None))
    yield
    kept = sa.select(_KEPT.c.conversation_id).where(_KEPT.c.id == _REPLY.c.id).scalar_subquery()
    op.execute(
        sa.update(_REPLY).where(_REPLY.c.id.in_(sa.select(_KEPT.c.id))).values(conversation_id=kept)
    )
    op.execute("DROP TABLE kept_reply")


def _rebuild(prompts: tuple[str, ...], statuses: tuple[str, ...], key: list[str]) -> None:
    """The conversation table with these closed lists and this unique key."""
    old = ["touchpoint_id", "question"] if key == ["touchpoint_id"] else ["touchpoint_id"]
    with _without_references(), op.batch_alter_table("conversation") as table:
        table.drop_constraint(op.f(f"uq_conversation_{'_'.join(old)}"), type_="unique")
        table.create_unique_constraint(op.f(f"uq_conversation_{'_'.join(key)}"), key)
        for name, column, words in (
            ("prompt", "prompt", prompts),
            ("conversationstatus", "status", statuses),
        ):
            listed = ", ".join(f"'{word}'" for word in words)
            table.drop_constraint(op.f(f"ck_conversation_{name}"), type_="check")
            table.create_check_constraint(
                op.f(f"ck_conversation_{name}"), f"{column} IN ({listed})"
            )


def _open_index(condition: str) -> None:
    op.create_index(
        "ix_conversation_open",
        "conversation",
        ["closes_at"],
        unique=False,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )


def _partial_index(name: str, table: str, column: str, condition: str) -> None:
    op.create_index(
        name,
        table,
        [column],
        unique=False,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )


def upgrade() -> None:
    """A step of a journey still asks one of five things: the list of ``touchpoint.asks`` stays."""
    op.drop_index("ix_conversation_open", table_name="conversation")
    op.add_column(
        "conversation",
        sa.Column("question", sa.String(length=40), server_default="", nullable=False),
    )
    for name in ("again_at", "staff_at"):
        op.add_column("conversation", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    _rebuild(
        (*PROMPTS, *ADDED_PROMPTS), (*STATUSES, *ADDED_STATUSES), ["touchpoint_id", "question"]
    )
    _open_index("status IN ('open', 'waiting')")
    _partial_index("ix_conversation_unread", "conversation", "staff_at", "staff_at IS NOT NULL")
    op.add_column("message", sa.Column("conversation_id", sa.Uuid(), nullable=True))
    op.add_column("appointment", sa.Column("confirm_by", sa.DateTime(timezone=True), nullable=True))
    _partial_index(
        "ix_appointment_unconfirmed", "appointment", "confirm_by", "confirm_by IS NOT NULL"
    )
    op.create_table(
        "survey_response",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("touchpoint_id", sa.Uuid(), nullable=False),
        sa.Column("survey", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "complete",
                "stopped",
                "expired",
                name="responsestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_survey_response_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["touchpoint_id"], ["touchpoint.id"], name=op.f("fk_survey_response_touchpoint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_response")),
        sa.UniqueConstraint("touchpoint_id", name=op.f("uq_survey_response_touchpoint_id")),
    )
    op.create_index(
        op.f("ix_survey_response_patient_id_started_at"),
        "survey_response",
        ["patient_id", "started_at"],
        unique=False,
    )
    _partial_index("ix_survey_response_open", "survey_response", "started_at", "status = 'open'")


def downgrade() -> None:
    """Further questions are forgotten, and with them what was answered to them."""
    op.drop_index("ix_survey_response_open", table_name="survey_response")
    op.drop_index(op.f("ix_survey_response_patient_id_started_at"), table_name="survey_response")
    op.drop_table("survey_response")
    op.drop_index("ix_appointment_unconfirmed", table_name="appointment")
    op.drop_column("appointment", "confirm_by")
    op.drop_column("message", "conversation_id")
    op.drop_index("ix_conversation_unread", table_name="conversation")
    op.drop_index("ix_conversation_open", table_name="conversation")
    op.execute(
        "UPDATE reply SET conversation_id = NULL WHERE conversation_id IN "
        "(SELECT id FROM conversation WHERE question <> '')"
    )
    op.execute("DELETE FROM conversation WHERE question <> ''")
    _rebuild(PROMPTS, STATUSES, ["touchpoint_id"])
    for name in ("staff_at", "again_at", "question"):
        op.drop_column("conversation", name)
    _open_index("status = 'open'")
