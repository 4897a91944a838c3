"""Risk flags: who is watched more closely, and what a flag that comes or goes changes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from outreach.configuration.journey_files import load_journeys
from tests.pipeline.rows import VISIT, inbox, kinds, patient, touchpoint
from tests.worlds import CONFIG, PHONE, Bench, clinic, make_bench, templates

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
END = VISIT + 4 * HOUR


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """The journeys as they are shipped."""
    journeys = load_journeys(CONFIG / "journeys", clinic(), frozenset(templates().names()))
    yield (made := make_bench(database_url, at=VISIT - 60 * DAY, journeys=journeys))
    made.world.db.close()


def complete(bench: Bench, end: datetime = END, name: str = "A1", who: str = "P1") -> None:
    bench.through(end + timedelta(minutes=5))
    ids = [{"system": "visit", "value": name}]
    bench.event("infusion.completed", who, appointment={"ids": ids, "actual_end": end.isoformat()})


def a_later_visit(bench: Bench, *risks: str) -> None:
    """Not the patient's first: an earlier infusion is on record, answered and long over."""
    bench.book(VISIT - 40 * DAY, visit="A0")
    complete(bench, VISIT - 40 * DAY + 4 * HOUR, "A0")
    bench.book(VISIT, patient_={"risks": list(risks)})
    complete(bench)


def flags(bench: Bench, *risks: str) -> None:
    bench.event("patient.updated", patient_={"risks": list(risks)})


@pytest.mark.parametrize(
    ("risks", "planned"), [((), False), (("frail",), False), (("clot",), True)]
)
def test_the_check_in_of_day_14_is_for_those_at_risk_of_a_clot(
    bench: Bench, risks: tuple[str, ...], *, planned: bool
) -> None:
    a_later_visit(bench, *risks)
    assert ("d14" in bench.outcomes()) is planned
    bench.through(END + 15 * DAY)
    assert bench.outcomes().get("d14") == ("sent" if planned else None)


def test_a_first_visit_needs_no_flag(bench: Bench) -> None:
    bench.book(VISIT, first_visit=True)
    complete(bench)
    assert bench.outcomes()["d14"] == "planned"


@pytest.mark.parametrize(("risks", "called"), [((), False), (("high_risk",), True)])
def test_silence_of_a_patient_at_risk_is_asked_about_once_more_and_then_a_call(
    bench: Bench, risks: tuple[str, ...], *, called: bool
) -> None:
    a_later_visit(bench, *risks)
    before = len(kinds(bench))
    bench.through(END + 4 * DAY)
    assert (bench.outcomes().get("h24_nudge") == "sent") is called
    assert kinds(bench)[before:].count("silent") == int(called)


def test_a_flag_that_comes_after_the_infusion_still_counts(bench: Bench) -> None:
    a_later_visit(bench)
    bench.through(END + 2 * HOUR)
    flags(bench, "Clot risk")  # as the scheduling system writes it
    flags(bench, "Clot risk")
    assert bench.outcomes()["d14"] == "planned"
    assert touchpoint(bench, "h24").silence == "call"
    bench.through(END + 15 * DAY)
    assert bench.outcomes()["d14"] == "sent"
    assert bench.outcomes()["h24_nudge"] == "sent"


def test_a_flag_that_comes_too_late_makes_up_for_nothing(bench: Bench) -> None:
    a_later_visit(bench)
    bench.through(END + 17 * DAY)
    flags(bench, "clot")
    assert "d14" not in bench.outcomes()


def test_a_flag_that_goes_ends_what_asked_for_it_and_may_come_back(bench: Bench) -> None:
    a_later_visit(bench, "clot")
    bench.through(END + 5 * DAY)
    flags(bench)
    flags(bench, "clot")
    flags(bench)
    bench.through(END + 13 * DAY)
    assert bench.outcomes()["d14"] == "planned"
    bench.through(END + 15 * DAY)
    assert bench.outcomes()["d14"] == "skipped:stopped"


def test_an_update_that_says_nothing_of_flags_changes_none(bench: Bench) -> None:
    a_later_visit(bench, "clot")
    bench.event("patient.updated", patient_={"given": "Robin"})
    assert patient(bench).risk_flags == {"clot"}


def test_after_a_merge_the_survivor_carries_the_flags_of_both(bench: Bench) -> None:
    a_later_visit(bench)
    bench.event("patient.updated", "OLD", patient_={"risks": ["clot"]})
    bench.event("patient.merged", "P1", merge={"prior_ids": [{"system": "mrn", "value": "OLD"}]})
    assert patient(bench).risk_flags == {"clot"}
    assert bench.outcomes()["d14"] == "planned"


def test_a_survivors_flag_counts_at_the_prior_records_visit(bench: Bench) -> None:
    a_later_visit(bench)
    bench.event("patient.updated", "NEW", patient_={"risks": ["clot"]})
    bench.event("patient.merged", "NEW", merge={"prior_ids": [{"system": "mrn", "value": "P1"}]})
    assert bench.outcomes("NEW")["d14"] == "planned"


def test_what_clinic_yaml_does_not_have_is_left_out_and_noted_without_its_words(
    bench: Bench,
) -> None:
    flags(bench, "clot", "Xylophonia")
    assert patient(bench).risk_flags == {"clot"}
    (row,) = inbox(bench)
    assert row.warnings == ["patient.risks: 1 not under risks in clinic.yaml; left out"]


def test_no_flag_is_in_clear_in_the_database_and_no_text_names_one(bench: Bench) -> None:
    a_later_visit(bench, "clot", "high_risk", "frail")
    bench.through(END + 15 * DAY)
    with bench.world.db.engine.connect() as connection:
        stored = connection.execute(text("SELECT risks FROM patient")).scalars().all()
    assert stored
    assert all(b"clot" not in bytes(value) for value in stored)
    assert all(
        word not in said.lower()
        for said in bench.sms.texts_to(PHONE)
        for word in ("clot risk", "high", "frail")
    )
