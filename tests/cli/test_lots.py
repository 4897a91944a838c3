"""What staff ask at a terminal when a lot is recalled, or how a patient keeps home doses."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outreach.clocks import SharedClock, SystemClock
from outreach.domain.states import ChannelKind
from outreach.pipeline import consent
from tests.cli.conftest import Outreach
from tests.worlds import PHONE, START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEMPLATE = ("--template", "campaign_recall", "--by", "Dana")


def infused(bench: Bench, number: int, *lots: str) -> None:
    start = bench.clock.now() + HOUR
    name = f"P{number}"
    bench.book(start, visit=f"A{number}", patient=name, phone=f"+120255501{number:02d}")
    bench.clock.set(start + 4 * HOUR)
    visit = {
        "ids": [{"system": "visit", "value": f"A{number}"}],
        "lots": list(lots),
        "actual_end": bench.clock.now().isoformat(),
    }
    bench.event("infusion.completed", name, appointment=visit)


def dosed(bench: Bench, *bodies: str) -> None:
    """A home dose every other day, each told of an hour later."""
    days = [START + (1 + 2 * number) * DAY for number in range(len(bodies))]
    bench.event(
        "regimen.prescribed",
        patient_={"phone": PHONE},
        regimen={
            "ids": [{"system": "rx", "value": "R1"}],
            "dose_dates": [day.isoformat() for day in days],
        },
    )
    for day, body in zip(days, bodies, strict=True):
        bench.to(day)
        bench.clock.set(day + HOUR)
        if body:
            bench.says(body)


def commands_at(at: datetime) -> None:
    """The clock that commands share stands at ``at``."""
    SharedClock(Path("clock"), SystemClock()).set(at)


def test_a_lot_is_found_with_those_whose_lot_is_unknown(bench: Bench, outreach: Outreach) -> None:
    infused(bench, 1, "EX-4O71")
    infused(bench, 2)
    commands_at(START + DAY)
    (found,) = outreach("lots", "find", "lot ex 4071", "--since", "2027-03-01", "--json").rows
    assert found["lot"] == "EX4071"
    assert [one["ids"][0]["value"] for one in found["affected"]] == ["P1"]
    assert found["affected"][0]["uses"] == [
        {"source": "administered", "at": "2027-03-01T15:00-05:00", "lot": "EX-4O71"}
    ]
    assert [one["ids"][0]["value"] for one in found["lot_unknown"]] == ["P2"]
    shown = outreach("lots", "find", "EX4071", "--since", "2027-03-01", "--until", "2027-03-05").out
    assert "mrn|P1" in shown
    assert "mrn|P2" in shown
    assert "Testcase" not in shown


def test_who_asks_for_no_time_is_told_what_to_ask(bench: Bench, outreach: Outreach) -> None:
    infused(bench, 2)
    shown = outreach("lots", "find", "NEVER-1").out
    assert shown.splitlines()[0] == "Nobody is known to have had this lot."
    assert "--since" in shown


@pytest.mark.parametrize(
    "wrong",
    [
        ("find", "-- "),
        ("find", "EX1", "--since", "yesterday"),
        ("find", "EX1", "--since", "2027-03-05", "--until", "2027-03-01"),
        ("recall", "EX1", *TEMPLATE),
        ("recall", "EX1", *TEMPLATE, "--field", "x=1"),
        ("recall", "EX1", "--template", "campaign_nonsense", "--by", "Dana"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    bench: Bench, outreach: Outreach, wrong: tuple[str, ...]
) -> None:
    said = outreach("lots", *wrong[:1], "--", wrong[1]) if wrong[1] == "-- " else None
    said = said or outreach("lots", *wrong)
    assert (said.code, said.err.count("\n")) == (1, 1)


def test_a_recall_is_prepared_looked_at_and_started(bench: Bench, outreach: Outreach) -> None:
    infused(bench, 1, "EX-4071")
    infused(bench, 2, "EX-4071")
    consent.record_opt_out(bench.world, ChannelKind.SMS, "+12025550102", source="staff", actor="n")
    recall = ("lots", "recall", "ex4071", *TEMPLATE, "--token", "march")
    (made,) = outreach(*recall, "--json").rows
    assert (made["texts"], made["calls"], made["new"]) == (1, 1, True)
    (again,) = outreach(*recall, "--json").rows
    assert (again["texts"], again["calls"], again["new"]) == (1, 0, False)
    assert "outreach campaign start march" in outreach(*recall).out
    kinds = [row["kind"] for row in outreach("followups", "--json").rows]
    assert kinds.count("lot_recall") == 1
    (status,) = outreach("campaign", "status", "march", "--json").rows
    assert (status["status"], status["audience"], status["progress"]) == ("draft", 1, {})
    assert "prepared" in outreach("campaign", "status", "march").out

    start = ("campaign", "start", "march", "--by", "Dana")
    (started,) = outreach(*start, "--json").rows
    assert (started["audience"], started["new"]) == (1, True)
    assert "before" in outreach(*start).out
    (status,) = outreach("campaign", "status", "march", "--json").rows
    assert (status["status"], status["progress"]) == ("launched", {"planned": 1})


def test_how_a_patient_keeps_home_doses(bench: Bench, outreach: Outreach) -> None:
    dosed(bench, "DONE 20 ml 4 sites thigh lot A1", "LATE", "SKIP", "", "DONE 20 ml thigh lot A2")
    commands_at(START + 10 * DAY)
    (told,) = outreach("doses", "show", "mrn|P1", "--json").rows
    (regimen,) = told["regimens"]
    assert regimen["adherence"]["30"] == {
        "due": 5,
        "on_time": 2,
        "late": 0,
        "promised": 1,
        "skipped": 1,
        "unanswered": 1,
        "taken_share": 0.4,
    }
    assert [dose["kept"] for dose in told["doses"]] == [
        "on_time",
        "promised",
        "skipped",
        "unanswered",
        "on_time",
    ]
    assert told["doses"][0] == {
        "due": "2027-03-02T10:00:00-05:00",
        "kept": "on_time",
        "taken": "2027-03-02T11:00-05:00",
        "volume_ml": 20,
        "sites": 4,
        "areas": ["thigh"],
        "lots": ["A1"],
    }
    assert told["sites"]["repeats"] == []
    shown = outreach("doses", "show", "mrn|P1").out
    assert "unanswered" in shown
    assert "thigh" in shown


def test_a_place_used_too_soon_is_shown(bench: Bench, outreach: Outreach) -> None:
    dosed(bench, "DONE 20 ml thigh", "DONE 20 ml thigh")
    commands_at(START + 4 * DAY)
    (told,) = outreach("doses", "show", "mrn|P1", "--json").rows
    assert told["sites"]["repeats"] == [
        {"at": "2027-03-04T11:00:00-05:00", "area": "thigh", "after_days": 2}
    ]
    assert "thigh again after 2 days" in outreach("doses", "show", "mrn|P1").out


def test_a_patient_without_home_doses(bench: Bench, outreach: Outreach) -> None:
    infused(bench, 1)
    assert outreach("doses", "show", "mrn|P1").out == "This patient has no home doses.\n"
