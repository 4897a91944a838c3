"""Hold: a problem before a visit holds its reminders until a nurse says go, or it is moved."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.errors import BadInput
from outreach.domain.states import ChannelKind, FollowUpStatus
from outreach.domain.triage.result import Prompt
from outreach.pipeline import consent, due, followup, send
from outreach.pipeline.world import World
from outreach.storage.models import Conversation, FollowUp, FollowUpNote
from tests.pipeline.rows import VISIT, kinds, messages, touchpoint, visit, work
from tests.worlds import JOURNEYS, PHONE, Bench, make_bench

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


def screened(world: World) -> World:
    """The journeys of the tests, with the question at three days and at one."""
    hours = {"d3": 72, "d1": 24}
    before, *rest = JOURNEYS
    steps = tuple(
        replace(step, asks=Prompt.SCREEN, question_hours=hours[step.id])
        if step.id in hours
        else step
        for step in before.steps
    )
    return replace(world, journeys=(replace(before, steps=steps), *rest))


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = make_bench(database_url)
    made.world = screened(made.world)
    yield made
    made.world.db.close()


def asked(bench: Bench, before: timedelta = 3 * DAY) -> None:
    bench.book(VISIT)
    bench.to(VISIT - before)


def item(bench: Bench, kind: str = "hold_review") -> FollowUp:
    (found,) = [row for row in work(bench) if row.kind == kind]
    return found


def notes(bench: Bench, kind: str = "hold_review") -> list[FollowUpNote]:
    with bench.world.db.read() as unit:
        return unit.followups.notes_of(item(bench, kind).id)


def question(bench: Bench, step: str) -> Conversation:
    with bench.world.db.read() as unit:
        found = unit.replies.question_of(touchpoint(bench, step).id)
    assert found is not None
    return found


def answers(bench: Bench) -> list[str]:
    return [row.template for row in messages(bench) if row.template.startswith("auto")]


def test_the_question_is_open_until_the_visit_and_no_longer(bench: Bench) -> None:
    asked(bench)
    assert question(bench, "d3").closes_at == VISIT
    bench.to(VISIT - DAY + 5 * HOUR)
    assert question(bench, "d1").closes_at == VISIT


@pytest.mark.parametrize("body", ["NONE", "no fever no infection", "Ninguno"])
def test_none_is_thanked_for_and_changes_nothing(bench: Bench, body: str) -> None:
    asked(bench)
    bench.says(body)
    bench.run()
    assert kinds(bench) == []
    assert not visit(bench).held
    assert question(bench, "d3").answer == "none"
    assert answers(bench) == ["auto_screen_none"]
    assert "If that changes, call" in bench.sms.texts_to(PHONE)[-1]
    bench.to(VISIT - DAY)
    assert bench.outcomes()["d1"] == "sent"


@pytest.mark.parametrize("body", ["YES", "I started antibiotics", "fiebre"])
def test_a_problem_holds_the_visit_and_asks_a_nurse(bench: Bench, body: str) -> None:
    asked(bench)
    bench.says(body)
    bench.run()
    found = item(bench)
    assert kinds(bench) == ["hold_review"]
    assert (found.priority, found.action) == ("same_day", "same_day")
    assert found.due_at == bench.clock.now() + 8 * HOUR
    assert (found.appointment_id, found.patient_id) == (visit(bench).id, visit(bench).patient_id)
    assert visit(bench).held
    assert answers(bench) == ["auto_screen_problem"]
    text = bench.sms.texts_to(PHONE)[-1]
    assert "A nurse will look at this before your visit" in text
    assert "?" not in text


@pytest.mark.parametrize(
    ("left", "priority", "due_before_visit"),
    [
        (7 * HOUR, "same_day", 2 * HOUR),
        (4 * HOUR, "same_day", 2 * HOUR),
        (4 * HOUR - MINUTE, "urgent", 3 * HOUR - MINUTE),
        (150 * MINUTE, "urgent", 2 * HOUR),
        (HOUR, "urgent", HOUR),
    ],
)
def test_the_item_is_due_before_the_drug_is_prepared(
    bench: Bench, left: timedelta, priority: str, due_before_visit: timedelta
) -> None:
    asked(bench, DAY)
    bench.clock.set(VISIT - left)
    bench.says("I have a fever")
    found = item(bench)
    assert (found.priority, found.due_at) == (priority, VISIT - due_before_visit)
    followup.drain(bench.world)
    assert item(bench).level == (1 if priority == "urgent" else 0)


def test_a_same_day_item_is_paged_from_when_it_is_late(bench: Bench) -> None:
    asked(bench)
    bench.says("I have a cough")
    bench.to(item(bench).due_at - MINUTE)
    assert item(bench).level == 0
    bench.to(item(bench).due_at)
    assert item(bench).level == 1


def test_an_item_that_was_taken_and_not_closed_is_paged_when_the_drug_is_prepared(
    bench: Bench,
) -> None:
    asked(bench)
    bench.says("I have a cough")
    followup.acknowledge(bench.world, item(bench).code, "Dana")
    due = item(bench).due_at
    bench.to(due - MINUTE)
    assert item(bench).status is FollowUpStatus.ACKNOWLEDGED
    bench.to(due)
    assert (item(bench).status, item(bench).level) == (FollowUpStatus.OPEN, 1)


def test_reminders_of_a_held_visit_wait_and_a_quick_go_loses_none(bench: Bench) -> None:
    asked(bench)
    bench.says("I have a cough")
    bench.to(VISIT - DAY)
    assert bench.outcomes()["d1"] == "planned"
    assert touchpoint(bench, "d1").due_at == VISIT - DAY + 15 * MINUTE
    bench.to(VISIT - DAY + 3 * HOUR)
    followup.close(bench.world, item(bench).code, "Dana", "go, it is hay fever")
    assert not visit(bench).held
    bench.to(VISIT - DAY + 4 * HOUR)
    assert bench.outcomes()["d1"] == "sent"
    bench.to(VISIT - 2 * HOUR)
    assert bench.outcomes()["h2"] == "sent"


def test_what_waits_too_long_ends_paused(bench: Bench) -> None:
    asked(bench)
    bench.says("I have a cough")
    followup.close(bench.world, item(bench).code, "Dana", "Hold: the doctor wants to see her")
    for hours in (24, 4, 2, 0):
        bench.to(VISIT - hours * HOUR)
    assert bench.outcomes()["d1"] == "skipped:paused"
    assert bench.outcomes()["h2"] == "skipped:paused"
    assert visit(bench).held
    assert kinds(bench) == ["hold_review"]


def test_a_message_that_was_queued_already_waits_as_well(bench: Bench) -> None:
    asked(bench)
    bench.clock.set(VISIT - DAY)
    due.drain(bench.world)
    assert bench.outcomes()["d1"] == "queued"
    bench.says("I have a cough")
    before = len(bench.sms.texts_to(PHONE))
    send.drain(bench.world)
    assert len(bench.sms.texts_to(PHONE)) == before + 1  # the answer alone
    assert bench.outcomes()["d1"] == "queued"
    followup.close(bench.world, item(bench).code, "Dana", "go")
    bench.to(VISIT - DAY + 15 * MINUTE)
    assert bench.outcomes()["d1"] == "sent"


def test_a_move_releases_the_visit_and_asks_again(bench: Bench) -> None:
    asked(bench)
    bench.says("I have a cough")
    later = VISIT + 7 * DAY
    bench.book(later, kind="appointment.rescheduled")
    assert not visit(bench).held
    assert item(bench).status is FollowUpStatus.OPEN  # only people close items
    assert "released" in [note.what for note in notes(bench)]
    bench.to(later - 3 * DAY)
    assert bench.outcomes()["d3"] == "sent"
    bench.says("still coughing")
    assert kinds(bench) == ["hold_review"]
    assert visit(bench).held


def test_a_second_answer_adds_to_the_same_item(bench: Bench) -> None:
    asked(bench)
    bench.says("I have a cough")
    bench.says("and now a fever")
    assert kinds(bench) == ["hold_review"]
    assert [note.what for note in notes(bench)] == ["created", "added"]
    followup.close(bench.world, item(bench).code, "Dana", "go")
    bench.to(VISIT - DAY + 15 * MINUTE)
    bench.says("I started antibiotics")
    assert visit(bench).held
    again = item(bench)
    assert (again.status, again.due_at) == (FollowUpStatus.OPEN, bench.clock.now() + 8 * HOUR)
    assert notes(bench)[-1].what == "reopened"


def test_a_second_answer_close_to_the_visit_makes_the_item_urgent(bench: Bench) -> None:
    asked(bench, DAY)
    bench.says("I have a cough")
    bench.clock.set(VISIT - 3 * HOUR)
    bench.says("I have a fever too")
    followup.drain(bench.world)
    assert (item(bench).priority, item(bench).level) == ("urgent", 1)
    assert item(bench).due_at == VISIT - DAY + 8 * HOUR  # never later than it was


def test_a_later_none_lets_nothing_go_and_the_nurse_hears_of_it(bench: Bench) -> None:
    asked(bench)
    bench.says("I have a cough")
    bench.says("NONE")
    assert visit(bench).held
    assert item(bench).status is FollowUpStatus.OPEN
    assert "nothing" in str(notes(bench)[-1].note)


def test_a_problem_after_none_is_read_as_an_answer(bench: Bench) -> None:
    asked(bench)
    bench.says("NONE")
    bench.says("sorry, I started antibiotics today")
    assert kinds(bench) == ["hold_review"]


def test_the_same_reply_read_twice_adds_nothing(bench: Bench) -> None:
    asked(bench)
    assert bench.says("I have a cough", provider_id="SM1")
    assert not bench.says("I have a cough", provider_id="SM1")
    assert len(notes(bench)) == 1


def test_a_red_flag_is_urgent_and_holds_the_visit(bench: Bench) -> None:
    asked(bench)
    bench.says("yes, chest pain")
    bench.run()
    assert sorted(kinds(bench)) == ["hold_review", "red_flag"]
    assert item(bench, "red_flag").action == "call_911"
    assert answers(bench) == ["auto_call_911"]


def test_a_red_flag_answered_none_is_never_closed_by_software(bench: Bench) -> None:
    asked(bench)
    bench.says("chest pain")
    bench.says("NONE")
    assert item(bench, "red_flag").status is FollowUpStatus.OPEN


def test_what_is_not_understood_is_read_before_the_visit(bench: Bench) -> None:
    asked(bench, DAY)
    bench.clock.set(VISIT - 7 * HOUR)
    bench.says("what do you mean by that")
    found = item(bench, work(bench)[0].kind)
    assert (found.priority, found.due_at) == ("same_day", VISIT - 2 * HOUR)
    assert not visit(bench).held


def test_at_a_shared_phone_an_ambiguous_answer_goes_to_staff_in_time(bench: Bench) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    bench.book(VISIT, patient="P2", visit="A2")
    bench.to(VISIT - DAY)
    bench.clock.set(VISIT - 6 * HOUR)
    bench.says("NONE")
    found = item(bench, "shared_phone")
    assert found.due_at == VISIT - 2 * HOUR
    assert not visit(bench, "A1").held
    assert question(bench, "d1").answer is None


def test_one_answer_counts_for_every_visit_that_was_asked_about(bench: Bench) -> None:
    bench.book(VISIT, visit="A1")
    bench.book(VISIT + DAY, visit="A2")
    bench.to(VISIT - 3 * DAY)
    bench.to(VISIT - 2 * DAY)
    bench.says("I have a fever")
    assert kinds(bench) == ["hold_review"] * 2
    assert visit(bench, "A1").held
    assert visit(bench, "A2").held


def test_a_cancelled_visit_is_not_held(bench: Bench) -> None:
    asked(bench)
    bench.book(VISIT, kind="appointment.cancelled")
    bench.says("I have a cough")
    bench.run()
    assert kinds(bench) == ["symptom_mild"]
    assert answers(bench) == ["auto_received"]


def test_a_confirmation_is_still_read_while_its_question_is_open(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("C")
    assert visit(bench).confirmed
    assert not visit(bench).held


def test_done_answers_the_dose_though_the_question_of_the_visit_is_newer(bench: Bench) -> None:
    bench.event(
        "regimen.prescribed",
        patient_={"phone": PHONE},
        regimen={
            "ids": [{"system": "rx", "value": "R1"}],
            "dose_dates": [(VISIT - 3 * DAY - HOUR).isoformat()],
        },
    )
    bench.book(VISIT)
    bench.to(VISIT - 3 * DAY - HOUR)
    bench.to(VISIT - 3 * DAY)
    bench.says("DONE")
    with bench.world.db.read() as unit:
        (log,) = unit.visits.dose_logs_of(visit(bench).patient_id)
    assert log.status == "taken"
    assert question(bench, "d3").answer is None


def test_an_opted_out_patient_is_phoned_and_not_answered(bench: Bench) -> None:
    asked(bench)
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")
    bench.says("I have a fever")
    bench.run()
    assert "phone" in item(bench).summary
    assert answers(bench) == ["auto_screen_problem"]
    assert len(bench.sms.texts_to(PHONE)) == 1  # the question


def test_check_ins_after_an_infusion_are_not_held(bench: Bench) -> None:
    asked(bench)
    bench.says("I have a cough")
    bench.clock.set(VISIT + 4 * HOUR)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )
    assert visit(bench).held
    bench.to(VISIT + 28 * HOUR)
    assert bench.outcomes()["h24"] == "sent"


@pytest.mark.parametrize("outcome", ["", "Called her, fine to come", "gone"])
def test_a_hold_is_closed_by_a_decision_alone(bench: Bench, outcome: str) -> None:
    asked(bench)
    bench.says("I have a cough")
    with pytest.raises(BadInput):
        followup.close(bench.world, item(bench).code, "Dana", outcome)
    assert item(bench).status is FollowUpStatus.OPEN
    assert visit(bench).held


def test_a_hold_that_was_closed_stays_when_the_visit_moved_since(bench: Bench) -> None:
    asked(bench)
    bench.says("I have a cough")
    bench.book(VISIT + 7 * DAY, kind="appointment.rescheduled")
    followup.close(bench.world, item(bench).code, "Dana", "hold, moved by a week")
    assert not visit(bench).held


def test_a_question_ends_when_the_visit_begins(bench: Bench) -> None:
    asked(bench, DAY)
    bench.to(VISIT)
    bench.says("I have a cough")
    assert kinds(bench) == ["symptom_mild"]
