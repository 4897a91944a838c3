"""A visit that was asked about and not confirmed a day before it becomes a call, once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.states import FollowUpStatus, Priority
from outreach.domain.triage.result import Prompt
from outreach.pipeline import followup
from tests.pipeline.rows import VISIT, kinds, patient, visit, work
from tests.worlds import JOURNEYS, PHONE, Bench, make_bench

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    journeys = (replace(JOURNEYS[0], unconfirmed_hours=24), *JOURNEYS[1:])
    made = make_bench(database_url, journeys=journeys)
    yield made
    made.world.db.close()


def test_who_has_not_answered_a_day_before_is_called_once(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT - DAY - HOUR)
    assert kinds(bench) == []
    bench.through(VISIT - DAY)
    (item,) = work(bench)
    assert (item.kind, item.priority, item.patient_id) == (
        "unconfirmed",
        Priority.SAME_DAY,
        patient(bench).id,
    )
    assert item.due_at <= VISIT
    followup.close(bench.world, item.code, "Nurse", "will come")
    bench.through(VISIT - HOUR)
    (item,) = work(bench)
    assert item.status is FollowUpStatus.CLOSED


@pytest.mark.parametrize("answer", ["C", "R"])
def test_who_has_answered_is_not(bench: Bench, answer: str) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says(answer)
    bench.through(VISIT - HOUR)
    assert "unconfirmed" not in kinds(bench)


def test_who_confirms_and_then_wants_another_time_has_not_confirmed(database_url: str) -> None:
    d7, d3, *others = JOURNEYS[0].steps
    again = replace(d3, asks=Prompt.CONFIRM, question_hours=48)
    bench = make_bench(
        database_url, journeys=(replace(JOURNEYS[0], steps=(d7, again, *others)), *JOURNEYS[1:])
    )
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("C")
    bench.run()
    assert visit(bench).confirmed
    bench.to(VISIT - 3 * DAY)
    bench.says("R")
    bench.run()
    assert not visit(bench).confirmed
    assert kinds(bench) == ["reschedule"]


def test_who_writes_something_else_is_called_all_the_same(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("thank you")
    bench.through(VISIT - HOUR)
    assert "unconfirmed" in kinds(bench)


def test_a_cancelled_visit_is_not_called_about(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.book(VISIT, kind="appointment.cancelled")
    bench.through(VISIT)
    assert "unconfirmed" not in kinds(bench)


def test_a_moved_visit_is_called_about_at_its_new_time(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    later = VISIT + 14 * DAY
    bench.book(later, kind="appointment.rescheduled")
    bench.through(VISIT)
    assert kinds(bench) == []
    assert visit(bench).confirm_by is None  # it is asked anew first
    bench.through(later - DAY)
    assert kinds(bench) == ["unconfirmed"]


def test_a_visit_nobody_was_asked_about_is_not_called_about(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE})
    bench.says("STOP")
    bench.book(VISIT)
    bench.through(VISIT - HOUR)
    assert "unconfirmed" not in kinds(bench)


def test_without_the_setting_nobody_is_called(database_url: str) -> None:
    bench = make_bench(database_url)
    bench.book(VISIT)
    bench.through(VISIT - HOUR)
    assert kinds(bench) == []
