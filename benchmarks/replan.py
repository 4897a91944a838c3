"""Replan: an edited journey is applied to what waits for many patients already."""

import resource
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from benchmarks.catalogue import Options
from benchmarks.clinic import MORNING, clinic_settings, clinic_world
from benchmarks.databases import FLOOR, open_database
from benchmarks.measuring import spending
from benchmarks.report import Goal, Report, medians
from benchmarks.statements import counted
from outreach.domain.events import AppointmentStatus
from outreach.domain.journeys import Journey, Offset
from outreach.pipeline import plan
from outreach.pipeline.planning import replan
from outreach.pipeline.planning.replan import Kind
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Base, Patient, Touchpoint
from outreach.storage.unit import Unit

_PAGE = 500
_MANY = 100_000
_JOURNEY = "infusion_visit"


def run(options: Options) -> Report:
    """For each patient one step moves, one appears and one vanishes; medians of several edits."""
    count = options.count(10_000, 20)
    with open_database(options) as database, clinic_world(clinic_settings(database.url)) as world:
        for first in range(0, count, _PAGE):
            _book(world, range(first, min(first + _PAGE, count)))
        before = _peak()
        rounds = [
            _round(world, count, number) | database.floor(options) for number in range(options.runs)
        ]
        found = medians(rounds)
        return Report(
            figures={
                "patients_per_second": found["per_second"],
                "cpu_ms_per_patient": found["cpu_ms"],
                "calls_per_patient": found["calls"],
                "seconds_for_100000_extrapolated": _MANY / found["per_second"],
                "cpu_seconds_for_100000_extrapolated": _MANY * found["cpu_ms"] / 1000,
            },
            baselines={
                **{name: found[name] for name in FLOOR},
                "bare_updates_per_second": found["bare"],
            },
            ratios={
                "to_bare_updates": found["per_second"] / found["bare"],
                "peak_memory_to_before": _peak() / before,
            },
            goals=(
                Goal("seconds_for_100000_extrapolated", at_most=180),
                Goal("peak_memory_to_before", at_most=1.2),
            ),
            facts={"database": database.kind, "patients": count, "page": _PAGE},
        )


def _round(world: World, count: int, number: int) -> dict[str, float]:
    edited = replace(world, journeys=_edited(world, number))
    with counted(world.db.engine) as asked, spending() as spent:
        changed = replan.apply(edited, "benchmark")
    if any(changed[kind] != count for kind in (Kind.MOVES, Kind.APPEARS, Kind.VANISHES)):
        raise RuntimeError(f"An edit for {count} patients changed something else: {changed}.")
    return {
        "per_second": spent.per_second(count),
        "cpu_ms": spent.cpu_ms_each(count),
        "calls": asked.calls / count,
        "bare": _bare_updates(world, count),
    }


def _edited(world: World, number: int) -> tuple[Journey, ...]:
    """The first step comes an hour sooner than before, and the second is another one."""

    def edit(journey: Journey) -> Journey:
        first, second, *others = journey.steps
        sooner = replace(first, offset=Offset(days=first.offset.days, hours=-(number + 1)))
        other = replace(second, id=f"{second.id}_{number}")
        digest = f"benchmark{number}"
        return replace(journey, steps=(sooner, other, *others), digest=digest)

    return tuple(
        edit(journey) if journey.name == _JOURNEY else journey for journey in world.journeys
    )


def _book(world: World, numbers: range) -> None:
    """One visit to come for each of some patients, planned as it is in life."""
    with world.db.write() as unit:
        unit.remember()
        for number in numbers:
            _book_one(unit, world, number)


def _book_one(unit: Unit, world: World, number: int) -> None:
    patient = Patient(
        id=world.new_id(), family=f"Testcase{number}", last_event_at=MORNING, created_at=MORNING
    )
    start = MORNING + timedelta(days=15 + number % 20, hours=number % 6)
    visit = Appointment(
        id=world.new_id(),
        patient_id=patient.id,
        service="Infusion",
        kind="infusion",
        site_code="cedar_grove",
        start_at=start,
        end_at=start + timedelta(hours=4),
        status=AppointmentStatus.BOOKED,
        first_visit=False,
        version=1,
        last_event_at=MORNING,
        created_at=MORNING,
    )
    rows: tuple[Base, ...] = (patient, visit)
    unit.add(*rows)
    plan.plan_visit(unit, world, visit)


def _bare_updates(world: World, count: int) -> float:
    """Rows found by their keys and changed in a second, with nothing to decide about them."""
    with Session(world.db.engine) as session:
        ids: list[UUID] = list(session.scalars(select(Touchpoint.id).limit(count)))
    change = (
        update(Touchpoint.__table__)  # type: ignore[arg-type]
        .where(Touchpoint.__table__.c.id == bindparam("which"))
        .values(note=bindparam("said"))
    )
    with spending() as spent, world.db.engine.connect() as connection:
        for first in range(0, len(ids), _PAGE):
            page = [{"which": row_id, "said": ""} for row_id in ids[first : first + _PAGE]]
            connection.execute(change, page)
            connection.commit()
    return spent.per_second(len(ids))


def _peak() -> float:
    """The most memory that this process has held so far, in megabytes (on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
