"""Lag: how long after its time a text is with the provider, while a million others are planned.

Both worker nodes run as ``outreach up`` starts them; the provider is one that costs nothing and
notes when each text came. Three parts, one after another: nothing is due, and the nodes' CPU is
read; some texts become due in each second; very many are due at once, and the nodes' memory is read
before and after.
"""

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from benchmarks import processes
from benchmarks.audience import book
from benchmarks.catalogue import Options
from benchmarks.clinic import MORNING, clinic_settings, clinic_world
from benchmarks.databases import FLOOR, open_database
from benchmarks.lag.ledger import plan_far_ahead
from benchmarks.measuring import percentile
from benchmarks.nodes import Nodes, worker_nodes
from benchmarks.null_provider import NullProvider, null_provider
from benchmarks.report import Goal, Report
from outreach.clocks import SharedClock, SystemClock
from outreach.domain.errors import Unavailable
from outreach.pipeline.world import World
from outreach.storage.models import Message, Touchpoint

PER_SECOND = 100
PLANNED = 1_000_000
MANY = 100_000
_LATER = MORNING + timedelta(days=30)
"""The last part's texts, until it is their turn."""
_TICK = 0.01
"""Seconds: finer than this, CPU is not told."""
_SETTLE_SECONDS = 5.0
_SETTLED = 0.05
"""Of a core: a node that has just started still reads and compiles."""
_STALLED_SECONDS = 60.0
_GOALS = (
    Goal("p99_s", at_most=2),
    Goal("idle_cpu_percent", at_most=3),
    Goal("parent_and_child_mib", at_most=150),
    Goal("memory_after_many_to_after_tenth", at_most=1.05),
)


def run(options: Options) -> Report:
    """One round: it takes a quarter of an hour, and each part of it is long."""
    processes.check()
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as folder:
        log = Path(folder)
        clock = SharedClock(log / "clock", SystemClock())
        clock.set(MORNING, rate=1.0)
        with open_database(options) as database, null_provider(log) as provider:
            settings = clinic_settings(database.url, provider.url)
            with clinic_world(settings, clock) as world:
                _fill(world, options)
                running = settings.model_copy(update={"clock_file": clock.path})
                with worker_nodes(running, log) as nodes:
                    found = _measure(world, nodes, provider, options)
            found |= database.floor(options)
            return _report(found, database.kind, options)


def _fill(world: World, options: Options) -> None:
    """The patients of the last part are there from the start, and the plans are theirs."""
    for count in _portions(_many(options)):
        book(world, count, lambda _: _LATER)
    plan_far_ahead(world, options.count(PLANNED, 2_000) - _many(options))


def _measure(
    world: World, nodes: Nodes, provider: NullProvider, options: Options
) -> dict[str, float]:
    if not options.quick:
        _settle(nodes)
    found = {"load": processes.load_now()}
    found |= _idle(nodes, 0.5 if options.quick else 60.0)
    found |= {"idle_pair": nodes.pair_mib(), "idle_all": nodes.all_mib()}
    found |= _each_second(world, nodes, provider, options)
    found |= _at_once(world, nodes, provider, options)
    requests, messages = provider.counted()
    if requests != messages:
        raise RuntimeError(f"The provider was asked {requests} times to send {messages} texts.")
    return found


def _settle(nodes: Nodes) -> None:
    """Waits a minute at most until they have nothing more to do."""
    deadline, used = monotonic() + 60, nodes.cpu_seconds()
    while monotonic() < deadline:
        sleep(_SETTLE_SECONDS)
        before, used = used, nodes.cpu_seconds()
        if used - before < _SETTLED * _SETTLE_SECONDS:
            return


def _idle(nodes: Nodes, seconds: float) -> dict[str, float]:
    began, used = monotonic(), nodes.cpu_seconds()
    sleep(seconds)
    spent = max(nodes.cpu_seconds() - used, _TICK)
    return {"idle_percent": 100 * spent / (monotonic() - began)}


def _each_second(
    world: World, nodes: Nodes, provider: NullProvider, options: Options
) -> dict[str, float]:
    """Seconds from each text's time to its acceptance, as the provider saw it."""
    count = PER_SECOND * options.count(60, 1)
    _, before = provider.counted()
    first = world.clinic_now() + timedelta(seconds=options.count(20, 2))

    def due(number: int) -> datetime:
        return first + timedelta(seconds=number / PER_SECOND)

    people = book(world, count, due)
    if world.clinic_now() > first:
        raise Unavailable("The texts of the benchmark were due before they were written.")
    sleep((due(count) - world.clinic_now()).total_seconds())
    _await(nodes, provider, before + count, lambda _: None)
    ahead = world.clinic_now() - world.machine_now()
    wanted = {
        person.touchpoint: (due(number) - ahead).timestamp() for number, person in enumerate(people)
    }
    lags = _lags(world, wanted, provider.taken())
    return {
        "p50": percentile(lags, 0.5),
        "p99": percentile(lags, 0.99),
        "most": max(lags),
        "pair": nodes.pair_mib(),
    }


def _lags(world: World, wanted: dict[UUID, float], taken: dict[UUID, float]) -> list[float]:
    query = select(Message.id, Message.touchpoint_id)
    with Session(world.db.engine) as session:
        return [
            taken[message] - wanted[touchpoint]
            for message, touchpoint in session.execute(query)
            if touchpoint in wanted
        ]


def _at_once(
    world: World, nodes: Nodes, provider: NullProvider, options: Options
) -> dict[str, float]:
    """Memory before and after very many texts, and what they cost."""
    count, found = _many(options), {"before": nodes.pair_mib()}
    _, before = provider.counted()

    def look(done: int) -> None:
        if "tenth" not in found and done >= before + count / 10:
            found["tenth"] = nodes.pair_mib()

    began, used = monotonic(), nodes.cpu_seconds()
    with Session(world.db.engine) as session:
        session.connection(execution_options={"outreach_write": True})
        later = update(Touchpoint).where(Touchpoint.due_at == _LATER)
        session.execute(
            later.values(due_at=world.clinic_now()),
            execution_options={"synchronize_session": False},
        )
        session.commit()
    _await(nodes, provider, before + count, look)
    found["per_second"] = count / (monotonic() - began)
    found["cpu_ms"] = (nodes.cpu_seconds() - used) * 1000 / count
    found["after"], found["all"] = nodes.pair_mib(), nodes.all_mib()
    return found


def _await(nodes: Nodes, provider: NullProvider, wanted: int, look: Callable[[int], None]) -> None:
    """Returns when the provider has so many messages; ``look`` is told on the way."""
    done, since = -1, monotonic()
    while done < wanted:
        sleep(0.5)
        nodes.check()
        _, now = provider.counted()
        if now > done:
            done, since = now, monotonic()
        elif monotonic() - since > _STALLED_SECONDS:
            raise Unavailable(f"The provider has {done} texts of {wanted}, and no more come.")
        look(done)


def _many(options: Options) -> int:
    """Texts of the last part."""
    return options.count(MANY, 200)


def _portions(count: int) -> list[int]:
    """Rows that are made at once, so that they fit into memory."""
    most = 20_000
    return [min(most, count - first) for first in range(0, count, most)]


def _report(found: dict[str, float], kind: str, options: Options) -> Report:
    return Report(
        figures={
            "p50_s": found["p50"],
            "p99_s": found["p99"],
            "longest_s": found["most"],
            "idle_cpu_percent": found["idle_percent"],
            "parent_and_child_mib": max(found["idle_pair"], found["pair"], found["after"]),
            "idle_parent_and_child_mib": found["idle_pair"],
            "before_many_parent_and_child_mib": found["before"],
            "after_tenth_parent_and_child_mib": found["tenth"],
            "after_many_parent_and_child_mib": found["after"],
            "idle_both_nodes_mib": found["idle_all"],
            "after_many_both_nodes_mib": found["all"],
            "many_per_second": found["per_second"],
            "many_worker_cpu_ms_per_message": found["cpu_ms"],
        },
        baselines={name: found[name] for name in FLOOR},
        ratios={"memory_after_many_to_after_tenth": found["after"] / found["tenth"]},
        goals=_GOALS,
        facts={
            "database": kind,
            "planned": options.count(PLANNED, 2_000),
            "due_each_second": PER_SECOND,
            "seconds": options.count(60, 1),
            "many": _many(options),
            "runs": 1,
            "load_1_minute_before": round(found["load"], 2),
        },
    )
