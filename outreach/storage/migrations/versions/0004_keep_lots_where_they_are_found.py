"""Keep lots sealed and with a blind index, and let a campaign be prepared before it is launched."""

import json
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from outreach.domain.lots import lot_key
from outreach.storage.crypto import keyring
from outreach.storage.migrations.word_lists import change_words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BEFORE = ("launched", "cancelled")
AFTER = (*BEFORE, "draft")
_STATES = ("campaign", "status", "ck_campaign_campaignstatus")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "lot_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "administered",
                "logged",
                "dispensed",
                name="lotsource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("dose_id", sa.Uuid(), nullable=True),
        sa.Column("lot", sa.LargeBinary(), nullable=True),
        sa.Column("lot_index", sa.String(length=32), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_lot_use_appointment_id")
        ),
        sa.ForeignKeyConstraint(["dose_id"], ["dose.id"], name=op.f("fk_lot_use_dose_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_lot_use_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_use")),
        sa.UniqueConstraint("origin", "lot_index", name=op.f("uq_lot_use_origin_lot_index")),
    )
    for columns in (("lot_index",), ("patient_id",), ("appointment_id",), ("dose_id",)):
        op.create_index(op.f(f"ix_lot_use_{columns[0]}"), "lot_use", list(columns), unique=False)
    op.create_index(op.f("ix_lot_use_source_at"), "lot_use", ["source", "at"], unique=False)
    _keep_what_was_there()
    op.drop_column("appointment", "lots")
    change_words(*_STATES, BEFORE, AFTER)
    op.add_column("campaign", sa.Column("audience", _JSON, nullable=True))
    op.add_column(
        "campaign",
        sa.Column("calls_instead", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("campaign", sa.Column("lot", sa.LargeBinary(), nullable=True))


_USES = sa.table(
    "lot_use",
    sa.column("id", sa.Uuid()),
    sa.column("patient_id", sa.Uuid()),
    sa.column("source"),
    sa.column("origin"),
    sa.column("appointment_id", sa.Uuid()),
    sa.column("dose_id", sa.Uuid()),
    sa.column("lot", sa.LargeBinary()),
    sa.column("lot_index"),
    sa.column("at", _AT),
    sa.column("created_at", _AT),
)
_VISITS = sa.table(
    "appointment",
    sa.column("id", sa.Uuid()),
    sa.column("patient_id", sa.Uuid()),
    sa.column("lots", _JSON),
    sa.column("actual_end", _AT),
    sa.column("actual_start", _AT),
    sa.column("start_at", _AT),
    sa.column("last_event_at", _AT),
)
_LOGS = sa.table(
    "dose_log",
    sa.column("dose_id", sa.Uuid()),
    sa.column("patient_id", sa.Uuid()),
    sa.column("details", sa.LargeBinary()),
    sa.column("reported_at", _AT),
)


def _keep_what_was_there() -> None:
    """Lots that infusions and reports of doses named before: without them a recall would miss
    somebody. What is sealed needs the keys, as this program has them whenever it migrates."""
    connection = op.get_bind()
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def keep(origin: str, lot: str, at: Any, **rest: Any) -> None:
        key = lot_key(lot)
        if key:
            index = keyring().index("lot", key)
            found[origin, index] = {
                "id": uuid4(),
                "origin": origin,
                "lot": keyring().encrypt(lot, "lot_use.lot"),
                "lot_index": index,
                "at": at,
                "created_at": at,
                "appointment_id": None,
                "dose_id": None,
                **rest,
            }

    for row in connection.execute(sa.select(_VISITS)):
        at = row.actual_end or row.actual_start or row.start_at or row.last_event_at
        for lot in row.lots or ():
            owner = {"patient_id": row.patient_id, "appointment_id": row.id}
            keep(f"visit:{row.id.hex}", lot, at, source="administered", **owner)
    for row in connection.execute(sa.select(_LOGS).where(_LOGS.c.details.is_not(None))):
        lot = json.loads(keyring().decrypt(bytes(row.details), "dose_log.details")).get("lot")
        if lot:
            owner = {"patient_id": row.patient_id, "dose_id": row.dose_id}
            keep(f"dose:{row.dose_id.hex}", lot, row.reported_at, source="logged", **owner)
    if found:
        connection.execute(sa.insert(_USES), list(found.values()))


def downgrade() -> None:
    """Lots of infusions stand beside their visits again. A draft was never launched: it ends."""
    op.add_column("appointment", sa.Column("lots", _JSON, server_default="[]", nullable=False))
    connection = op.get_bind()
    lots: dict[Any, list[str]] = {}
    named = sa.select(_USES.c.appointment_id, _USES.c.lot).where(_USES.c.source == "administered")
    for visit, lot in connection.execute(named):
        lots.setdefault(visit, []).append(keyring().decrypt(bytes(lot), "lot_use.lot"))
    for visit, written in lots.items():
        connection.execute(
            sa.update(_VISITS).where(_VISITS.c.id == visit).values(lots=sorted(written))
        )
    op.drop_table("lot_use")
    op.drop_column("campaign", "lot")
    op.drop_column("campaign", "calls_instead")
    op.drop_column("campaign", "audience")
    op.execute(sa.text("UPDATE campaign SET status = 'cancelled' WHERE status = 'draft'"))
    change_words(*_STATES, AFTER, BEFORE)
