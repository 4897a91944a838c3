"""Two patients on one phone: no names, and nothing is taken for one of them by a guess."""

from datetime import timedelta

import pytest

from outreach.domain.states import ChannelKind
from outreach.storage.models import DoseStatus, FollowUp
from outreach.storage.repositories.people import address_index
from tests.pipeline.rows import VISIT, kinds, patient, visit, work
from tests.worlds import PHONE, START, Bench

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def two_visits(bench: Bench) -> None:
    for number in (1, 2):
        bench.book(VISIT, patient=f"P{number}", visit=f"A{number}")


def two_doses(bench: Bench) -> None:
    for number in (1, 2):
        bench.event(
            "regimen.prescribed",
            f"P{number}",
            patient_={"phone": PHONE, "given": "Robin"},
            regimen={
                "ids": [{"system": "rx", "value": f"R{number}"}],
                "dose_dates": [(START + DAY).isoformat()],
            },
        )
    bench.to(START + DAY)


def two_check_ins(bench: Bench) -> None:
    for number in (1, 2):
        bench.book(START + HOUR, patient=f"P{number}", visit=f"A{number}")
    bench.to(START + 5 * HOUR)
    for number in (1, 2):
        bench.event(
            "infusion.completed",
            f"P{number}",
            appointment={
                "ids": [{"system": "visit", "value": f"A{number}"}],
                "actual_end": bench.clock.now().isoformat(),
            },
        )
    bench.to(START + 29 * HOUR)


def item(bench: Bench, kind: str) -> FollowUp:
    (found,) = (row for row in work(bench) if row.kind == kind)
    return found


def dose_states(bench: Bench) -> set[DoseStatus]:
    with bench.world.db.read() as unit:
        return {
            dose.status
            for name in ("P1", "P2")
            for regimen in unit.visits.regimens_of(patient(bench, name).id)
            for dose in unit.visits.doses_of(regimen.id)
        }


def test_a_text_to_a_shared_phone_names_nobody(bench: Bench) -> None:
    two_visits(bench)
    bench.to(VISIT - 7 * DAY)
    texts = bench.sms.texts_to(PHONE)
    assert len(texts) == 2
    assert not any("Robin" in text for text in texts)


def test_a_phone_of_one_patient_alone_names_them(bench: Bench) -> None:
    bench.book(VISIT)
    bench.book(VISIT, patient="P2", visit="A2", phone="+12025550124")
    bench.to(VISIT - 7 * DAY)
    assert "Robin" in bench.sms.texts_to(PHONE)[0]


@pytest.mark.parametrize("body", ["C", "R", "c please"])
def test_an_answer_that_may_be_either_s_goes_to_staff_with_its_text(
    bench: Bench, body: str
) -> None:
    two_visits(bench)
    bench.to(VISIT - 7 * DAY)
    bench.says(body)
    found = item(bench, "shared_phone")
    assert found.patient_id is None
    with bench.world.db.read() as unit:
        reply = unit.replies.reply(found.reply_id) if found.reply_id else None
        assert reply is not None
        assert reply.body == body
    assert not visit(bench, "A1").confirmed
    assert not visit(bench, "A2").confirmed


@pytest.mark.parametrize("body", ["DONE", "SKIP", "LATE"])
def test_a_dose_that_may_be_either_s_is_logged_for_neither(bench: Bench, body: str) -> None:
    two_doses(bench)
    bench.says(body)
    assert kinds(bench) == ["shared_phone"]
    assert dose_states(bench) == {DoseStatus.PLANNED}


@pytest.mark.parametrize("body", ["0", "1"])
def test_a_number_that_may_be_either_s_goes_to_staff(bench: Bench, body: str) -> None:
    two_check_ins(bench)
    bench.says(body)
    found = item(bench, "shared_phone")
    assert (found.patient_id, found.priority) == (None, "same_day")


def test_a_bad_number_is_a_red_flag_whoever_s_it_is(bench: Bench) -> None:
    two_check_ins(bench)
    bench.says("3")
    found = item(bench, "red_flag")
    assert (found.patient_id, found.priority) == (None, "urgent")
    assert "Several patients share this phone" in found.summary
    bench.run()
    assert "Call us now" in bench.sms.texts_to(PHONE)[-1]


def test_a_red_flag_in_words_is_paged_for_both(bench: Bench) -> None:
    two_visits(bench)
    bench.says("chest pain and I cannot breathe")
    found = item(bench, "red_flag")
    assert (found.patient_id, found.priority) == (None, "urgent")
    assert "ask for each" in found.summary


def test_stop_stops_the_phone_for_both(bench: Bench) -> None:
    two_visits(bench)
    bench.says("STOP")
    bench.to(VISIT - 7 * DAY)
    index = address_index(ChannelKind.SMS, PHONE)
    with bench.world.db.read() as unit:
        assert unit.people.consent_of([index])[index].opted_out
    assert bench.outcomes("P1")["d7"] == bench.outcomes("P2")["d7"] == "skipped:opted_out"


def test_wrong_number_stops_the_phone_for_both(bench: Bench) -> None:
    two_visits(bench)
    bench.says("wrong number")
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes("P1")["d7"] == bench.outcomes("P2")["d7"] == "skipped:no_address"
