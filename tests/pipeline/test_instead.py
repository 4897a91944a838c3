"""Instead: what may not be sent becomes a call or an item, once, and is never lost silently."""

from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.journeys import Offset, Step
from outreach.pipeline import followup, receipt
from outreach.pipeline.pause import set_paused
from outreach.storage.models import FollowUp
from tests.pipeline.rows import VISIT, kinds, message, patient, work
from tests.worlds import JOURNEYS, PHONE, START, Bench, make_bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def completed(bench: Bench, **patient_: object) -> None:
    bench.book(START, patient_=patient_)
    bench.clock.advance(4 * HOUR)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )


def notes(bench: Bench, item: FollowUp) -> list[str]:
    with bench.world.db.read() as unit:
        return [note.what for note in unit.followups.notes_of(item.id)]


def test_check_ins_of_one_stay_are_one_item(bench: Bench) -> None:
    completed(bench)
    bench.event("patient.admitted")
    bench.to(START + 28 * HOUR)
    bench.to(START + 76 * HOUR)
    assert bench.outcomes()["h24"] == bench.outcomes()["h72"] == "skipped:paused"
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("paused_check_in", "same_day")
    assert [what for what in notes(bench, item) if what != "paged"] == ["created", "added"]


def test_a_closed_item_is_open_again_when_the_same_stay_misses_another(bench: Bench) -> None:
    completed(bench)
    bench.event("patient.admitted")
    bench.to(START + 28 * HOUR)
    followup.close(bench.world, work(bench)[0].code, "Dana", "The ward knows")
    bench.to(START + 76 * HOUR)
    (item,) = work(bench)
    assert (item.status, notes(bench, item)[-1]) == ("open", "reopened")


def test_another_stay_is_another_item(bench: Bench) -> None:
    completed(bench)
    for hours in (28, 76):
        set_paused(bench.world, patient(bench).id, paused=True, by="Dana")
        bench.to(START + hours * HOUR)
        set_paused(bench.world, patient(bench).id, paused=False, by="Dana")
    assert kinds(bench) == ["paused_check_in"] * 2


def test_admitted_twice_is_one_stay(bench: Bench) -> None:
    completed(bench)
    bench.event("patient.admitted")
    since = patient(bench).paused_since
    bench.clock.advance(HOUR)
    bench.event("patient.admitted")
    assert patient(bench).paused_since == since == START + 4 * HOUR
    bench.event("patient.discharged")
    assert patient(bench).paused  # a nurse resumes
    set_paused(bench.world, patient(bench).id, paused=False, by="Dana")
    assert patient(bench).paused_since is None


def test_reminders_while_paused_leave_no_item(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("patient.admitted")
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "skipped:paused"
    assert kinds(bench) == []


def test_another_language_is_a_call_with_an_interpreter_once_for_a_visit(bench: Bench) -> None:
    bench.book(VISIT, patient_={"language": "vi"})
    for days in (7, 3, 1):
        bench.to(VISIT - days * DAY)
    assert bench.outcomes()["d1"] == "skipped:no_address"
    assert bench.sms.texts_to(PHONE) == []
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("call_patient", "same_day")
    assert "interpreter" in item.summary


def test_a_moved_visit_is_told_by_phone_again(bench: Bench) -> None:
    bench.book(VISIT, patient_={"language": "vi"})
    bench.to(VISIT - 7 * DAY)
    bench.book(VISIT + DAY, kind="appointment.rescheduled")
    bench.to(VISIT + DAY - 7 * DAY)
    assert kinds(bench) == ["call_patient"] * 2


def test_another_language_makes_each_check_in_and_each_dose_a_call(bench: Bench) -> None:
    completed(bench, language="vi")
    bench.event(
        "regimen.prescribed",
        regimen={
            "ids": [{"system": "rx", "value": "R1"}],
            "dose_dates": [(START + DAY).isoformat()],
        },
    )
    bench.to(START + DAY)
    bench.to(START + 28 * HOUR)
    assert bench.outcomes()["h24"] == bench.outcomes()["dose"] == "skipped:no_address"
    found = work(bench)
    assert [item.kind for item in found] == ["call_patient"] * 2
    assert all("interpreter" in item.summary for item in found)


def test_a_call_for_any_reason_names_the_interpreter(bench: Bench) -> None:
    completed(bench, language="vi")
    bench.to(START + 4 * HOUR + 49 * HOUR)
    assert bench.outcomes()["h24"] == "skipped:late"
    assert "interpreter" in work(bench)[0].summary


def test_an_unknown_language_and_a_variety_of_a_known_one_are_texted(bench: Bench) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    bench.book(
        VISIT, patient="P2", visit="A2", phone="+12025550124", patient_={"language": "es-MX"}
    )
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes("P1")["d7"] == bench.outcomes("P2")["d7"] == "sent"
    assert "Su" in bench.sms.texts_to("+12025550124")[0]


def test_a_red_flag_in_another_language_is_answered_all_the_same(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE, "language": "vi"})
    bench.says("chest pain")
    bench.run()
    assert "911" in bench.sms.texts_to(PHONE)[0]


def test_a_visit_of_which_nothing_could_be_said_in_time_is_a_call(bench: Bench) -> None:
    """Booked at half past ten in the evening for half past seven."""
    night = START + 12 * HOUR + HOUR / 2
    bench.to(night)
    bench.book(night + 9 * HOUR)
    bench.through(night + 8 * HOUR)
    assert bench.sms.sent == []
    (item,) = work(bench)
    assert item.kind == "call_patient"
    assert item.due_at <= night + 9 * HOUR


def test_who_was_told_of_a_visit_is_not_called_for_a_reminder_that_fell_into_the_night(
    bench: Bench,
) -> None:
    bench.to(VISIT - 3 * DAY)
    early = VISIT - 3 * HOUR  # seven in the morning
    bench.book(early)
    bench.through(early - HOUR / 2)
    assert bench.outcomes()["d1"] == "sent"
    assert kinds(bench) == []


def fails(bench: Bench, step: str) -> None:
    """The carrier reports for good that a text reached nobody, and the number is marked."""
    row = message(bench, step)
    assert row.provider_id is not None
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=row.provider_id,
            status="undelivered",
            error_code=30005,
            message_id=row.id,
        ),
    )
    bench.run()


def test_a_text_that_failed_and_the_reminder_after_it_are_one_call(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT - DAY)
    fails(bench, "d1")
    bench.through(VISIT - HOUR)
    assert bench.outcomes()["h2"] == "skipped:no_address"
    assert kinds(bench) == ["call_patient"]


@pytest.mark.parametrize("closed", [True, False])
def test_what_comes_days_after_a_text_that_failed_is_a_call_of_its_own(
    bench: Bench, closed: bool
) -> None:
    """A call about the text of a week before asks nothing of what is asked three days before."""
    bench.book(VISIT)
    bench.through(VISIT - 7 * DAY)
    fails(bench, "d7")
    (item,) = work(bench)
    if closed:
        followup.close(bench.world, item.code, "nurse", "reached")
    bench.through(VISIT - HOUR)
    assert bench.outcomes()["d3"] == bench.outcomes()["d1"] == "skipped:no_address"
    assert kinds(bench) == ["call_patient", "call_patient"]


def test_a_call_that_was_made_does_not_stand_for_the_next_reminder(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT - DAY)
    fails(bench, "d1")
    followup.close(bench.world, work(bench)[0].code, "nurse", "reached")
    bench.through(VISIT - HOUR)
    assert kinds(bench) == ["call_patient", "call_patient"]


def test_where_no_notice_says_so_a_visit_too_near_for_any_reminder_is_a_call(
    database_url: str,
) -> None:
    step = Step("d1", "prep_1d", Offset(days=-1), 20)
    path = replace(JOURNEYS[0], steps=(step,), notices={})
    bench = make_bench(database_url, journeys=(path,))
    bench.book(bench.clock.now() + 3 * HOUR)
    bench.run()
    assert bench.outcomes() == {"d1": "skipped:late"}
    assert kinds(bench) == ["call_patient"]
    bench.world.db.close()
