"""A ledger of many planned touchpoints, far from due, spread over the patients."""

from datetime import timedelta

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from benchmarks import server_rows
from benchmarks.clinic import MORNING
from outreach.domain.journeys import Anchor
from outreach.domain.states import Purpose, TouchpointStatus
from outreach.pipeline.world import World
from outreach.storage.models import Patient, Touchpoint

_PATTERN = "pattern"
_DAYS = 60
"""The first is due so far ahead: whatever this benchmark waits for, it is not for these."""
_TIMES = ("due_at", "useful_until", "anchor_at")
_COLUMNS = [
    f'"{column.name}"'
    for column in Touchpoint.__table__.columns
    if column.name not in {"id", "step", "patient_id", "anchor_id", *_TIMES}
]


def plan_far_ahead(world: World, count: int) -> None:
    """``count`` more touchpoints, planned for the months from two months on."""
    engine = world.db.engine
    _write_pattern(world)
    with engine.connect() as connection:
        people = connection.execute(text("SELECT count(*) FROM patient")).scalar_one()
    times = ", ".join(server_rows.later(engine, f"t.{one}", "n % 2592000") for one in _TIMES)
    columns = ", ".join(_COLUMNS)
    rest = ", ".join(f"t.{column}" for column in _COLUMNS)
    server_rows.insert(
        engine,
        f"INSERT INTO touchpoint (id, step, patient_id, anchor_id, {', '.join(_TIMES)}, {columns})"  # noqa: S608
        f" SELECT {server_rows.new_id(engine)}, 's' || n, p.id, p.id, {times}, {rest}"
        f" FROM touchpoint AS t, {server_rows.numbers(engine, 1, count)}"
        " JOIN (SELECT id, row_number() OVER (ORDER BY id) AS at FROM patient) AS p"
        f" ON p.at = n % {people} + 1 WHERE t.step = '{_PATTERN}'",
    )
    _settle_down(engine)


def _write_pattern(world: World) -> None:
    """What all of them look like."""
    with Session(world.db.engine) as session:
        patient = Patient(id=world.new_id(), last_event_at=MORNING, created_at=MORNING)
        session.add(patient)
        session.flush()
        due = MORNING + timedelta(days=_DAYS)
        session.add(
            Touchpoint(
                id=world.new_id(),
                journey="benchmark",
                step=_PATTERN,
                patient_id=patient.id,
                anchor_kind=Anchor.OCCASION,
                anchor_id=patient.id,
                anchor_version=1,
                anchor_at=due + timedelta(days=1),
                template="prep_1d",
                purpose=Purpose.CARE,
                channels=["sms"],
                due_at=due,
                useful_until=due + timedelta(hours=12),
                status=TouchpointStatus.PLANNED,
                created_at=MORNING,
            )
        )
        session.commit()


def _settle_down(engine: Engine) -> None:
    """What the server does by itself after a while: it counts what lies where."""
    clean = "VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
        plain.exec_driver_sql(clean)
