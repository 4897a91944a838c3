"""Completion: a system that never reports an end gives one item a day, not one for each visit."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from outreach.configuration.journey_files import load_journeys
from outreach.domain.journeys import Anchor
from outreach.pipeline import followup
from tests.pipeline.rows import VISIT
from tests.worlds import CONFIG, Bench, clinic, make_bench, templates

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """The shipped check-ins alone: what comes before a visit is no matter here."""
    shipped = load_journeys(CONFIG / "journeys", clinic(), frozenset(templates().names()))
    journeys = tuple(one for one in shipped if one.anchor is Anchor.INFUSION_END)
    yield (made := make_bench(database_url, journeys=journeys))
    made.world.db.close()


def a_day(bench: Bench, number: int, visits: int) -> None:
    """So many patients of one day; nobody reports an end."""
    for n in range(visits):
        start = VISIT + number * DAY + n * timedelta(minutes=10)
        bench.book(start, visit=f"V{number}-{n}", patient=f"Q{number}-{n}", phone=None)


def asked(bench: Bench) -> list[tuple[str, str]]:
    with bench.world.db.read() as unit:
        items = unit.followups.worklist(closed=True)
    return [
        (item.kind, item.summary) for item in items if item.kind in {"did_it_happen", "operator"}
    ]


def test_a_site_that_never_reports_an_end_gives_one_item_a_day(bench: Bench) -> None:
    a_day(bench, 0, 10)
    bench.to(VISIT + 10 * HOUR)
    assert [kind for kind, _ in asked(bench)] == ["did_it_happen"] * 10
    a_day(bench, 1, 4)
    bench.to(VISIT + DAY + 10 * HOUR)
    (daily,) = [text for kind, text in asked(bench) if kind == "operator"]
    assert "Cedar Grove" in daily
    assert ": 4." in daily
    assert len(asked(bench)) == 11


def test_a_closed_item_of_the_day_is_open_again_when_more_visits_end_so(bench: Bench) -> None:
    a_day(bench, 0, 10)
    bench.to(VISIT + 10 * HOUR)
    bench.book(VISIT + DAY, visit="M", patient="M", phone=None)
    bench.book(VISIT + DAY + 3 * HOUR, visit="N", patient="N", phone=None)
    bench.to(VISIT + DAY + 7 * HOUR)
    with bench.world.db.read() as unit:
        (item,) = [row for row in unit.followups.worklist() if row.kind == "operator"]
    followup.close(bench.world, item.code, "Dana", "called")
    bench.to(VISIT + DAY + 10 * HOUR)
    with bench.world.db.read() as unit:
        (item,) = [row for row in unit.followups.worklist() if row.kind == "operator"]
    assert ": 2." in item.summary


def test_one_reported_end_brings_the_question_for_each_visit_back(bench: Bench) -> None:
    a_day(bench, 0, 11)
    bench.to(VISIT + 5 * HOUR)
    about_other = {"ids": [{"system": "visit", "value": "V0-0"}]}
    end = (VISIT + 4 * HOUR).isoformat()
    bench.event("infusion.completed", "Q0-0", appointment={**about_other, "actual_end": end})
    bench.to(VISIT + 10 * HOUR)
    a_day(bench, 1, 2)
    bench.to(VISIT + DAY + 10 * HOUR)
    assert [kind for kind, _ in asked(bench)] == ["did_it_happen"] * 12
