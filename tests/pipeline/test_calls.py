"""Calls: all that cannot be texted is on one list, with why, and nothing is lost from it."""

from datetime import timedelta

import pytest

from outreach.domain.errors import IllegalTransition, NotFound
from outreach.domain.states import ChannelKind
from outreach.pipeline import calls, consent, followup
from outreach.storage.models import FollowUp
from tests.pipeline.rows import VISIT, kinds, patient, visit, work
from tests.worlds import PHONE, START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def listed(bench: Bench) -> list[calls.Call]:
    with bench.world.db.read() as unit:
        return calls.worklist(unit, bench.world)


def reasons(bench: Bench) -> list[str]:
    return [call.reason.value for call in listed(bench)]


def no_show(bench: Bench) -> None:
    bench.event("appointment.noshow", appointment={"ids": [{"system": "visit", "value": "A1"}]})


def missed(bench: Bench) -> FollowUp:
    bench.book(START + HOUR)
    bench.to(START + 2 * HOUR)
    no_show(bench)
    (found,) = work(bench)
    return found


def test_whoever_did_not_come_is_called_the_same_day(bench: Bench) -> None:
    found = missed(bench)
    assert (found.kind, found.priority) == ("no_show", "same_day")
    assert "2027-03-01 11:00" in found.summary
    assert found.patient_id == patient(bench).id
    assert reasons(bench) == ["no_show"]


def test_once_for_each_visit(bench: Bench) -> None:
    missed(bench)
    bench.clock.advance(HOUR)
    no_show(bench)
    assert kinds(bench) == ["no_show"]


@pytest.mark.parametrize("late", [timedelta(days=8), timedelta(days=400)])
def test_not_for_what_was_missed_long_ago(bench: Bench, late: timedelta) -> None:
    bench.book(START + HOUR)
    bench.clock.set(START + HOUR + late)
    no_show(bench)
    assert "no_show" not in kinds(bench)
    assert visit(bench).status == "noshow"


def test_not_for_a_patient_who_has_died(bench: Bench) -> None:
    bench.book(START + HOUR)
    bench.event("patient.deceased")
    bench.clock.set(START + 2 * HOUR)
    no_show(bench)
    assert "no_show" not in kinds(bench)


def test_a_cancelled_visit_is_no_missed_one(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("appointment.cancelled", appointment={"ids": [{"system": "visit", "value": "A1"}]})
    assert kinds(bench) == []


def test_the_list_is_in_order_of_due_time_with_each_reason(bench: Bench) -> None:
    bench.book(VISIT, patient="P1", visit="A1", phone=None)
    bench.book(VISIT, patient="P2", visit="A2", phone="+12025550124", patient_={"language": "vi"})
    bench.book(VISIT, patient="P3", visit="A3", phone="+12025550125")
    consent.record_opt_out(bench.world, ChannelKind.SMS, "+12025550125", source="staff", actor="n")
    bench.to(VISIT - 7 * DAY)
    bench.to(VISIT - HOUR)
    bench.event(
        "infusion.completed",
        "P3",
        appointment={
            "ids": [{"system": "visit", "value": "A3"}],
            "actual_end": (VISIT + 4 * HOUR).isoformat(),
        },
    )
    bench.to(VISIT + 29 * HOUR)
    found = listed(bench)
    assert [call.item.due_at for call in found] == sorted(call.item.due_at for call in found)
    by_patient = {call.patient.id: call for call in found}
    assert by_patient[patient(bench, "P1").id].reason == "no_mobile"
    assert by_patient[patient(bench, "P1").id].numbers == ()
    spoken = by_patient[patient(bench, "P2").id]
    assert (spoken.reason, spoken.interpreter) == ("language", "vi")
    stopped = by_patient[patient(bench, "P3").id]
    assert stopped.reason == "opted_out"
    assert [number.address for number in stopped.numbers] == ["+12025550125"]


def test_what_a_patient_asks_whom_no_text_reaches_is_a_call_too(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("what should I eat?")
    assert reasons(bench) == []
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")
    assert reasons(bench) == ["opted_out"]


def test_operators_items_and_closed_ones_are_no_calls(bench: Bench) -> None:
    found = missed(bench)
    from outreach.domain.triage.result import Action

    with bench.world.db.write() as unit:
        followup.open_item(
            unit, bench.world, followup.NewItem("op", "operator", Action.SAME_DAY, "Trouble.")
        )
    assert reasons(bench) == ["no_show"]
    followup.close(bench.world, found.code, "Ana", "Reached.")
    assert reasons(bench) == []


def test_an_attempt_is_noted_with_its_time_and_the_call_stays(bench: Bench) -> None:
    found = missed(bench)
    calls.not_reached(bench.world, found.code.lower(), "Ana", "left no message")
    bench.clock.advance(HOUR)
    calls.not_reached(bench.world, found.code, "Ben")
    (call,) = listed(bench)
    assert [(note.who, note.at, note.note) for note in call.attempts] == [
        ("Ana", START + 2 * HOUR, "left no message"),
        ("Ben", START + 3 * HOUR, None),
    ]


def test_an_attempt_needs_an_item_that_is_not_closed(bench: Bench) -> None:
    found = missed(bench)
    with pytest.raises(NotFound):
        calls.not_reached(bench.world, "XXXXX", "Ana")
    followup.close(bench.world, found.code, "Ana", "Reached.")
    with pytest.raises(IllegalTransition):
        calls.not_reached(bench.world, found.code, "Ana")


def test_a_number_at_which_somebody_else_answered_is_not_rung(bench: Bench) -> None:
    missed(bench)
    bench.says("wrong number, stop")
    assert all(call.numbers == () for call in listed(bench))
