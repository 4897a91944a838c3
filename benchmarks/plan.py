"""Plan: bookings that lie in the inbox are applied and their touchpoints written."""

import json
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.audience import phone
from benchmarks.catalogue import Options
from benchmarks.clinic import MORNING, clinic_settings, clinic_world
from benchmarks.databases import FLOOR, open_database
from benchmarks.measuring import rate, spending
from benchmarks.report import Goal, Report, medians
from benchmarks.statements import counted
from outreach.collector import spare_the_collector
from outreach.domain.journeys import Anchor, AnchorPoint, steps_for
from outreach.pipeline import arrive, ingest
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent, InboxStatus, Touchpoint


def run(options: Options) -> Report:
    """Events settled in a second of CPU; medians of several rounds, each of new patients."""
    count = options.count(400, 10)
    with open_database(options) as database, clinic_world(clinic_settings(database.url)) as world:
        spare_the_collector()  # as a worker does
        rounds = [
            _round(world, count, number * count, options) | database.floor(options)
            for number in range(options.runs)
        ]
        found = medians(rounds)
        return Report(
            figures={
                "events_per_cpu_second": found["per_cpu_second"],
                "events_per_second": found["per_second"],
                "cpu_ms_per_event": found["cpu_ms"],
                "statements_per_event": found["statements"],
                "touchpoints_per_event": found["touchpoints"],
            },
            baselines={
                **{name: found[name] for name in FLOOR},
                "decided_per_cpu_second": found["decided"],
            },
            ratios={"to_deciding_alone": found["ratio"]},
            goals=(Goal("events_per_cpu_second", at_least=2_000),),
            facts={"database": database.kind, "events": count},
        )


def _round(world: World, count: int, first: int, options: Options) -> dict[str, float]:
    for number in range(first, first + count):
        arrive.arrive(world, _booking(number), source="benchmark", content_type="application/json")
    before = _rows(world)
    with counted(world.db.engine) as asked, spending() as spent:
        while ingest.drain(world):
            continue
    decided = rate(lambda: _decide(world), 0.02 if options.quick else 0.5)
    _check_applied(world, first + count)
    per_cpu_second = spent.per_cpu_second(count)
    return {
        "per_cpu_second": per_cpu_second,
        "per_second": spent.per_second(count),
        "cpu_ms": spent.cpu_ms_each(count),
        "statements": asked.total / count,
        "touchpoints": (_rows(world) - before) / count,
        "decided": decided,
        "ratio": per_cpu_second / decided,
    }


def _booking(n: int) -> bytes:
    start = MORNING + timedelta(days=10 + n % 20, hours=n % 6)
    event = {
        "id": f"e{n}",
        "source": "benchmark",
        "type": "appointment.booked",
        "occurred_at": MORNING.isoformat(),
        "patient": {
            "ids": [{"system": "mrn", "value": f"P{n}"}],
            "given": "Robin",
            "family": f"Testcase{n}",
            "phone": phone(n),
            "language": "en",
        },
        "appointment": {
            "ids": [{"system": "visit", "value": f"A{n}"}],
            "start": start.isoformat(),
            "end": (start + timedelta(hours=4)).isoformat(),
            "service": "Infusion",
            "location": "cedar_grove",
        },
    }
    return json.dumps(event).encode()


def _decide(world: World) -> int:
    """What the same bookings cost without a database: their steps worked out, and no more."""
    zone = world.clinic.zone
    for n in range(50):
        point = AnchorPoint(MORNING + timedelta(days=10 + n % 20, hours=n % 6), zone)
        for journey in world.journeys:
            if journey.anchor is Anchor.VISIT_START:
                list(steps_for(journey, point))
    return 50


def _rows(world: World) -> int:
    with Session(world.db.engine) as session:
        return session.scalar(select(func.count()).select_from(Touchpoint)) or 0


def _check_applied(world: World, count: int) -> None:
    with Session(world.db.engine) as session:
        query = select(func.count()).where(InboxEvent.status == InboxStatus.APPLIED)
        if session.scalar(query) != count:
            raise RuntimeError("An event of the benchmark was not applied.")
