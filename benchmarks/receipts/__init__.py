"""Receipts: signed status callbacks over HTTP to one web process, durable before each answer.

The web part and the applier are child processes as in life; the callers keep their connections.
"""

import tempfile
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.audience import accepted
from benchmarks.catalogue import Options
from benchmarks.children import cpu_seconds, free_port, listens, running
from benchmarks.clinic import clinic_settings, clinic_world
from benchmarks.databases import FLOOR, BenchDatabase, open_database
from benchmarks.measuring import percentile
from benchmarks.receipts.callers import call_all, requests_for
from benchmarks.report import Goal, Report, medians
from outreach.cli.environment import child_environment
from outreach.domain.errors import Unavailable
from outreach.pipeline.world import World
from outreach.settings import Settings
from outreach.storage.models import Receipt

CONNECTIONS = 64
_PATIENCE = 120.0
_GOALS = (
    Goal("durable_per_second", at_least=1_500),
    Goal("p99_ms", at_most=100),
    Goal("applied_within_p99_s", at_most=2),
)


def run(options: Options) -> Report:
    """Medians of several rounds, each without and then with the applier running beside it."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as folder:
        log = Path(folder)
        with open_database(options) as database:
            settings = clinic_settings(database.url, public_url=f"http://127.0.0.1:{port}")
            with clinic_world(settings) as world:
                rounds = _rounds(world, database, settings, port, log, options)
            return _report(medians(rounds), database, options)


def _rounds(
    world: World,
    database: BenchDatabase,
    settings: Settings,
    port: int,
    log: Path,
    options: Options,
) -> list[dict[str, float]]:
    environment = child_environment(settings, {})
    words = ["outreach.cli", "web", "--port", str(port)]
    with running("web", words, log, environment) as web:
        web.wait_ready(lambda: listens(port))
        measured = []
        for _ in range(options.runs):
            alone = _measure(world, port, web.pid, options)
            with running("applier", ["benchmarks.receipts.applier"], log, environment):
                _await_applied(world)
                beside = _measure(world, port, web.pid, options)
                _await_applied(world)
            floor = database.floor(options)
            found = _joined(alone, beside) | _lags(world, 2 * _messages(options)) | floor
            commits = floor["insert_and_commit_per_second"]
            found["to_commits"] = found["per_second"] / commits
            found["alone_to_commits"] = found["alone_per_second"] / commits
            measured.append(found)
        return measured


def _measure(world: World, port: int, web: int, options: Options) -> dict[str, float]:
    known = accepted(world, _messages(options))
    requests = requests_for(known, port)
    stored, cpu = _stored(world), cpu_seconds(web)
    calls = call_all(requests, port, CONNECTIONS)
    if _stored(world) - stored != len(requests):
        raise RuntimeError("A receipt was acknowledged and is not in the database.")
    return {
        "per_second": len(requests) / calls.seconds,
        "p50_ms": percentile(calls.latencies, 0.5) * 1000,
        "p99_ms": percentile(calls.latencies, 0.99) * 1000,
        "web_cpu_ms": (cpu_seconds(web) - cpu) * 1000 / len(requests),
    }


def _joined(alone: dict[str, float], beside: dict[str, float]) -> dict[str, float]:
    return {**beside, **{f"alone_{name}": value for name, value in alone.items()}}


def _stored(world: World) -> int:
    with Session(world.db.engine) as session:
        return session.scalar(select(func.count()).select_from(Receipt)) or 0


def _await_applied(world: World) -> None:
    deadline = monotonic() + _PATIENCE
    query = select(func.count()).where(Receipt.applied_at.is_(None))
    while True:
        with Session(world.db.engine) as session:
            if not session.scalar(query):
                return
        if monotonic() > deadline:
            raise Unavailable("The receipts of the benchmark were not applied in time.")
        sleep(0.05)


def _messages(options: Options) -> int:
    """Each is reported on twice."""
    return options.count(3000, 40)


def _lags(world: World, count: int) -> dict[str, float]:
    """Seconds from stored to applied, of the receipts that came last."""
    with Session(world.db.engine) as session:
        rows = session.execute(
            select(Receipt.received_at, Receipt.applied_at)
            .order_by(Receipt.received_at.desc())
            .limit(count)
        )
        lags = [(done - came).total_seconds() for came, done in rows if done is not None]
    return {"lag_p99": percentile(lags, 0.99)}


def _report(found: dict[str, float], database: BenchDatabase, options: Options) -> Report:
    return Report(
        figures={
            "durable_per_second": found["per_second"],
            "p50_ms": found["p50_ms"],
            "p99_ms": found["p99_ms"],
            "applied_within_p99_s": found["lag_p99"],
            "web_cpu_ms_per_receipt": found["web_cpu_ms"],
            "without_applier_per_second": found["alone_per_second"],
            "without_applier_p99_ms": found["alone_p99_ms"],
        },
        baselines={name: found[name] for name in FLOOR},
        ratios={
            "to_insert_and_commit": found["to_commits"],
            "without_applier_to_insert_and_commit": found["alone_to_commits"],
        },
        goals=_GOALS,
        facts={
            "database": database.kind,
            "connections": CONNECTIONS,
            "receipts": 2 * _messages(options),
        },
    )
