"""Replan: an edit of the journeys is seen first, then applied to what still waits."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.bootstrap import record_configuration
from outreach.domain.journeys import Journey, Offset, Step
from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.pipeline.planning import replan
from outreach.pipeline.planning.replan import Kind
from tests.pipeline.rows import VISIT, touchpoint
from tests.worlds import JOURNEYS, Bench

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def edited(bench: Bench) -> Bench:
    """The week before is told a day sooner, the third day never, and the fifth is new."""
    record_configuration(bench.world)
    d7, _, d1, h2 = JOURNEYS[0].steps
    sooner = replace(d7, offset=Offset(days=-8))
    fifth = Step("d5", "prep_3d", Offset(days=-5), 20)
    other_words = replace(d1, message="prep_2h")
    path = replace(JOURNEYS[0], steps=(sooner, fifth, other_words, h2), digest="edited")
    return with_journeys(bench, path)


def with_journeys(bench: Bench, path: Journey) -> Bench:
    return replace(bench, world=replace(bench.world, journeys=(path, *JOURNEYS[1:])))


def seen(bench: Bench) -> Counter[tuple[str, str]]:
    return Counter((change.step, change.kind.value) for change in replan.changes(bench.world))


def test_what_would_change_is_said_and_nothing_is_changed(bench: Bench, edited: Bench) -> None:
    bench.book(VISIT)
    before = bench.outcomes()
    expected = {("d7", "moves"), ("d5", "appears"), ("d3", "vanishes"), ("d1", "changes")}
    assert set(seen(edited)) == expected
    assert set(seen(edited)) == expected
    assert bench.outcomes() == before


def test_an_unedited_journey_changes_nothing(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("regimen.prescribed", regimen=regimen(VISIT))
    assert seen(bench) == Counter()


def regimen(*doses: object) -> dict[str, object]:
    return {
        "ids": [{"system": "rx", "value": "R"}],
        "dose_dates": [dose.isoformat() for dose in doses],  # type: ignore[attr-defined]
    }


def test_applied_it_is_so_and_applied_again_it_changes_no_more(bench: Bench, edited: Bench) -> None:
    bench.book(VISIT)
    counts = replan.apply(edited.world, "Nora Vale")
    assert counts == {Kind.APPEARS: 1, Kind.MOVES: 1, Kind.CHANGES: 1, Kind.VANISHES: 1}
    assert touchpoint(bench, "d7").due_at == VISIT - 8 * DAY
    assert touchpoint(bench, "d5").status is TouchpointStatus.PLANNED
    assert touchpoint(bench, "d1").template == "prep_2h"
    assert touchpoint(bench, "d1").journey_digest == "edited"
    gone = touchpoint(bench, "d3")
    assert (gone.status, gone.reason) == (TouchpointStatus.CANCELLED, SkipReason.STOPPED)
    assert seen(edited) == Counter()
    assert sum(replan.apply(edited.world, "Nora Vale").values()) == 0


def test_what_has_left_or_passed_stays_as_it_is(bench: Bench, edited: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.to(VISIT - 4 * DAY)
    sent = len(bench.sms.sent)
    replan.apply(edited.world, "Nora Vale")
    edited.to(VISIT - 4 * DAY + HOUR)
    assert bench.outcomes()["d7"] == "sent"
    assert bench.outcomes()["d5"] == "skipped:late"
    assert len(bench.sms.sent) == sent


def test_check_ins_and_doses_follow_an_edit_too(bench: Bench) -> None:
    record_configuration(bench.world)
    bench.book(VISIT)
    bench.event("regimen.prescribed", regimen=regimen(VISIT))
    bench.to(VISIT + 4 * HOUR)
    ended = {"actual_end": (VISIT + 4 * HOUR).isoformat()}
    bench.event(
        "infusion.completed", appointment={"ids": [{"system": "visit", "value": "A1"}], **ended}
    )
    after, doses = JOURNEYS[1:]
    world = replace(
        bench.world,
        journeys=(
            JOURNEYS[0],
            replace(after, steps=(replace(after.steps[0], offset=Offset(hours=30)),)),
            replace(doses, steps=(doses.steps[0], replace(doses.steps[1], useful_hours=6))),
        ),
    )
    assert seen(replace(bench, world=world)) == Counter(
        {("h24", "moves"): 1, ("h72", "vanishes"): 1, ("missed", "changes"): 1}
    )


def test_what_no_file_planned_is_left_alone(bench: Bench, edited: Bench) -> None:
    bench.book(VISIT)
    row = touchpoint(bench, "d1")
    with bench.world.db.write() as unit:
        unit.ledger.touchpoints([row.id])[row.id].journey = "by_hand"
    assert ("d1", "vanishes") not in seen(edited)


def test_many_patients_are_seen_in_chunks(
    bench: Bench, edited: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replan, "_CHUNK", 2)
    for number in range(5):
        bench.book(VISIT, visit=f"A{number}", patient=f"P{number}", phone=f"+1202555010{number}")
    assert seen(edited)[("d7", "moves")] == 5
    assert replan.apply(edited.world, "Nora Vale")[Kind.MOVES] == 5


def test_quiet_and_cancelled_visits_are_not_planned_by_an_edit(bench: Bench, edited: Bench) -> None:
    bench.book(VISIT)
    bench.event("appointment.cancelled", appointment={"ids": [{"system": "visit", "value": "A1"}]})
    assert seen(edited) == Counter()
