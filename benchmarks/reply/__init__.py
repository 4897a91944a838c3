"""Reply: from a patient's text to the answer that the carrier has accepted, while a campaign runs.

The whole installation runs as ``outreach up`` starts it: Redis, the web part, both worker nodes and
the sandbox carrier. Patients write at a steady pace, first with nothing else to do, then while a
campaign is being sent.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit
from urllib.request import urlopen

from benchmarks.catalogue import Options
from benchmarks.clinic import CONFIG
from benchmarks.databases import FLOOR, BenchDatabase, open_database
from benchmarks.measuring import percentile
from benchmarks.reply import background
from benchmarks.reply.senders import Sent, write_all
from benchmarks.report import Goal, Report, medians
from outreach.bootstrap import build_world, record_configuration
from outreach.cli.stack import Stack
from outreach.clocks import SharedClock, SystemClock
from outreach.domain.errors import Unavailable
from outreach.pipeline.world import World
from outreach.settings import Settings, load_settings, new_keys

REPLIES_PER_SECOND = 20.0
CAMPAIGN_PER_SECOND = 100.0
CAMPAIGN = 20_000
_AFTERNOON = datetime(2027, 3, 1, 19, 0, tzinfo=UTC)
"""A Monday, 14:00 in New York: campaigns may go."""
_LEAD = timedelta(seconds=3)
"""The campaign is under way before the first patient writes."""
_PATIENCE = 60.0
_FAR = 50_000
"""Whoever writes has other numbers than whoever gets the campaign."""
_GOALS = (
    Goal("p50_ms", at_most=300),
    Goal("p99_ms", at_most=1_000),
    Goal("webhook_p99_ms", at_most=100),
)


def run(options: Options) -> Report:
    """Medians of several rounds, each in an installation of its own."""
    found, kind = [], ""
    for _ in range(options.runs):
        with open_database(options) as database:
            found.append(_round(database, options))
            kind = database.kind
    return _report(medians(found), kind, options)


def _round(database: BenchDatabase, options: Options) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as folder:
        clock = SharedClock(Path(folder) / "clock", SystemClock())
        clock.set(_AFTERNOON, rate=1.0)
        settings = _settings(database.url, Path(folder))
        with Stack(settings, web_port=0, sandbox_port=0, durable=False, grace=5.0) as stack:
            stack.start()
            world = build_world(stack.settings)
            try:
                record_configuration(world)
                return _measure(stack, world, options) | database.floor(options)
            finally:
                world.db.close()


def _settings(database_url: str, folder: Path) -> Settings:
    keys, index_key = new_keys()
    return load_settings(
        data_dir=folder / "var",
        config_dir=CONFIG,
        database_url=database_url,
        keys=keys,
        index_key=index_key,
        sandbox=True,
        clock_file=folder / "clock",
    )


def _measure(stack: Stack, world: World, options: Options) -> dict[str, float]:
    count = options.count(400, 5)
    writers = background.people(world, _FAR, 2 * count, campaigns=False)
    alone = _exchange(stack, writers[:count])
    background.people(world, 0, options.count(CAMPAIGN, 40), campaigns=True)
    first = world.clinic_now() + _LEAD + timedelta(seconds=options.count(30, 0))
    background.launch(world, first, CAMPAIGN_PER_SECOND)
    _await(lambda: world.clinic_now() > first + _LEAD)
    began, before = monotonic(), background.sent(world)
    beside = _exchange(stack, writers[count:])
    after, spent = background.sent(world), monotonic() - began
    return {
        **{f"alone_{name}": value for name, value in alone.items()},
        **beside,
        "campaign_per_second": max(after - before, 1) / spent,
        "to_alone": beside["p50_ms"] / alone["p50_ms"],
        "p99_to_alone": beside["p99_ms"] / alone["p99_ms"],
    }


def _exchange(stack: Stack, phones: Sequence[str]) -> dict[str, float]:
    """Everybody writes; milliseconds until the carrier has accepted the answer to each."""
    port = urlsplit(stack.web_url).port or 0
    sent = write_all(phones, port, REPLIES_PER_SECOND)
    answers: dict[str, float] = {}

    def all_answered() -> bool:
        answers.update(_accepted(stack, set(phones)))
        return len(answers) == len(phones)

    _await(all_answered)
    times = [(answers[text.phone] - text.began_at) * 1000 for text in sent]
    return {
        "p50_ms": percentile(times, 0.5),
        "p99_ms": percentile(times, 0.99),
        "webhook_p99_ms": percentile([_ms(text) for text in sent], 0.99),
    }


def _ms(text: Sent) -> float:
    return text.answered_in * 1000


def _accepted(stack: Stack, phones: set[str]) -> dict[str, float]:
    """When the carrier accepted the first text to each of some phones, in seconds of the epoch."""
    with urlopen(f"{stack.sandbox_url}/sandbox/record", timeout=30) as answer:  # noqa: S310 - our own child
        messages = json.load(answer)["messages"]
    found: dict[str, float] = {}
    for message in messages:
        if message["to"] in phones and message["to"] not in found:
            found[message["to"]] = datetime.fromisoformat(message["created_at"]).timestamp()
    return found


def _await(done: Callable[[], bool]) -> None:
    deadline = monotonic() + _PATIENCE
    while not done():
        if monotonic() > deadline:
            raise Unavailable("The installation of the benchmark did not answer in time.")
        sleep(0.5)


def _report(found: dict[str, float], kind: str, options: Options) -> Report:
    return Report(
        figures={
            name: found[name]
            for name in (
                "p50_ms",
                "p99_ms",
                "webhook_p99_ms",
                "campaign_per_second",
                "alone_p50_ms",
                "alone_p99_ms",
                "alone_webhook_p99_ms",
            )
        },
        baselines={name: found[name] for name in FLOOR},
        ratios={"p50_to_alone": found["to_alone"], "p99_to_alone": found["p99_to_alone"]},
        goals=_GOALS,
        facts={
            "database": kind,
            "replies": options.count(400, 5),
            "replies_per_second": REPLIES_PER_SECOND,
            "campaign": options.count(CAMPAIGN, 40),
        },
    )
