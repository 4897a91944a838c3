"""A symptom that rises over three infusions is one note for the nurse, before the next visit."""

from datetime import timedelta

import pytest

from tests.pipeline.checking_in import make_checking_bench, says
from tests.pipeline.rows import patient, work
from tests.worlds import START, Bench

HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(weeks=4)


def infused(bench: Bench, number: int, *answers: str) -> None:
    """The infusion of one month, and what was answered a day and three days later."""
    start = START + number * MONTH + HOUR
    bench.to(start - 30 * timedelta(minutes=1))
    bench.book(start, visit=f"A{number}")
    end = start + 4 * HOUR
    bench.to(end)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": f"A{number}"}],
            "actual_end": end.isoformat(),
        },
    )
    for later, answer in zip((24 * HOUR, 72 * HOUR), answers, strict=False):
        bench.to(end + later)
        bench.says(answer)


def trends(bench: Bench) -> list[str]:
    return [row.summary for row in work(bench) if row.kind == "trend"]


def test_three_infusions_each_worse_than_the_last(bench: Bench) -> None:
    infused(bench, 0, "0")
    infused(bench, 1, "0", "1")
    assert trends(bench) == []
    infused(bench, 2, "2")
    (item,) = [row for row in work(bench) if row.kind == "trend"]
    assert (item.priority, item.patient_id) == ("routine", patient(bench).id)
    assert "0 1 2" in item.summary


def test_a_rise_that_goes_on_is_told_once(bench: Bench) -> None:
    for number, answer in enumerate(("0", "1", "2", "3")):
        infused(bench, number, answer)
    assert len(trends(bench)) == 1


def test_what_does_not_rise_each_time_is_no_trend(bench: Bench) -> None:
    for number, answer in enumerate(("1", "0", "2", "2")):
        infused(bench, number, answer)
    assert trends(bench) == []


def test_a_new_rise_is_told_anew(bench: Bench) -> None:
    for number, answer in enumerate(("0", "1", "2", "0", "1", "2")):
        infused(bench, number, answer)
    assert len(trends(bench)) == 2


def test_it_is_due_before_the_drug_of_the_next_visit_is_made_ready(bench: Bench) -> None:
    infused(bench, 0, "0")
    infused(bench, 1, "1")
    soon = START + 2 * MONTH + HOUR + 4 * HOUR + 40 * HOUR
    bench.book(soon, visit="NEXT")
    infused(bench, 2, "2")
    (item,) = [row for row in work(bench) if row.kind == "trend"]
    assert item.due_at == soon - 2 * HOUR


@pytest.fixture
def checking(database_url: str) -> Bench:
    return make_checking_bench(database_url)


def test_a_symptom_of_the_list_that_rises_is_named(checking: Bench) -> None:
    """Also where something else was worse before, so that on the whole nothing rose."""
    infused(checking, 0, "0", "2")
    says(checking, "6")  # very tired
    infused(checking, 1, "1")
    says(checking, "1")  # headache
    infused(checking, 2, "2")
    assert trends(checking) == []
    says(checking, "1 and 6")
    (said,) = trends(checking)
    assert "(headache)" in said
    assert "0 1 2" in said
