"""Coverage: a gap in the roster is told to staff while there is time to fill it."""

from dataclasses import dataclass, replace
from datetime import time, timedelta

from outreach.domain.roster import Coverage, OnHolidays, Roster, Span, WeeklyShift
from outreach.domain.triage.result import Action
from outreach.pipeline import coverage
from outreach.pipeline.ports import FixedRoster
from tests.pipeline.rows import work
from tests.worlds import START, Bench, roster

HOUR = timedelta(hours=1)


def until(bench: Bench, closes: int, *, always: bool = True) -> None:
    """The nurse is there from seven until some hour of each day."""
    usual = roster()
    (shift,) = usual.weekly
    by_day = replace(shift, span=Span(time(7), time(closes)))
    put(bench, replace(usual, weekly=(by_day,), alarm=24 * HOUR))
    kind = Coverage.ALWAYS if always else Coverage.HOURS_ONLY
    bench.world = replace(bench.world, clinic=replace(bench.world.clinic, coverage=kind))


def put(bench: Bench, made: Roster) -> None:
    bench.world = replace(bench.world, roster=FixedRoster(made))


def gap_items(bench: Bench) -> list[tuple[str, str]]:
    return [(row.kind, row.summary) for row in work(bench)]


def test_a_gap_ahead_is_one_item(bench: Bench) -> None:
    until(bench, 22)  # it is ten in the morning
    bench.to(START + coverage.FIRST_LOOK)
    (item,) = work(bench)
    assert (item.kind, item.action) == ("operator", Action.SAME_DAY)
    assert "Nobody is on the roster from Mon 01 Mar 22:00, until Tue 02 Mar 07:00" in item.summary
    for quarter in range(1, 8):
        bench.to(START + quarter * coverage.LOOK_EVERY + coverage.FIRST_LOOK)
    assert len(work(bench)) == 1


def test_a_gap_that_is_near_is_paged(bench: Bench) -> None:
    until(bench, 17)
    bench.to(START + coverage.FIRST_LOOK)
    bench.run()
    (item,) = work(bench)
    assert item.action is Action.PAGE_1H
    assert len(bench.sms.texts_to("+12025550199")) == 1


def test_a_roster_without_a_gap_is_left_in_peace(bench: Bench) -> None:
    for day in range(5):
        bench.to(START + timedelta(days=day))
    assert work(bench) == []


def test_a_gap_that_was_filled_is_not_told_again(bench: Bench) -> None:
    until(bench, 22)
    bench.to(START + coverage.FIRST_LOOK)
    put(bench, roster())
    bench.to(START + 20 * HOUR)
    assert len(work(bench)) == 1


def test_a_roster_that_is_faulty_is_told_once_a_day(bench: Bench) -> None:
    @dataclass(frozen=True)
    class Broken(FixedRoster):
        def fault(self) -> str | None:
            return "roster.yaml, line 3: is no day."

    bench.world = replace(bench.world, roster=Broken(roster()))
    for hours in (1, 2, 3, 30):
        bench.to(START + hours * HOUR)
    assert [kind for kind, _ in gap_items(bench)] == ["operator", "operator"]


def test_two_workers_do_not_look_at_once(bench: Bench) -> None:
    bench.to(START + coverage.FIRST_LOOK)
    assert coverage.drain(bench.world) == 0
    bench.clock.advance(coverage.LOOK_EVERY)
    assert coverage.drain(bench.world) == 1
    assert coverage.drain(bench.world) == 0


def test_a_nurse_who_is_missing_in_hours_is_a_gap_and_out_of_them_is_none(bench: Bench) -> None:
    made = roster()
    (nurse,) = made.people.values()
    desk = replace(nurse, nurse=False)
    shift = WeeklyShift(
        made.weekly[0].duty,
        (desk.code,),
        frozenset(range(7)),
        Span(time(0), time(0)),
        OnHolidays.ALSO,
    )
    put(bench, replace(made, people={desk.code: desk}, weekly=(shift,)))
    bench.to(START + coverage.FIRST_LOOK)
    assert work(bench) == []  # hours_only, and the roster of these tests has no hours
    always = replace(bench.world.clinic, coverage=Coverage.ALWAYS)
    bench.world = replace(bench.world, clinic=always)
    bench.to(START + HOUR)
    (item,) = work(bench)
    assert item.summary.startswith("No nurse is on the roster now")
