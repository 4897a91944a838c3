"""One text instead of several: late bookings, two visits of a day, courses, visits on and off."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from outreach.bootstrap import build_intake
from outreach.configuration.journey_files import load_journeys
from outreach.domain.states import MessageStatus
from outreach.pipeline import due, receipt
from outreach.pipeline.planning import replan
from tests.pipeline.rows import VISIT, kinds, message, touchpoint, visit, work
from tests.worlds import CONFIG, PHONE, Bench, clinic, make_bench, templates

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NAMES = frozenset(templates().names())


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """The journeys as they are shipped, but for the call about a visit that nobody confirms."""
    shipped = load_journeys(CONFIG / "journeys", clinic(), NAMES)
    journeys = tuple(replace(journey, unconfirmed_hours=None) for journey in shipped)
    yield (made := make_bench(database_url, journeys=journeys))
    made.world.db.close()


def about(bench: Bench, kind: str, name: str = "A1", **details: object) -> None:
    appointment = {"ids": [{"system": "visit", "value": name}], **details}
    bench.event(kind, appointment=appointment)


def complete(bench: Bench, end: datetime, name: str = "A1") -> None:
    bench.through(end + timedelta(minutes=5))
    about(bench, "infusion.completed", name, actual_end=end.isoformat())


def reported(bench: Bench, step: str, status: str, code: int | None = None) -> None:
    row = message(bench, step)
    assert row.provider_id is not None
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=row.provider_id,
            status=status,
            error_code=code,
            message_id=row.id,
        ),
    )
    bench.run()


def texts(bench: Bench) -> list[str]:
    return [outgoing.text for outgoing in bench.sms.sent]


# --- booked late ----------------------------------------------------------------------------------


def test_a_late_booking_gets_one_text_at_once(bench: Bench) -> None:
    bench.through(VISIT - 2 * DAY)
    bench.book(VISIT)
    bench.run()
    assert bench.outcomes() == {
        "booked": "sent",
        "d7": "skipped:collapsed",
        "d3": "skipped:collapsed",
        "d1": "planned",
        "h2": "planned",
    }
    assert len(texts(bench)) == 1
    bench.says("C")
    assert visit(bench).confirmed


def test_what_the_late_text_says_is_not_said_again_within_half_a_day(bench: Bench) -> None:
    bench.through(VISIT - 30 * HOUR)
    bench.book(VISIT, first_visit=True)
    bench.run()
    assert bench.outcomes()["d1"] == "skipped:covered"
    assert touchpoint(bench, "booked").template == "prep_now_first"
    bench.through(VISIT)
    assert bench.outcomes()["h2"] == "sent"
    assert len(texts(bench)) == 2


def test_a_late_booking_at_night_waits_for_morning_and_nothing_follows_on_its_heels(
    bench: Bench,
) -> None:
    night = VISIT - 36 * HOUR  # 22:00
    bench.through(night)
    bench.book(VISIT)
    bench.through(VISIT)
    sent = [row.template for row in (touchpoint(bench, "booked"), touchpoint(bench, "h2"))]
    assert sent == ["prep_now", "prep_2h"]
    assert bench.outcomes()["d1"] == "skipped:covered"
    assert len(texts(bench)) == 2


def test_a_moved_visit_whose_lead_times_have_passed_is_told_once(bench: Bench) -> None:
    bench.book(VISIT + 5 * DAY)
    bench.through(VISIT - 2 * DAY)
    before = len(texts(bench))
    bench.book(VISIT, kind="appointment.rescheduled")
    bench.run()
    assert bench.outcomes()["booked"] == "sent"
    assert len(texts(bench)) == before + 1


def test_another_place_at_the_same_hour_is_told(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT - 2 * DAY)
    bench.book(VISIT, kind="appointment.rescheduled", location="lakeside")
    bench.run()
    assert bench.outcomes()["booked"] == "sent"


def test_after_an_outage_the_later_reminder_speaks_for_the_earlier(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT - 4 * DAY)
    sent = len(texts(bench))
    about_now = VISIT - DAY + 9 * HOUR  # everything stood still for three days
    row = touchpoint(bench, "d3")
    with bench.world.db.write() as unit:
        unit.ledger.touchpoints([row.id])[row.id].useful_until = VISIT
    bench.clock.set(about_now)
    due.drain(bench.world, limit=1)  # however many wait, the earlier knows of the later
    bench.run()
    assert bench.outcomes()["d3"] == "skipped:collapsed"
    assert bench.outcomes()["d1"] == "sent"
    assert len(texts(bench)) == sent + 1


# --- the text of two hours before -----------------------------------------------------------------


EARLY = VISIT - HOUR
"""A visit at nine, whose text of two hours before would come at seven."""


def test_an_early_visit_needs_no_second_text_once_the_first_arrived(bench: Bench) -> None:
    bench.book(EARLY)
    bench.through(EARLY - DAY)
    reported(bench, "d1", "delivered")
    bench.through(EARLY)
    assert bench.outcomes()["h2"] == "skipped:covered"


def test_who_may_not_have_got_the_text_of_the_day_before_hears_it_that_evening(
    bench: Bench,
) -> None:
    bench.book(EARLY)
    bench.through(EARLY - DAY + 10 * HOUR)  # 19:00
    assert bench.outcomes()["h2"] == "sent"
    assert touchpoint(bench, "h2").decided_at == EARLY - DAY + 10 * HOUR


def test_a_text_that_failed_for_good_goes_to_another_number(bench: Bench) -> None:
    other = "+12025550177"
    phones = [PHONE, other]
    bench.book(EARLY, phone=None, patient_={"phones": phones})
    bench.through(EARLY - DAY)
    assert bench.sms.texts_to(other) == []
    reported(bench, "d1", "undelivered", 30005)
    assert len(bench.sms.texts_to(other)) == 1
    assert kinds(bench) == []


def test_a_text_that_failed_for_good_and_has_no_other_way_becomes_a_call(bench: Bench) -> None:
    bench.book(EARLY)
    bench.through(EARLY - DAY)
    reported(bench, "d1", "undelivered", 30005)
    assert kinds(bench) == ["call_patient"]


def test_a_replacement_that_fails_too_becomes_a_call_and_no_third_text(bench: Bench) -> None:
    other = "+12025550177"
    bench.book(EARLY, phone=None, patient_={"phones": [PHONE, other]})
    bench.through(EARLY - DAY)
    reported(bench, "d1", "undelivered", 30005)
    with bench.world.db.read() as unit:
        rows = unit.messages.of_touchpoints([touchpoint(bench, "d1").id])
    (again,) = [
        row for found in rows.values() for row in found if row.reason_key.endswith("instead")
    ]
    assert again.status is MessageStatus.ACCEPTED
    assert again.provider_id is not None
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=again.provider_id,
            status="undelivered",
            error_code=30005,
            message_id=again.id,
        ),
    )
    bench.run()
    assert kinds(bench) == ["call_patient"]
    bench.through(EARLY)
    assert len(bench.sms.texts_to(other)) == 1


# --- two visits of one day ------------------------------------------------------------------------


SECOND = VISIT + 5 * HOUR


def two(bench: Bench) -> None:
    bench.book(VISIT, visit="A1")
    bench.book(SECOND, visit="A2")


def test_two_visits_of_a_day_share_a_text_for_each_lead_time(bench: Bench) -> None:
    two(bench)
    bench.through(VISIT - 6 * DAY)
    (text,) = bench.sms.texts_to(PHONE)
    assert "10:00 AM and 3:00 PM" in text
    assert bench.outcomes()["d7"] == "skipped:merged"
    bench.says("C")
    assert visit(bench, "A1").confirmed
    assert visit(bench, "A2").confirmed


def test_two_visits_at_the_same_minute_share_a_text_too(bench: Bench) -> None:
    bench.book(VISIT, visit="A1")
    bench.book(VISIT, visit="A2")
    bench.through(VISIT - 6 * DAY)
    assert len(bench.sms.texts_to(PHONE)) == 1


def test_where_the_text_that_named_both_does_not_go_the_other_does(bench: Bench) -> None:
    two(bench)
    bench.through(VISIT - 8 * DAY)
    about(bench, "appointment.cancelled", "A1")
    bench.through(VISIT - 6 * DAY)
    (text,) = bench.sms.texts_to(PHONE)
    assert "3:00 PM" in text
    assert "10:00 AM" not in text


@pytest.mark.parametrize("change", ["cancelled", "moved"])
def test_when_one_of_two_falls_away_the_other_is_still_on(bench: Bench, change: str) -> None:
    two(bench)
    bench.through(VISIT - 2 * DAY)
    before = len(texts(bench))
    if change == "cancelled":
        about(bench, "appointment.cancelled", "A1")
    else:
        later = VISIT + 20 * DAY
        bench.book(later, visit="A1", kind="appointment.rescheduled")
    bench.run()
    assert "Still on" in texts(bench)[-1]
    assert "3:00 PM" in texts(bench)[-1]
    assert len(texts(bench)) == before + 1
    bench.through(VISIT)
    assert all("10:00 AM" not in text for text in texts(bench)[before:])


THIRD = VISIT + 7 * HOUR


def three_told(bench: Bench) -> None:
    two(bench)
    bench.book(THIRD, visit="A3")
    bench.through(VISIT - 2 * DAY)
    assert "10:00 AM, 3:00 PM, and 5:00 PM" in texts(bench)[-1]
    bench.sms.sent.clear()


def falls_away(bench: Bench, *names: str) -> None:
    for name in names:
        about(bench, "appointment.cancelled", name)
        bench.run()
        bench.through(bench.clock.now() + timedelta(minutes=2))


def test_each_visit_of_three_that_falls_away_is_corrected_with_those_that_are_left(
    bench: Bench,
) -> None:
    three_told(bench)
    falls_away(bench, "A1")
    (first,) = texts(bench)
    assert "3:00 PM and 5:00 PM" in first
    falls_away(bench, "A2")
    (_, second) = texts(bench)
    assert "5:00 PM" in second
    assert "3:00 PM" not in second
    assert bench.outcomes()["still_on_2"] == "sent"
    falls_away(bench, "A3")
    assert len(texts(bench)) == 2


def test_a_cancellation_that_is_told_again_is_corrected_once(bench: Bench) -> None:
    three_told(bench)
    falls_away(bench, "A1", "A1", "A2", "A2", "A1")
    assert len(texts(bench)) == 2


def test_of_two_that_fall_away_before_the_word_goes_one_text_speaks(bench: Bench) -> None:
    three_told(bench)
    bench.clock.set(VISIT - 2 * DAY + 13 * HOUR)  # 23:00
    falls_away(bench, "A1", "A2")
    bench.through(VISIT - DAY - HOUR)
    (said,) = texts(bench)
    assert "Still on" in said
    assert "5:00 PM" in said
    assert "3:00 PM" not in said


def test_what_falls_away_while_the_word_is_queued_is_left_out_of_it(bench: Bench) -> None:
    three_told(bench)
    about(bench, "appointment.cancelled", "A1")
    due.drain(bench.world)
    falls_away(bench, "A2")
    bench.through(bench.clock.now() + 2 * HOUR)
    (said,) = texts(bench)
    assert "5:00 PM" in said
    assert "3:00 PM" not in said


def test_a_visit_that_came_back_and_falls_away_again_is_corrected_again(bench: Bench) -> None:
    three_told(bench)
    falls_away(bench, "A1")
    bench.clock.advance(HOUR)
    bench.book(VISIT, visit="A1")
    bench.run()
    assert "10:00 AM" in texts(bench)[-1]
    falls_away(bench, "A1")
    assert "Still on" in texts(bench)[-1]
    assert "3:00 PM and 5:00 PM" in texts(bench)[-1]
    assert len(texts(bench)) == 3


def test_one_of_four_that_moves_within_the_day_shares_the_next_correction(bench: Bench) -> None:
    three_told(bench)
    bench.book(VISIT + 9 * HOUR, visit="A4")
    bench.run()
    falls_away(bench, "A1")
    bench.book(VISIT + 8 * HOUR, visit="A4", kind="appointment.rescheduled")
    bench.run()
    bench.sms.sent.clear()
    falls_away(bench, "A2")
    (said,) = texts(bench)
    assert "5:00 PM and 6:00 PM" in said


def test_an_edit_of_the_journeys_does_not_end_a_correction_that_waits(bench: Bench) -> None:
    three_told(bench)
    falls_away(bench, "A1")
    bench.clock.set(VISIT - 2 * DAY + 13 * HOUR)
    falls_away(bench, "A2")
    replan.apply(bench.world, "Dana")
    bench.through(VISIT - DAY - HOUR)
    assert bench.outcomes()["still_on_2"] == "sent"


def test_a_visit_that_falls_away_before_anybody_was_told_needs_no_word(bench: Bench) -> None:
    two(bench)
    about(bench, "appointment.cancelled", "A1")
    bench.run()
    assert texts(bench) == []


def test_another_kind_of_visit_that_day_has_words_of_its_own(bench: Bench) -> None:
    bench.book(VISIT - HOUR, visit="A1", service="Lab")
    bench.book(VISIT, visit="A2")
    bench.through(VISIT - 12 * HOUR)
    assert touchpoint(bench, "d1").status == "sent"
    assert any("NONE" in text for text in texts(bench))


def test_a_visit_that_moved_within_its_day_is_told_at_its_new_hour(bench: Bench) -> None:
    two(bench)
    bench.through(VISIT - 7 * DAY + HOUR)
    later = SECOND + HOUR
    bench.book(later, visit="A2", kind="appointment.rescheduled")
    bench.through(VISIT - 6 * DAY)
    assert any("4:00 PM" in text for text in texts(bench))


# --- cancelled and on again -----------------------------------------------------------------------


def test_who_was_told_of_a_cancelled_visit_hears_that_it_is_on(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT - 2 * DAY)
    before = len(texts(bench))
    about(bench, "appointment.cancelled")
    bench.clock.advance(HOUR)
    bench.book(VISIT)
    bench.run()
    assert bench.outcomes() == {
        "visit_on": "sent",
        "d7": "skipped:late",
        "d3": "skipped:late",
        "d1": "planned",
        "h2": "planned",
    }
    assert len(texts(bench)) == before + 1


def test_who_heard_nothing_of_a_cancelled_visit_is_simply_reminded(bench: Bench) -> None:
    bench.book(VISIT)
    about(bench, "appointment.cancelled")
    bench.clock.advance(HOUR)
    bench.book(VISIT)
    bench.through(VISIT - 6 * DAY)
    assert bench.outcomes()["d7"] == "sent"
    assert "visit_on" not in bench.outcomes()


# --- courses --------------------------------------------------------------------------------------


def course(bench: Bench, *days: int) -> None:
    for number in days:
        bench.book(VISIT + number * DAY, visit=f"A{number}", first_visit=number == days[0])


def answered(bench: Bench, step: str) -> list[str]:
    """What became of a step for each day, in order."""
    with bench.world.db.read() as unit:
        rows = [row for row in unit.ledger.everything() if row.step == step]
    newest = {(row.anchor_id, row.anchor_at): row for row in rows}
    found = sorted(newest.values(), key=lambda row: row.anchor_at)
    return [row.status.value if row.reason is None else row.reason.value for row in found]


def test_a_course_is_prepared_once_and_has_a_reminder_each_day(bench: Bench) -> None:
    course(bench, 0, 1, 2)
    bench.through(VISIT + 3 * DAY)
    assert answered(bench, "d7") == ["sent", "covered", "covered"]
    assert answered(bench, "d1") == ["sent", "covered", "covered"]
    assert answered(bench, "h2") == ["sent", "sent", "sent"]


def test_a_course_that_is_booked_late_has_one_text_about_its_first_day(bench: Bench) -> None:
    bench.through(VISIT - 2 * DAY)
    for number in (2, 0, 1):  # in whatever order they come
        bench.book(VISIT + number * DAY, visit=f"A{number}")
    bench.run()
    assert answered(bench, "booked") == ["sent", "covered", "covered"]
    bench.through(VISIT + 3 * DAY)
    assert answered(bench, "d1") == ["sent", "covered", "covered"]
    assert answered(bench, "h2") == ["sent", "sent", "sent"]


def test_a_day_that_is_added_to_a_course_later_is_told(bench: Bench) -> None:
    bench.through(VISIT - 2 * DAY)
    course(bench, 0)
    bench.run()
    bench.to(VISIT - DAY - 9 * HOUR)
    course(bench, 1)
    bench.through(VISIT - DAY)
    assert answered(bench, "booked") == ["sent", "sent"]


def test_check_ins_come_after_the_last_day_and_evenings_before_it(bench: Bench) -> None:
    course(bench, 0, 1)
    complete(bench, VISIT + 4 * HOUR, "A0")
    complete(bench, VISIT + DAY + 5 * HOUR, "A1")
    bench.through(VISIT + 16 * DAY)
    assert answered(bench, "evening") == ["sent", "covered"]
    for step in ("h24", "h72", "d10", "d14"):
        assert answered(bench, step) == ["covered", "sent"], step
    with bench.world.db.read() as unit:
        rows = unit.ledger.of_anchor(visit(bench, "A1").id)
    (h24,) = [row for row in rows if row.step == "h24"]
    assert h24.due_at == VISIT + 2 * DAY + 5 * HOUR


def test_a_series_with_days_between_has_one_set_of_check_ins(bench: Bench) -> None:
    course(bench, 0, 2, 5)  # Wednesday, Friday, Monday
    for number in (0, 2, 5):
        complete(bench, VISIT + number * DAY + 4 * HOUR, f"A{number}")
    bench.through(VISIT + 25 * DAY)
    assert answered(bench, "h24") == ["covered", "covered", "sent"]


def test_a_visit_weeks_later_is_no_part_of_the_course(bench: Bench) -> None:
    course(bench, 0, 21)
    complete(bench, VISIT + 4 * HOUR, "A0")
    bench.through(VISIT + 16 * DAY)
    assert answered(bench, "h24") == ["sent"]
    assert answered(bench, "evening") == []


def test_when_the_last_day_falls_away_the_check_ins_count_from_the_day_before(
    bench: Bench,
) -> None:
    course(bench, 0, 1)
    end = VISIT + 2 * HOUR
    complete(bench, end, "A0")
    bench.through(end + 25 * HOUR)
    assert answered(bench, "h24") == ["covered"]
    about(bench, "appointment.cancelled", "A1")
    bench.run()
    assert touchpoint(bench, "h24").status == "sent"
    bench.through(end + 73 * HOUR)
    assert touchpoint(bench, "h72").status == "sent"


def test_a_day_of_a_course_that_is_moved_late_is_told(bench: Bench) -> None:
    course(bench, 0, 1)
    bench.through(VISIT + 4 * HOUR)
    before = len(texts(bench))
    bench.book(VISIT + DAY - 2 * HOUR, visit="A1", kind="appointment.rescheduled")
    bench.run()
    assert len(texts(bench)) == before + 1
    assert "8:00 AM" in texts(bench)[-1]


def test_two_visits_on_a_course_day_have_one_evening_check(bench: Bench) -> None:
    bench.book(VISIT, visit="A0")
    bench.book(VISIT + 5 * HOUR, visit="A1")
    bench.book(VISIT + DAY, visit="A2")
    complete(bench, VISIT + 3 * HOUR, "A0")
    complete(bench, VISIT + 7 * HOUR, "A1")
    bench.through(VISIT + 12 * HOUR)
    assert answered(bench, "evening") == ["covered", "sent"]


def test_a_check_in_that_is_too_late_once_the_last_day_falls_away_becomes_a_call(
    bench: Bench,
) -> None:
    course(bench, 0, 2)
    end = VISIT + 4 * HOUR
    complete(bench, end, "A0")
    bench.through(end + 50 * HOUR)
    about(bench, "appointment.noshow", "A2")
    bench.run()
    assert touchpoint(bench, "h24").reason == "late"
    assert "call_patient" in kinds(bench)


# --- nobody reported ------------------------------------------------------------------------------


def test_the_planned_end_counts_where_the_patient_was_there(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT)
    about(bench, "appointment.checked_in")
    bench.through(VISIT + 6 * HOUR)
    assert visit(bench).actual_end == VISIT + 4 * HOUR
    assert visit(bench).end_estimated
    assert bench.outcomes()["h24"] == "planned"
    complete(bench, VISIT + 7 * HOUR)
    assert not visit(bench).end_estimated
    assert touchpoint(bench, "h24").due_at == VISIT + 31 * HOUR


def test_staff_are_asked_whether_an_unreported_visit_took_place_and_once(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT + 6 * HOUR - timedelta(minutes=1))
    assert kinds(bench) == []
    bench.through(VISIT + 6 * HOUR)
    assert kinds(bench) == ["did_it_happen"]
    bench.through(VISIT + 3 * DAY)
    assert kinds(bench) == ["did_it_happen"]
    assert "h24" not in bench.outcomes()


@pytest.mark.parametrize(
    ("kind", "left"), [("appointment.cancelled", []), ("appointment.noshow", ["no_show"])]
)
def test_a_visit_that_did_not_take_place_is_not_asked_about(
    bench: Bench, kind: str, left: list[str]
) -> None:
    bench.book(VISIT)
    about(bench, kind)
    bench.through(VISIT + DAY)
    assert kinds(bench) == left


def test_a_visit_booked_in_the_past_is_not_asked_about(bench: Bench) -> None:
    bench.book(VISIT - 30 * DAY)
    bench.through(VISIT)
    assert work(bench) == []


@pytest.mark.parametrize("late", [timedelta(minutes=40), timedelta(hours=3)])
def test_who_came_late_is_asked_about_too(bench: Bench, late: timedelta) -> None:
    bench.book(VISIT)
    bench.through(VISIT + timedelta(minutes=20))
    about(bench, "appointment.noshow")
    bench.through(VISIT + late)
    about(bench, "appointment.checked_in")
    bench.through(VISIT + 6 * HOUR)
    assert visit(bench).actual_end == VISIT + 4 * HOUR
    assert bench.outcomes()["h24"] == "planned"


def test_a_record_that_is_used_for_the_next_visit_checks_in_anew(bench: Bench) -> None:
    bench.book(VISIT)
    complete(bench, VISIT + 4 * HOUR)
    bench.through(VISIT + 20 * DAY)
    bench.book(VISIT + 28 * DAY, kind="appointment.rescheduled")
    bench.through(VISIT + 28 * DAY + 6 * HOUR)
    assert kinds(bench)[-1] == "did_it_happen"
    complete(bench, VISIT + 28 * DAY + 7 * HOUR)
    bench.through(VISIT + 40 * DAY)
    assert answered(bench, "h24") == ["sent", "sent"]


def test_an_infusion_under_the_wrong_record_is_asked_about_with_the_right_patient(
    bench: Bench,
) -> None:
    bench.book(VISIT)
    complete(bench, VISIT + 4 * HOUR)
    ids = [{"system": "visit", "value": "A1"}]
    end = (VISIT + 4 * HOUR).isoformat()
    bench.event(
        "infusion.completed",
        "P2",
        patient_={"phone": "+12025550177"},
        appointment={"ids": ids, "actual_end": end},
    )
    bench.through(VISIT + 2 * DAY)
    assert bench.sms.texts_to("+12025550177") != []
    assert touchpoint(bench, "h24", "P2").status == "sent"


def test_a_corrected_service_is_planned_as_what_it_is(bench: Bench) -> None:
    bench.book(VISIT, service="Something new")
    assert bench.outcomes() == {}
    bench.clock.advance(HOUR)
    bench.book(VISIT, kind="appointment.rescheduled")
    assert bench.outcomes()["d7"] == "planned"
    bench.clock.advance(HOUR)
    bench.book(VISIT, kind="appointment.rescheduled", service="Lab")
    with bench.world.db.read() as unit:
        rows = unit.ledger.of_anchor(visit(bench).id)
    assert {row.journey for row in rows if row.status == "planned"} == {"laboratory_visit"}


# --- silence --------------------------------------------------------------------------------------


def test_no_answer_after_a_first_visit_brings_a_nudge_and_then_a_call(bench: Bench) -> None:
    bench.book(VISIT, first_visit=True)
    end = VISIT + 4 * HOUR
    complete(bench, end)
    bench.through(end + 72 * HOUR)
    assert bench.outcomes()["h24_nudge"] == "sent"
    assert kinds(bench) == ["silent"]


def test_any_word_of_the_patient_ends_the_silence(bench: Bench) -> None:
    bench.book(VISIT, first_visit=True)
    end = VISIT + 4 * HOUR
    complete(bench, end)
    bench.through(end + 25 * HOUR)
    bench.says("0")
    bench.through(end + 72 * HOUR)
    assert bench.outcomes()["h24_nudge"] == "skipped:stopped"
    assert "silent" not in kinds(bench)


def test_silence_of_a_patient_whose_earlier_visits_were_seen_is_no_sign(bench: Bench) -> None:
    bench.book(VISIT, visit="A1")
    complete(bench, VISIT + 4 * HOUR, "A1")
    bench.through(VISIT + 2 * DAY)
    bench.says("0")
    bench.book(VISIT + 28 * DAY, visit="A2")
    complete(bench, VISIT + 28 * DAY + 4 * HOUR, "A2")
    bench.through(VISIT + 40 * DAY)
    assert "silent" not in kinds(bench)


def test_the_shipped_journeys_fit_the_shipped_clinic(bench: Bench) -> None:
    world = replace(bench.world, parse=build_intake(clinic()))
    assert {journey.name for journey in world.journeys} >= {
        "infusion_visit",
        "infusion_checkin",
        "home_dose",
    }
