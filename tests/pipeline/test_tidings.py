"""Tidings: a wrong number stops a phone, a death stops everything; staff can take both back."""

from datetime import timedelta

import pytest

from outreach.domain.errors import BadInput
from outreach.domain.states import ChannelKind, FollowUpStatus
from outreach.pipeline import followup
from outreach.storage.models import ContactStatus, FollowUp
from outreach.storage.repositories.people import address_index
from tests.pipeline.rows import VISIT, kinds, messages, patient, visit, work
from tests.worlds import PHONE, START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def item(bench: Bench) -> FollowUp:
    return work(bench)[-1]


def statuses(bench: Bench, name: str = "P1") -> set[ContactStatus]:
    with bench.world.db.read() as unit:
        return {row.status for row in unit.people.all_contacts(patient(bench, name).id)}


def said_dead(bench: Bench, body: str = "He passed away last week") -> FollowUp:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says(body)
    return item(bench)


@pytest.mark.parametrize("body", ["He passed away last week", "mi esposo fallecio"])
def test_a_reported_death_stops_everything_and_asks_staff_to_call(bench: Bench, body: str) -> None:
    found = said_dead(bench, body)
    assert (found.kind, found.priority) == ("death_reported", "same_day")
    assert patient(bench).deceased
    assert patient(bench).death_reported
    for step in ("d3", "d1", "h2"):
        assert bench.outcomes()[step] == "skipped:deceased"
    before = len(bench.sms.sent)
    bench.to(VISIT - 3 * DAY)
    bench.to(VISIT - DAY)
    texts = [outgoing for outgoing in bench.sms.sent[before:] if outgoing.to == PHONE]
    assert texts == []


def test_staff_take_it_back_and_what_is_still_of_use_is_planned_anew(bench: Bench) -> None:
    found = said_dead(bench)
    followup.close(bench.world, found.code, "Dana", "alive, his brother died")
    assert not patient(bench).deceased
    outcomes = bench.outcomes()
    assert outcomes["d7"] == "skipped:covered"  # it was said already
    assert outcomes["d3"] == "planned"
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "sent"
    assert len(bench.sms.texts_to(PHONE)) == 2


def test_a_check_in_and_a_dose_come_back_too(bench: Bench) -> None:
    bench.book(START + HOUR)
    bench.event(
        "regimen.prescribed",
        regimen={
            "ids": [{"system": "rx", "value": "R1"}],
            "dose_dates": [(START + 2 * DAY).isoformat()],
        },
    )
    bench.clock.set(START + 5 * HOUR)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )
    bench.says("she died")
    assert bench.outcomes()["h24"] == bench.outcomes()["dose"] == "skipped:deceased"
    followup.close(bench.world, item(bench).code, "Dana", "alive")
    bench.to(START + 29 * HOUR)
    assert bench.outcomes()["h24"] == "sent"
    bench.to(START + 2 * DAY)
    assert bench.outcomes()["dose"] == "sent"


def test_confirmed_it_stays_and_cannot_be_taken_back(bench: Bench) -> None:
    found = said_dead(bench)
    followup.close(bench.world, found.code, "Dana", "Confirmed by the family")
    assert patient(bench).deceased
    assert not patient(bench).death_reported
    assert bench.outcomes()["d3"] == "skipped:deceased"


def test_what_the_record_says_meanwhile_is_stronger_than_staff(bench: Bench) -> None:
    found = said_dead(bench)
    bench.event("patient.deceased")
    assert not patient(bench).death_reported
    followup.close(bench.world, found.code, "Dana", "alive")
    assert patient(bench).deceased


def test_a_death_asks_for_a_decision(bench: Bench) -> None:
    found = said_dead(bench)
    with pytest.raises(BadInput):
        followup.close(bench.world, found.code, "Dana", "Called the family")
    assert item(bench).status is FollowUpStatus.OPEN


def test_a_second_word_of_it_is_added_to_the_item(bench: Bench) -> None:
    said_dead(bench)
    bench.says("I told you he died")
    assert kinds(bench) == ["death_reported"]


def test_somebody_who_is_only_said_to_be_dead_still_gets_an_urgent_answer(bench: Bench) -> None:
    said_dead(bench)
    bench.says("I am not dead, but I have chest pain")
    bench.run()
    assert "red_flag" in kinds(bench)
    assert "911" in bench.sms.texts_to(PHONE)[-1]


def test_a_red_flag_beside_it_is_a_red_flag_and_stops_nothing(bench: Bench) -> None:
    found = said_dead(bench, "he has chest pain, his brother died on monday")
    assert found.kind == "red_flag"
    assert not patient(bench).deceased
    assert bench.outcomes()["d3"] == "planned"


def test_at_a_shared_phone_nobody_is_taken_for_dead(bench: Bench) -> None:
    for name in ("P1", "P2"):
        bench.event("patient.updated", name, patient_={"phone": PHONE})
    bench.says("she passed away")
    assert (item(bench).kind, item(bench).priority) == ("shared_phone", "same_day")
    assert not patient(bench, "P1").deceased


def test_a_merge_keeps_what_is_certain(bench: Bench) -> None:
    said_dead(bench)
    bench.event("patient.updated", "P2", patient_={"phone": "+12025550124"})
    bench.event("patient.deceased", "P2")
    bench.event("patient.merged", "P2", prior={"ids": [{"system": "mrn", "value": "P1"}]})
    survivor = patient(bench, "P2")
    assert (survivor.deceased, survivor.death_reported) == (True, False)


@pytest.mark.parametrize("body", ["wrong number", "Numero equivocado", "No, wrong number"])
def test_a_wrong_number_gets_nothing_more(bench: Bench, body: str) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    sent = len(bench.sms.texts_to(PHONE))
    bench.says(body)
    bench.run()
    assert statuses(bench) == {ContactStatus.WRONG}
    assert (item(bench).kind, item(bench).patient_id) == ("wrong_number", patient(bench).id)
    assert "reschedule" not in kinds(bench)
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "skipped:no_address"
    assert len(bench.sms.texts_to(PHONE)) == sent
    assert kinds(bench) == ["wrong_number", "call_patient"]


def test_a_wrong_number_stays_wrong_while_the_record_still_lists_it(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("wrong number")
    bench.event("patient.updated", patient_={"phone": PHONE})
    assert statuses(bench) == {ContactStatus.WRONG}


def test_staff_say_that_the_number_was_right(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("wrong number")
    with pytest.raises(BadInput):
        followup.close(bench.world, item(bench).code, "Dana", "ok")
    followup.close(bench.world, item(bench).code, "Dana", "right: her son has the phone")
    assert statuses(bench) == {ContactStatus.ACTIVE}
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "sent"


def test_a_check_in_to_a_wrong_number_becomes_a_call(bench: Bench) -> None:
    bench.book(START)
    bench.clock.advance(4 * HOUR)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )
    bench.says("you have the wrong number")
    bench.to(START + 28 * HOUR)
    assert bench.outcomes()["h24"] == "skipped:no_address"
    assert kinds(bench) == ["wrong_number", "call_patient"]


def test_stop_in_it_is_obeyed_too(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("stop texting me, wrong number")
    index = address_index(ChannelKind.SMS, PHONE)
    with bench.world.db.read() as unit:
        assert unit.people.consent_of([index])[index].opted_out
    assert kinds(bench) == ["wrong_number"]


def test_a_number_nobody_has_stays_unknown(bench: Bench) -> None:
    bench.says("wrong number", sender="+12025550177")
    assert kinds(bench) == ["unknown_sender"]


def test_a_new_number_is_no_wrong_number(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("I have a new number")
    assert statuses(bench) == {ContactStatus.ACTIVE}
    assert kinds(bench) == ["logistics"]
    assert [row.template for row in messages(bench)] == ["auto_received"]
    assert not visit(bench).held
