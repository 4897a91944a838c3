"""Due scan: what is due is found at the same cost in a small ledger and in a large one."""

from contextlib import ExitStack
from statistics import median
from time import perf_counter

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from benchmarks import server_rows
from benchmarks.catalogue import Options
from benchmarks.clinic import MORNING, clinic_settings, clinic_world
from benchmarks.databases import open_database
from benchmarks.report import Goal, Report
from outreach.domain.journeys import Anchor
from outreach.domain.states import Purpose, TouchpointStatus
from outreach.pipeline.world import World
from outreach.storage.models import Patient, Touchpoint

_DUE = 200
"""Waiting in both ledgers."""
_TAKEN = 10
"""So few of them are taken at once that finding them is not lost beside making rows of them."""
_SMALL = 10_000
_COLUMNS = [
    f'"{column.name}"'
    for column in Touchpoint.__table__.columns
    if column.name not in {"id", "step", "due_at", "status"}
]


def run(options: Options) -> Report:
    """Both ledgers are asked by turns, so that a busy machine slows both; medians of the turns."""
    large = options.count(1_000_000, 3_000)
    small = min(_SMALL, large // 10)
    with ExitStack() as stack:
        worlds = []
        for rows in (small, large):
            database = stack.enter_context(open_database(options))
            world = stack.enter_context(clinic_world(clinic_settings(database.url)))
            _fill(world, rows)
            worlds.append(world)
        turns = options.count(201, 11)
        claims, ticks = _by_turns(worlds, turns)
        return Report(
            figures={
                "claim_ms_small": claims[0],
                "claim_ms_large": claims[1],
                "tick_ms_small": ticks[0],
                "tick_ms_large": ticks[1],
            },
            baselines={"nothing_asked_ms": _nothing(worlds[0], turns)},
            ratios={
                "claim_large_to_small": claims[1] / claims[0],
                "tick_large_to_small": ticks[1] / ticks[0],
            },
            goals=(
                Goal("claim_large_to_small", at_most=1.2),
                Goal("tick_large_to_small", at_most=1.2),
            ),
            facts={"database": database.kind, "rows_small": small, "rows_large": large},
        )


def _by_turns(worlds: list[World], turns: int) -> tuple[list[float], list[float]]:
    """Milliseconds of a claim of some that are due, and of the tick's question, in each ledger."""
    claims: list[list[float]] = [[] for _ in worlds]
    ticks: list[list[float]] = [[] for _ in worlds]
    for _ in range(turns):
        for at, world in enumerate(worlds):
            claims[at].append(_claim(world))
            ticks[at].append(_tick(world))
    return [median(times) for times in claims], [median(times) for times in ticks]


def _claim(world: World) -> float:
    with world.db.read() as unit:
        began = perf_counter()
        found = unit.ledger.take_due(MORNING, _TAKEN)
        spent = perf_counter() - began
    if len(found) != _TAKEN:
        raise RuntimeError(f"{len(found)} touchpoints were due and not {_TAKEN}.")
    return spent * 1000


def _tick(world: World) -> float:
    with world.db.read() as unit:
        began = perf_counter()
        stages = unit.work.waiting(MORNING, world.machine_now())
        spent = perf_counter() - began
    if stages != ["due"]:
        raise RuntimeError(f"Work waits for {stages} and not for 'due' alone.")
    return spent * 1000


def _nothing(world: World, turns: int) -> float:
    """A question that needs no table: what asking costs by itself, in milliseconds."""
    times = []
    with world.db.engine.connect() as connection:
        for _ in range(turns):
            began = perf_counter()
            connection.execute(text("SELECT 1")).all()
            times.append((perf_counter() - began) * 1000)
    return median(times)


def _fill(world: World, rows: int) -> None:
    """Of ten touchpoints eight have ended and two lie ahead; ``_DUE`` are due now."""
    with Session(world.db.engine) as session:
        patient = Patient(id=world.new_id(), last_event_at=MORNING, created_at=MORNING)
        session.add(patient)
        session.flush()
        session.add(
            Touchpoint(
                id=world.new_id(),
                journey="benchmark",
                step="pattern",
                patient_id=patient.id,
                anchor_kind=Anchor.OCCASION,
                anchor_id=patient.id,
                anchor_version=1,
                anchor_at=MORNING,
                template="prep_1d",
                purpose=Purpose.CARE,
                channels=["sms"],
                due_at=MORNING,
                useful_until=MORNING,
                status=TouchpointStatus.SENT,
                created_at=MORNING,
            )
        )
        session.commit()
    engine, ended = world.db.engine, rows * 8 // 10
    _copy_pattern(engine, 1, ended, "sent", "n * -7")
    _copy_pattern(engine, ended + 1, rows, "planned", "n % 2592000 + 60")
    _copy_pattern(engine, rows + 1, rows + _DUE, "planned", "n * -7")
    _settle_down(engine)


def _copy_pattern(engine: Engine, first: int, last: int, status: str, seconds: str) -> None:
    """Rows that the server makes by itself: the pattern under another name, time and status."""
    columns = ", ".join(_COLUMNS)
    due = server_rows.later(engine, "due_at", seconds)
    server_rows.insert(
        engine,
        f"INSERT INTO touchpoint (id, step, due_at, status, {columns})"  # noqa: S608
        f" SELECT {server_rows.new_id(engine)}, 's' || n, {due}, '{status}', {columns}"
        f" FROM touchpoint, {server_rows.numbers(engine, first, last)} WHERE step = 'pattern'",
    )


def _settle_down(engine: Engine) -> None:
    """What the server does by itself after a while: it counts what lies where."""
    clean = "VACUUM ANALYZE touchpoint" if engine.dialect.name == "postgresql" else "ANALYZE"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
        plain.exec_driver_sql(clean)
