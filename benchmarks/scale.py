"""Scale: one, two and four worker processes, each waiting for a provider that takes its time.

The bulk node has that many processes; the urgent one runs beside it and ticks, as in life. The
queue is filled beforehand: what is measured is claiming, composing, sending and recording. The
database and the provider need cores too, so how full the machine was is reported beside each rate.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from benchmarks import processes
from benchmarks.audience import book
from benchmarks.catalogue import Options
from benchmarks.clinic import MORNING, clinic_settings, clinic_world
from benchmarks.databases import FLOOR, open_database
from benchmarks.nodes import Nodes, worker_nodes
from benchmarks.null_provider import NullProvider, null_provider
from benchmarks.report import Goal, Report, medians
from outreach.clocks import SharedClock, SystemClock
from outreach.domain.errors import Unavailable
from outreach.pipeline import due
from outreach.pipeline.world import World
from outreach.settings import Settings

COUNTS = (1, 2, 4)
LATENCY_MS = 100
IN_FLIGHT = 16
_FULL = 0.95
"""So much of all cores at work is a full machine."""
_PATIENCE = 60.0
_NAMES = {1: "one", 2: "two", 4: "four"}
_GOALS = (Goal("worst_to_linear_until_full", at_least=0.9),)


def run(options: Options) -> Report:
    """Medians of several rounds; in each, every count of processes has its turn."""
    processes.check()
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as folder, ExitStack() as stack:
        log = Path(folder)
        clock = SharedClock(log / "clock", SystemClock())
        clock.set(MORNING, rate=1.0)
        database = stack.enter_context(open_database(options))
        provider = stack.enter_context(null_provider(log, LATENCY_MS))
        settings = clinic_settings(database.url, provider.url).model_copy(
            update={"clock_file": clock.path, "in_flight": IN_FLIGHT}
        )
        world = stack.enter_context(clinic_world(settings, clock))
        bench = _Bench(world, settings, provider, log, options)
        rounds = [_round(bench, number) | database.floor(options) for number in range(options.runs)]
        return _report(medians(rounds), database.kind)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What all rounds share."""

    world: World
    settings: Settings
    provider: NullProvider
    log: Path
    options: Options


def _round(bench: _Bench, number: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for count in COUNTS:
        log = bench.log / f"{number}-{count}"
        log.mkdir()
        measured = _with(bench, count, log)
        found |= {f"{_NAMES[count]}_{name}": value for name, value in measured.items()}
    for count in COUNTS[1:]:
        rate = found[f"{_NAMES[count]}_rate"]
        found[f"{_NAMES[count]}_to_linear"] = rate / (count * found["one_rate"])
    return found


def _with(bench: _Bench, count: int, log: Path) -> dict[str, float]:
    wanted = bench.provider.counted()[1] + _queue(bench, count)
    with worker_nodes(bench.settings, log, count) as nodes:
        _await(nodes, bench.provider, bench.provider.counted()[1] + 1)
        sleep(_ramp(count, bench.options))
        found = _measure(nodes, bench.provider, bench.options)
        _await(nodes, bench.provider, wanted)
        sleep(0.5)  # the last results are being written down
        return found


def _queue(bench: _Bench, count: int) -> int:
    """More than they can send while they are measured; says how many."""
    seconds = _ramp(count, bench.options) + _seconds(bench.options) + 1
    wanted = int(seconds * _limit(count))
    book(bench.world, wanted)
    while due.drain(bench.world):
        continue
    return wanted


def _await(nodes: Nodes, provider: NullProvider, wanted: int) -> None:
    """Returns when the provider has so many messages."""
    deadline = monotonic() + _PATIENCE
    while provider.counted()[1] < wanted:
        nodes.check()
        if monotonic() > deadline:
            raise Unavailable("The workers of the benchmark did not end in time.")
        sleep(0.05)


def _measure(nodes: Nodes, provider: NullProvider, options: Options) -> dict[str, float]:
    began, used, busy = monotonic(), nodes.cpu_seconds(), processes.machine_busy()
    requests, before = provider.counted()
    sleep(_seconds(options))
    last, after = provider.counted()
    spent = monotonic() - began
    if last - requests != after - before or after == before:
        raise RuntimeError(f"{after - before} texts came in {last - requests} requests.")
    return {
        "rate": (after - before) / spent,
        "cpu_ms": (nodes.cpu_seconds() - used) * 1000 / (after - before),
        "full": processes.machine_busy().share_since(busy),
    }


def _limit(count: int) -> float:
    """Messages a second that so many processes could send if nothing but the provider took time."""
    return count * IN_FLIGHT * 1000 / LATENCY_MS


def _ramp(count: int, options: Options) -> float:
    """Seconds until the tick has woken all, and each knows how many requests the provider takes."""
    return count + 3.0 if not options.quick else 0.5


def _seconds(options: Options) -> float:
    return 1.0 if options.quick else 15.0


def _worst(found: dict[str, float]) -> float:
    """The smallest ratio of those counts that left the machine some CPU; 1 when none did."""
    names = [_NAMES[count] for count in COUNTS[1:]]
    return min([1.0, *(found[f"{one}_to_linear"] for one in names if found[f"{one}_full"] < _FULL)])


def _report(found: dict[str, float], kind: str) -> Report:
    names = list(_NAMES.values())
    return Report(
        figures={
            **{f"{one}_messages_per_second": found[f"{one}_rate"] for one in names},
            **{f"{one}_worker_cpu_ms_per_message": found[f"{one}_cpu_ms"] for one in names},
            **{f"{one}_share_of_machine_busy": found[f"{one}_full"] for one in names},
        },
        baselines={name: found[name] for name in FLOOR},
        ratios={
            "one_to_limit": found["one_rate"] / _limit(1),
            "two_to_linear": found["two_to_linear"],
            "four_to_linear": found["four_to_linear"],
            "worst_to_linear_until_full": _worst(found),
        },
        goals=_GOALS,
        facts={
            "database": kind,
            "in_flight": IN_FLIGHT,
            "latency_ms": LATENCY_MS,
            "full_from_share": _FULL,
            "full_with": [count for count in COUNTS if found[f"{_NAMES[count]}_full"] >= _FULL],
        },
    )
