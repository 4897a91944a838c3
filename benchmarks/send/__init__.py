"""Send: due -> claimed -> composed -> sent -> recorded, against a provider that costs nothing.

Beside it, in the same run: the SDK's bare asynchronous loop with the same HTTP client and as many
requests in flight but no database, and the usual design with one Celery task for each message.
"""

import tempfile
from pathlib import Path

from benchmarks.catalogue import Options
from benchmarks.clinic import IN_FLIGHT, clinic_settings, clinic_world
from benchmarks.databases import FLOOR, BenchDatabase, open_database
from benchmarks.null_provider import null_provider
from benchmarks.report import Goal, Report, medians
from benchmarks.send import bare_sdk, product, usual

LATENCY_MS = 100
_GOALS = (
    Goal("to_bare_sdk", at_least=0.6),
    Goal("to_usual_design", at_least=8),
    Goal("with_latency_to_limit", at_least=0.8),
    Goal("cpu_ms_per_message", at_most=1.0),
    Goal("statements_per_message", at_most=0.2),
)


def run(options: Options) -> Report:
    """Medians of several rounds; in each, everything is measured once, one after another."""
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as folder:
        log = Path(folder)
        with open_database(options) as database:
            rounds = [_round(database, log, options) for _ in range(options.runs)]
            return _report(medians(rounds), database, options)


def _round(database: BenchDatabase, log: Path, options: Options) -> dict[str, float]:
    found: dict[str, float] = {}
    with null_provider(log) as provider:
        with clinic_world(clinic_settings(database.url, provider.url)) as world:
            found |= product.measure(world, provider, options.count(4000, 150))
        count = options.count(4000, 150)
        bare = bare_sdk.measure(provider.url, count)
        found["bare"], found["bare_cpu_ms"] = bare.per_second(count), bare.cpu_ms_each(count)
        count = options.count(600, 15)
        found["usual"] = usual.messages_per_second(database.url, provider.url, count, log)
    found |= _with_latency(database, log, options) | database.floor(options)
    found["to_bare"] = found["per_second"] / found["bare"]
    found["cpu_to_bare"] = found["bare_cpu_ms"] / found["sending_cpu_ms"]
    found["to_usual"] = found["per_second"] / found["usual"]
    return found


def _with_latency(database: BenchDatabase, log: Path, options: Options) -> dict[str, float]:
    with null_provider(log, LATENCY_MS) as provider:
        settings = clinic_settings(database.url, provider.url)
        with clinic_world(settings) as world:
            measured = product.measure(world, provider, options.count(3000, 130))
    limit = IN_FLIGHT * 1000 / LATENCY_MS
    return {
        "latency_per_second": measured["per_second"],
        "latency_share": measured["per_second"] / limit,
        "latency_sending_share": measured["sending_per_second"] / limit,
    }


def _report(found: dict[str, float], database: BenchDatabase, options: Options) -> Report:
    return Report(
        figures={
            "messages_per_second": found["per_second"],
            "sending_per_second": found["sending_per_second"],
            "deciding_per_second": found["deciding_per_second"],
            "cpu_ms_per_message": found["sending_cpu_ms"],
            "deciding_cpu_ms_per_message": found["deciding_cpu_ms"],
            "statements_per_message": found["statements"],
            "of_which_transaction_control": found["control"],
            "deciding_statements_per_message": found["deciding_statements"],
            "with_latency_messages_per_second": found["latency_per_second"],
        },
        baselines={
            **{name: found[name] for name in FLOOR},
            "bare_sdk_per_second": found["bare"],
            "bare_sdk_cpu_ms_per_message": found["bare_cpu_ms"],
            "usual_design_per_second": found["usual"],
        },
        ratios={
            "to_bare_sdk": found["to_bare"],
            "sending_cpu_to_bare_sdk": found["cpu_to_bare"],
            "to_usual_design": found["to_usual"],
            "with_latency_to_limit": found["latency_share"],
            "with_latency_sending_to_limit": found["latency_sending_share"],
        },
        goals=_GOALS,
        facts={
            "database": database.kind,
            "in_flight": IN_FLIGHT,
            "latency_ms": LATENCY_MS,
            "messages": options.count(4000, 150),
        },
    )
