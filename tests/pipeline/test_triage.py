"""Triage: what a reply means becomes an answer, a follow-up, a dose log, an opt-out."""

from datetime import datetime, timedelta

import pytest

from outreach.domain.states import ChannelKind
from outreach.pipeline import followup, reply, triage
from outreach.pipeline.replies import work as work_of_replies
from outreach.storage.models import FollowUp, Reply
from tests.pipeline.rows import VISIT, kinds, patient, visit, work
from tests.worlds import PHONE, START, Bench

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


def known(bench: Bench, name: str = "P1", **rest: object) -> None:
    bench.event("patient.updated", name, patient_={"phone": PHONE, **rest})


def last_reply(bench: Bench) -> Reply:
    with bench.world.db.read() as unit:
        return unit.replies.everything()[-1]


def item(bench: Bench) -> FollowUp:
    (found,) = work(bench)
    return found


def asked(bench: Bench, step: timedelta = 24 * HOUR) -> None:
    """A check-in asked the patient how they feel."""
    bench.book(START + HOUR)
    bench.to(START + 5 * HOUR)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )
    bench.to(START + 5 * HOUR + step)


def test_a_red_flag_at_night_makes_an_urgent_item_and_an_answer(bench: Bench) -> None:
    known(bench)
    night = datetime.fromisoformat("2027-03-02T03:00:00-05:00")
    bench.clock.set(night)
    bench.says("I have chest pain and trouble breathing")
    bench.run()
    found = item(bench)
    assert (found.kind, found.priority, found.patient_id) == (
        "red_flag",
        "urgent",
        patient(bench).id,
    )
    assert found.due_at == night + 5 * MINUTE
    (answer,) = bench.sms.texts_to(PHONE)
    assert "911" in answer
    assert len(bench.sms.texts_to("+12025550199")) == 1


def test_a_reply_is_read_once(bench: Bench) -> None:
    known(bench)
    assert bench.says("chest pain", provider_id="SM1")
    assert not bench.says("chest pain", provider_id="SM1")
    assert kinds(bench) == ["red_flag"]


def test_a_number_nobody_knows_goes_to_staff(bench: Bench) -> None:
    bench.says("hello?", sender="+12025550177")
    assert item(bench).kind == "unknown_sender"


def test_a_red_flag_from_a_number_nobody_knows_is_urgent_all_the_same(bench: Bench) -> None:
    bench.says("chest pain", sender="+12025550177")
    assert (item(bench).kind, item(bench).priority) == ("red_flag", "urgent")


def test_a_shared_phone_leaves_it_to_staff_who_wrote(bench: Bench) -> None:
    known(bench, "P1")
    known(bench, "P2")
    bench.says("can I eat before?")
    assert item(bench).kind == "shared_phone"
    assert last_reply(bench).patient_id is None


def test_at_a_shared_phone_the_one_who_was_asked_answers(bench: Bench) -> None:
    known(bench, "P2")
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("C")
    assert last_reply(bench).patient_id == patient(bench, "P1").id
    assert visit(bench).confirmed


def test_at_a_shared_phone_two_open_questions_go_to_staff(bench: Bench) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    bench.book(VISIT, patient="P2", visit="A2")
    bench.to(VISIT - 7 * DAY)
    bench.says("C")
    assert item(bench).kind == "shared_phone"
    assert not visit(bench, "A1").confirmed
    assert not visit(bench, "A2").confirmed


def test_whoever_was_asked_answers_also_from_a_number_removed_since(bench: Bench) -> None:
    asked(bench)
    bench.event("patient.updated", patient_={"phone": "+12025550124"})
    bench.says("3")
    assert (item(bench).patient_id, item(bench).kind) == (patient(bench).id, "red_flag")


def test_a_confirmation_is_noted_and_answered(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("C")
    assert visit(bench).confirmed
    assert kinds(bench) == []
    assert last_reply(bench).conversation_id is not None


def test_a_wish_for_another_time_is_work(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("R")
    assert not visit(bench).confirmed
    assert (item(bench).kind, item(bench).priority) == ("reschedule", "same_day")


def test_a_second_answer_to_one_question_has_no_question(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("R")
    bench.says("C")
    assert not visit(bench).confirmed


@pytest.mark.parametrize(
    ("number", "kind", "priority"),
    [("0", None, None), ("1", "symptom_mild", "routine"), ("3", "red_flag", "urgent")],
)
def test_a_number_means_what_was_asked(
    bench: Bench, number: str, kind: str | None, priority: str | None
) -> None:
    asked(bench)
    bench.says(number)
    found = [(row.kind, row.priority) for row in work(bench)]
    assert found == ([] if kind is None else [(kind, priority)])


def dose(bench: Bench) -> None:
    bench.event(
        "regimen.prescribed",
        patient_={"phone": PHONE},
        regimen={
            "ids": [{"system": "rx", "value": "R1"}],
            "dose_dates": [(START + DAY).isoformat()],
        },
    )
    bench.to(START + DAY)


@pytest.mark.parametrize(
    ("body", "status", "missed"),
    [
        ("DONE 50ml belly lot AB123", "taken", "skipped:stopped"),
        ("LATE", "late", "planned"),
        ("SKIP", "skipped", "planned"),
    ],
)
def test_what_a_patient_says_of_a_dose_is_logged(
    bench: Bench, body: str, status: str, missed: str
) -> None:
    dose(bench)
    bench.says(body)
    with bench.world.db.read() as unit:
        (log,) = unit.visits.dose_logs_of(patient(bench).id)
        (row,) = unit.visits.doses([log.dose_id]).values()
    assert (log.status, row.status) == (status, status)
    if body.startswith("DONE"):
        assert log.details is not None
        assert "50" in log.details
        assert "AB123" in log.details
    bench.to(START + 2 * DAY)
    expected = "sent" if missed == "planned" else missed
    assert bench.outcomes()["missed"] == expected


def test_no_missed_dose_is_spoken_of_while_staff_deal_with_what_was_written(bench: Bench) -> None:
    dose(bench)
    bench.says("SKIP")
    followup.acknowledge(bench.world, item(bench).code, "nurse")
    bench.to(START + 2 * DAY)
    assert bench.outcomes()["missed"] == "skipped:covered"


def test_a_red_flag_on_the_day_of_a_dose_is_enough_for_staff_to_have_it(bench: Bench) -> None:
    dose(bench)
    bench.says("I have chest pain")
    bench.to(START + 2 * DAY)
    assert bench.outcomes()["missed"] == "skipped:covered"


def test_why_is_kept_and_the_words_are_not(bench: Bench) -> None:
    known(bench)
    bench.says("my chest pain is back, call Dr. Testcase")
    explanation = last_reply(bench).explanation
    assert explanation is not None
    assert explanation["findings"]
    assert "Testcase" not in str(explanation)
    assert "Testcase" not in item(bench).summary


def test_a_picture_is_shown_to_staff(bench: Bench) -> None:
    known(bench)
    reply.receive(
        bench.world,
        reply.Inbound("SM1", ChannelKind.SMS, PHONE, "+12025550100", "look", media=1),
    )
    triage.drain(bench.world)
    assert item(bench).kind in {"photo", "unclear"}


@pytest.mark.parametrize("flush", [False, True], ids=["in a decision", "in the database"])
def test_a_reply_this_program_fails_on_is_read_by_a_person_and_the_next_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, flush: bool
) -> None:
    known(bench)
    right = work_of_replies.make_work

    def fail(unit, world, read, *rest, silent):  # type: ignore[no-untyped-def]
        if read.body == "hello":
            if flush:
                unit.add(FollowUp(id=world.new_id()))
                unit.flush()
            raise RuntimeError("chance")
        right(unit, world, read, *rest, silent=silent)

    monkeypatch.setattr(triage, "make_work", fail)
    bench.says("hello")
    bench.says("chest pain")
    first, second = work(bench)
    assert (first.kind, first.priority, first.patient_id) == (
        "unread_reply",
        "urgent",
        patient(bench).id,
    )
    assert second.kind == "red_flag"
    assert triage.drain(bench.world) == 0
