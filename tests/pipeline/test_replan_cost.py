"""What applying an edit of the journeys asks of the database, however many patients it is for."""

from dataclasses import replace
from datetime import timedelta

from benchmarks.statements import counted
from outreach.bootstrap import record_configuration
from outreach.domain.journeys import Offset
from outreach.pipeline.planning import replan
from outreach.pipeline.planning.replan import Kind
from tests.pipeline.rows import VISIT
from tests.worlds import JOURNEYS, START, Bench

DAY = timedelta(days=1)


def edit(bench: Bench) -> Bench:
    """Each journey has one more step of the kind it has."""
    record_configuration(bench.world)
    more = tuple(
        replace(
            path,
            steps=(
                *path.steps,
                replace(
                    path.steps[0], id="more", offset=Offset(hours=path.steps[0].offset.hours + 5)
                ),
            ),
        )
        for path in JOURNEYS
    )
    return replace(bench, world=replace(bench.world, journeys=more))


def ill_at_home_and_here(bench: Bench, number: int) -> None:
    """A patient with an infusion behind, one ahead, and home doses."""
    name, phone = f"P{number}", f"+1202555010{number}"
    bench.book(VISIT, visit=f"A{number}", patient=name, phone=phone)
    bench.book(
        START - DAY,
        visit=f"B{number}",
        patient=name,
        phone=phone,
        kind="infusion.completed",
        actual_end=(START - timedelta(hours=20)).isoformat(),
    )
    doses = [(VISIT + days * DAY).isoformat() for days in range(1, 4)]
    regimen = {"ids": [{"system": "rx", "value": f"R{number}"}], "dose_dates": doses}
    bench.event("regimen.prescribed", name, regimen=regimen)


def statements(bench: Bench) -> int:
    with counted(bench.world.db.engine) as asked:
        counts = replan.apply(bench.world, "Test")
    assert counts[Kind.APPEARS] > 0
    return asked.calls


def test_more_patients_are_no_more_statements(bench: Bench) -> None:
    ill_at_home_and_here(bench, 1)
    edited = edit(bench)
    one = statements(edited)
    for number in range(2, 8):
        ill_at_home_and_here(bench, number)
    assert statements(edited) == one
