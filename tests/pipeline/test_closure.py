"""A site is closed for a day: its reminders stop, its patients hear once, the rest are called."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.configuration.journey_files import load_journeys
from outreach.domain.errors import BadInput, NotFound
from outreach.domain.journeys import Anchor
from outreach.domain.states import TouchpointStatus
from outreach.pipeline import closure, closure_status, due, ingest, send
from outreach.pipeline.closure import Recorded
from outreach.pipeline.closure_status import Concerned
from outreach.storage.models import Touchpoint
from tests.pipeline.rows import VISIT, kinds, messages, patient, settled_as, visit, work
from tests.recording import refuse
from tests.worlds import CONFIG, PHONE, START, Bench, clinic, make_bench, templates

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
CLOSED = date(2027, 3, 10)
"""The day of ``VISIT``, at Cedar Grove."""
NEW_YORK = ZoneInfo("America/New_York")
EVENING = VISIT.replace(hour=0)
"""19:00 of the evening before."""
JOURNEYS = load_journeys(CONFIG / "journeys", clinic(), templates().names())
QUIET = tuple(one for one in JOURNEYS if one.anchor is not Anchor.OCCASION)
"""Without the welcome: each test counts the texts about the closed day alone."""


@pytest.fixture
def bench(database_url: str) -> Bench:
    return make_bench(database_url, journeys=QUIET)


def close(bench: Bench, day: date = CLOSED, site: str = "cedar_grove") -> Recorded:
    return closure.record(bench.world, clinic().site(site), day, "Dana", "burst pipe")


def stand(bench: Bench) -> list[Concerned]:
    with bench.world.db.read() as unit:
        return closure_status.status(unit, bench.world, clinic().site("cedar_grove"), CLOSED)[1]


def word(bench: Bench, name: str = "P1") -> list[Touchpoint]:
    with bench.world.db.read() as unit:
        rows = unit.ledger.of_patient(patient(bench, name).id)
    return [row for row in rows if row.anchor_kind is Anchor.CLOSURE]


def texts(bench: Bench, phone: str = PHONE) -> list[str]:
    return bench.sms.texts_to(phone)


def number(tail: int) -> str:
    return f"+120255501{tail:02d}"


def test_reminders_stop_at_once_and_the_patient_hears_why(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 4 * DAY)
    before = len(texts(bench))
    done = close(bench)
    assert (done.new, done.stopped, done.patients, done.calls) == (True, 3, 1, 0)
    with bench.world.db.read() as unit:
        stopped = [
            (row.status.value, row.note)
            for row in unit.ledger.of_anchor(visit(bench).id)
            if row.step in {"d3", "d1", "h2"}
        ]
    assert stopped == [("cancelled", "The site is closed that day.")] * 3
    bench.run()
    bench.to(VISIT - 2 * HOUR)
    (said,) = texts(bench)[before:]
    assert "closed on Wed, Mar 10" in said
    assert "10:00 AM" in said
    assert "burst" not in said
    assert kinds(bench) == []


def test_a_confirmation_of_a_visit_on_a_closed_day_goes_to_staff(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    close(bench)
    bench.says("C")
    bench.run()
    assert "auto_confirmed" not in {row.template for row in messages(bench)}
    assert not visit(bench).confirmed
    assert len(kinds(bench)) == 1


def test_a_closure_recorded_twice_does_nothing_more(bench: Bench) -> None:
    bench.book(VISIT)
    close(bench)
    bench.run()
    again = close(bench)
    assert (again.new, again.stopped, again.patients) == (False, 0, 0)
    bench.run()
    assert len(texts(bench)) == 1


def test_a_day_that_is_over_cannot_be_closed(bench: Bench) -> None:
    with pytest.raises(BadInput, match="over"):
        close(bench, START.astimezone(NEW_YORK).date() - DAY)
    with pytest.raises(NotFound, match="on record"):
        stand(bench)


def test_a_queued_reminder_that_nobody_claimed_does_not_leave(bench: Bench) -> None:
    bench.book(VISIT)
    bench.clock.set(VISIT - DAY)
    due.drain(bench.world)
    assert [row.status for row in messages(bench)] == ["queued"]
    close(bench)
    bench.run()
    assert [(row.template, row.status) for row in messages(bench)] == [
        ("prep_1d", "skipped"),
        ("closure", "accepted"),
    ]


def test_a_reminder_that_was_claimed_meanwhile_is_stopped_at_the_last_moment(bench: Bench) -> None:
    """The claim is committed; the closure comes before the text is composed."""
    bench.book(VISIT)
    bench.clock.set(VISIT - DAY)
    due.drain(bench.world)
    (queued,) = messages(bench)
    with bench.world.db.write() as unit:
        claim_id = bench.world.new_id()
        unit.claims.claim(
            send.CARE_LANE,
            queued.channel,
            claim_id=claim_id,
            clinic_now=bench.clock.now(),
            machine_now=bench.machine.now(),
            lease_until=bench.machine.now() + MINUTE,
            limit=10,
        )
    close(bench)
    bench.machine.advance(timedelta(minutes=2))  # that worker died; another looks again
    bench.run()
    assert [said for said in texts(bench) if "closed" not in said] == []
    assert len(texts(bench)) == 1


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ("2027-03-09 19:00", "2027-03-09 19:00"),
        ("2027-03-09 22:30", "2027-03-10 06:00"),
        ("2027-03-10 05:10", "2027-03-10 06:00"),
        ("2027-03-10 06:20", "2027-03-10 06:20"),
        ("2027-03-08 06:20", "2027-03-08 08:00"),
        ("2027-03-03 06:20", "2027-03-03 08:00"),
    ],
)
def test_texts_go_from_six_on_the_day_itself_and_in_the_usual_hours_before(
    bench: Bench, recorded: str, told: str
) -> None:
    bench.book(VISIT)
    bench.clock.set(datetime.fromisoformat(recorded).replace(tzinfo=NEW_YORK))
    close(bench)
    bench.run()
    at = datetime.fromisoformat(told).replace(tzinfo=NEW_YORK)
    if at > bench.clock.now():
        bench.to(at - MINUTE)
        assert texts(bench) == []
    bench.to(at)
    assert len(texts(bench)) == 1
    assert (bench.sms.sent[-1].validity_seconds or 0) > 60


def test_no_other_text_goes_at_six(bench: Bench) -> None:
    bench.book(VISIT.replace(hour=13))  # 08:00: two hours before is 06:00
    bench.to(VISIT.replace(hour=11))
    assert texts(bench) == []
    assert bench.outcomes()["h2"] == "skipped:quiet_hours"


def test_who_cannot_be_texted_is_called_the_same_day(bench: Bench) -> None:
    bench.book(VISIT, visit="A1", patient="P1", phone=None)
    bench.book(VISIT, visit="A2", patient="P2", phone=number(12))
    bench.book(VISIT, visit="A3", patient="P3", phone=number(13))
    bench.says("STOP", number(12))
    bench.event("patient.admitted", "P3")
    close(bench)
    bench.run()
    items = [row for row in work(bench) if row.kind == "call_patient"]
    assert {row.patient_id for row in items} == {patient(bench, p).id for p in ("P1", "P2", "P3")}
    assert {row.priority for row in items} == {"same_day"}
    assert all("the site is closed" in row.summary for row in items)
    assert {one.outcome for one in stand(bench)} == {"not_reached"}
    assert all("closed" not in said for said in texts(bench, number(12)))


def test_a_text_that_the_carrier_refuses_becomes_a_call(bench: Bench) -> None:
    bench.book(VISIT)
    bench.sms.answers.append(refuse(30003))
    close(bench)
    bench.run()
    assert [row.status for row in word(bench)] == ["failed"]
    (one,) = stand(bench)
    assert (one.outcome, one.called) == ("not_reached", False)
    assert one.call == work(bench)[0].code


def test_a_kind_of_visit_that_the_journey_does_not_name_is_told_by_phone(bench: Bench) -> None:
    bench.book(VISIT, service="Home Dosing")
    bench.book(VISIT, visit="A2", patient="P2", phone=number(12), service="Something Else")
    done = close(bench)
    bench.run()
    assert (done.patients, done.calls) == (0, 2)
    assert kinds(bench).count("call_patient") == 2
    assert texts(bench) + texts(bench, number(12)) == []


def test_who_is_there_already_is_not_texted(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - HOUR)
    before = len(texts(bench))
    bench.book(VISIT, kind="appointment.checked_in")
    close(bench)
    bench.to(VISIT + HOUR)
    assert len(texts(bench)) == before
    assert [one.outcome for one in stand(bench)] == ["begun"]


def test_other_sites_and_days_are_left_alone(bench: Bench) -> None:
    bench.book(VISIT + DAY, visit="A1")
    bench.book(VISIT, visit="A2", patient="P2", phone=number(12), location="lakeside")
    late = VISIT.replace(hour=4) + DAY  # 23:00 of the closed day in New York
    bench.book(late, visit="A3", patient="P3", phone=number(13))
    close(bench)
    bench.run()
    assert texts(bench) + texts(bench, number(12)) == []
    assert len(texts(bench, number(13))) == 1


def test_two_visits_of_one_patient_are_told_of_once(bench: Bench) -> None:
    bench.book(VISIT, visit="A1")
    bench.book(VISIT + 2 * HOUR, visit="A2", service="Lab")
    assert close(bench).patients == 1
    bench.run()
    assert len(texts(bench)) == 1
    assert [(row.status, row.reason) for row in word(bench)] == [
        ("sent", None),
        ("skipped", "covered"),
    ]
    assert [one.outcome for one in stand(bench)] == ["told", "told"]


def test_a_visit_whose_text_was_to_speak_for_another_and_moved_leaves_a_call(
    database_url: str,
) -> None:
    bench = make_bench(database_url, journeys=QUIET)
    bench.book(VISIT, visit="A1")
    bench.book(VISIT + 2 * HOUR, visit="A2", service="Lab")
    close(bench)
    due.drain(bench.world)  # the one is queued, the other relies on it
    bench.book(VISIT + 7 * DAY, visit="A1", kind="appointment.rescheduled")
    bench.run()
    assert texts(bench) == []
    assert kinds(bench) == ["call_patient"]
    assert {one.visit_id: one.outcome for one in stand(bench)} == {
        visit(bench, "A1").id: "moved",
        visit(bench, "A2").id: "not_reached",
    }


def test_a_visit_that_moves_before_the_other_is_told_of_leaves_the_other_told(
    bench: Bench,
) -> None:
    bench.book(VISIT, visit="A1")
    bench.book(VISIT + 2 * HOUR, visit="A2", service="Lab")
    bench.clock.set(EVENING + 3 * HOUR)  # 22:00: nothing goes before six
    close(bench)
    bench.run()
    bench.book(VISIT + 7 * DAY, visit="A1", kind="appointment.rescheduled")
    bench.to(VISIT - 4 * HOUR)
    assert len(texts(bench)) == 1
    assert "12:00 PM" in texts(bench)[0]


def test_a_later_cancellation_texts_nobody_again(bench: Bench) -> None:
    bench.book(VISIT)
    close(bench)
    bench.run()
    bench.book(VISIT, kind="appointment.cancelled")
    bench.to(VISIT + HOUR)
    assert len(texts(bench)) == 1
    assert [one.outcome for one in stand(bench)] == ["told"]


def test_a_cancellation_in_the_night_does_not_keep_the_word_from_going(bench: Bench) -> None:
    bench.book(VISIT)
    bench.clock.set(EVENING + 3 * HOUR)
    close(bench)
    bench.run()
    bench.book(VISIT, kind="appointment.cancelled")
    bench.to(VISIT - 4 * HOUR)
    assert len(texts(bench)) == 1


def test_a_visit_that_moves_before_its_word_went_is_not_told_of(bench: Bench) -> None:
    bench.book(VISIT)
    bench.clock.set(EVENING + 3 * HOUR)
    close(bench)
    bench.book(VISIT + 7 * DAY, kind="appointment.rescheduled")
    bench.to(VISIT - 4 * HOUR)
    assert texts(bench) == []
    (one,) = stand(bench)
    assert (one.outcome, one.rebooked) == ("moved", VISIT + 7 * DAY)


def test_status_knows_who_has_a_new_visit(bench: Bench) -> None:
    for number_, name in ((11, "P1"), (12, "P2"), (13, "P3")):
        bench.book(VISIT, visit=f"A-{name}", patient=name, phone=number(number_))
    close(bench)
    bench.run()
    bench.to(START + HOUR)
    bench.book(
        VISIT + 7 * DAY,
        visit="A-P1",
        patient="P1",
        phone=number(11),
        kind="appointment.rescheduled",
    )
    bench.book(VISIT + 8 * DAY, visit="B-P2", patient="P2", phone=number(12))
    found = {one.patient_id: one for one in stand(bench)}
    assert found[patient(bench, "P1").id].rebooked == VISIT + 7 * DAY
    assert found[patient(bench, "P2").id].rebooked == VISIT + 8 * DAY
    assert found[patient(bench, "P3").id].rebooked is None
    assert {one.outcome for one in found.values()} == {"told"}


def test_a_visit_booked_on_a_closed_day_is_a_question_to_staff(bench: Bench) -> None:
    close(bench)
    bench.book(VISIT)
    bench.to(VISIT + HOUR)
    assert settled_as(bench) == ["applied"]
    assert texts(bench) == []
    assert kinds(bench) == ["closed_day"]
    assert set(bench.outcomes().values()) == {"cancelled:cancelled"}
    (one,) = stand(bench)
    assert (one.outcome, one.call) == ("booked_since", work(bench)[0].code)


def test_a_visit_moved_within_a_closed_day_is_a_question_too(bench: Bench) -> None:
    bench.book(VISIT)
    close(bench)
    bench.run()
    bench.book(VISIT + 2 * HOUR, kind="appointment.rescheduled")
    bench.to(VISIT + HOUR)
    assert len(texts(bench)) == 1
    assert kinds(bench) == ["closed_day"]
    assert [one.outcome for one in stand(bench)] == ["told", "booked_since"]


def test_a_site_that_is_gone_from_the_configuration_leaves_calls(bench: Bench) -> None:
    bench.book(VISIT)
    close(bench)
    gone = replace(clinic(), sites=clinic().sites[1:])
    without = replace(bench, world=replace(bench.world, clinic=gone))
    without.run()
    assert texts(bench) == []
    assert kinds(bench) == ["call_patient"]


def test_without_a_journey_every_visit_is_a_call(database_url: str) -> None:
    bench = make_bench(database_url)  # its journeys know of no closed day
    bench.book(VISIT)
    assert close(bench).calls == 1
    bench.run()
    assert kinds(bench) == ["call_patient"]
    assert texts(bench) == []


def test_the_word_is_in_the_patients_language(bench: Bench) -> None:
    bench.book(VISIT, patient_={"language": "es"})
    close(bench)
    bench.run()
    (said,) = texts(bench)
    assert "no abrimos" in said


def test_a_patient_who_died_is_neither_texted_nor_called_about_it(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("patient.deceased")
    close(bench)
    bench.run()
    assert texts(bench) == []
    assert kinds(bench) == ["deceased"]
    assert [row.status for row in word(bench)] == [TouchpointStatus.SKIPPED]


def test_an_arrival_after_the_closure_is_drained_with_it(bench: Bench) -> None:
    """The booking waits in the inbox while staff close the day: it is a question, not a text."""
    bench.book(VISIT - DAY, visit="A0", patient="P9", phone=number(19))
    close(bench)
    bench.book(VISIT)
    ingest.drain(bench.world)
    bench.run()
    assert kinds(bench) == ["closed_day"]
