"""By phone: ``ACK CODE`` and a key take an item, from a phone on the roster and from no other."""

from dataclasses import replace

import pytest

from outreach.domain.roster import Reach, StaffMember
from outreach.domain.states import ChannelKind, FollowUpStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.followup import by_phone
from outreach.pipeline.ports import FixedRoster
from outreach.storage.models import FollowUp
from tests.pipeline.rows import kinds, messages, work
from tests.recording import RecordingChannel
from tests.worlds import PHONE, Bench, roster

NURSE, SECOND = "+12025550199", "+12025550198"


@pytest.fixture
def ringing(bench: Bench) -> Bench:
    """A bench where the nurse is paged by text and by a call, and a second nurse has a phone."""
    made = roster()
    ways = (Reach(ChannelKind.SMS, NURSE), Reach(ChannelKind.VOICE, NURSE))
    nurse = replace(made.people["charge_nurse"], reach=ways)
    second = StaffMember("second", "Second nurse", True, (Reach(ChannelKind.SMS, SECOND),))
    people = {one.code: one for one in (nurse, second)}
    calls = RecordingChannel(ChannelKind.VOICE, bench.machine)
    channels = {**bench.world.channels, ChannelKind.VOICE: calls}
    bench.world = replace(
        bench.world, roster=FixedRoster(replace(made, people=people)), channels=channels
    )
    return bench


def make(bench: Bench) -> FollowUp:
    with bench.world.db.write() as unit:
        new = followup.NewItem("k", "red_flag", Action.CALL_911, "Call the patient.")
        item = followup.open_item(unit, bench.world, new)
    bench.run()
    return item


def the_item(bench: Bench) -> FollowUp:
    return next(item for item in work(bench) if item.kind == "red_flag")


def test_a_text_takes_the_item_ends_the_pages_and_says_so(ringing: Bench) -> None:
    code = make(ringing).code
    ringing.says(f"Ack {code.lower()}", sender=NURSE)
    ringing.run()
    item = the_item(ringing)
    assert (item.status, item.assignee) == (FollowUpStatus.ACKNOWLEDGED, "Charge nurse phone")
    answer = ringing.sms.texts_to(NURSE)[-1]
    assert f"Item {code} is yours" in answer
    assert ringing.sms.sent[-1].purpose == "staff"  # and so from the staff's own number
    assert kinds(ringing) == ["red_flag"]  # it makes no work


def test_whoever_comes_second_hears_that_it_is_not_theirs(ringing: Bench) -> None:
    code = make(ringing).code
    ringing.says(f"ACK {code}", sender=NURSE)
    ringing.says(f"ACK {code}", sender=SECOND)
    ringing.says(f"ACK {code}", sender=NURSE)
    ringing.run()
    assert the_item(ringing).assignee == "Charge nurse phone"
    assert "is not yours" in ringing.sms.texts_to(SECOND)[-1]
    assert "is yours" in ringing.sms.texts_to(NURSE)[-1]


def test_a_closed_item_is_taken_by_nobody(ringing: Bench) -> None:
    code = make(ringing).code
    followup.close(ringing.world, code, "Nurse", "well")
    ringing.says(f"ACK {code}", sender=NURSE)
    ringing.run()
    assert the_item(ringing).status is FollowUpStatus.CLOSED
    assert "is not yours" in ringing.sms.texts_to(NURSE)[-1]


@pytest.mark.parametrize("text", ["ACK", "ACK ZZZZZ"])
def test_a_code_that_is_none_is_said_to_be_none(ringing: Bench, text: str) -> None:
    make(ringing)
    ringing.says(text, sender=NURSE)
    ringing.run()
    assert the_item(ringing).status is FollowUpStatus.OPEN
    assert "No item has this code" in ringing.sms.texts_to(NURSE)[-1]


def test_nobody_but_staff_takes_an_item(ringing: Bench) -> None:
    code = make(ringing).code
    ringing.says(f"ACK {code}", sender="+12025550177")
    ringing.run()
    assert the_item(ringing).status is FollowUpStatus.OPEN
    assert "unknown_sender" in kinds(ringing)


def test_a_nurse_who_writes_of_herself_is_read_as_a_patient(ringing: Bench) -> None:
    ringing.says("chest pain, cannot breathe", sender=NURSE)
    assert the_item(ringing).action is Action.CALL_911


def call(bench: Bench) -> by_phone.Spoken | None:
    return by_phone.answered(bench.world, the_call(bench).id)


def the_call(bench: Bench):  # type: ignore[no-untyped-def]
    return next(row for row in messages(bench) if row.channel is ChannelKind.VOICE)


def test_a_call_spells_the_code_and_key_1_takes_the_item(ringing: Bench) -> None:
    code = make(ringing).code
    said = call(ringing)
    assert said is not None
    assert ", ".join(code) in said.text
    assert said.asks
    again = by_phone.pressed(ringing.world, the_call(ringing).id, "5")
    assert again is not None
    assert again.asks
    assert the_item(ringing).status is FollowUpStatus.OPEN
    done = by_phone.pressed(ringing.world, the_call(ringing).id, "1")
    assert done is not None
    assert "is yours" in done.text
    assert not done.asks
    item = the_item(ringing)
    assert (item.status, item.assignee) == (FollowUpStatus.ACKNOWLEDGED, "Charge nurse phone")


def test_a_call_that_is_answered_too_late_says_so(ringing: Bench) -> None:
    code = make(ringing).code
    followup.acknowledge(ringing.world, code, "Somebody else")
    said = call(ringing)
    assert said is not None
    assert not said.asks
    assert "Someone else has item" in said.text
    taken = by_phone.pressed(ringing.world, the_call(ringing).id, "1")
    assert taken is not None
    assert the_item(ringing).assignee == "Somebody else"


def test_no_call_is_made_of_a_text_nor_of_what_is_not_known(ringing: Bench) -> None:
    make(ringing)
    text = next(row for row in messages(ringing) if row.channel is ChannelKind.SMS)
    assert by_phone.answered(ringing.world, text.id) is None
    assert by_phone.pressed(ringing.world, ringing.world.new_id(), "1") is None


def test_neither_call_nor_text_names_the_patient(ringing: Bench) -> None:
    ringing.book(ringing.clock.now())
    ringing.says("chest pain, cannot breathe")
    ringing.run()
    said = call(ringing)
    assert said is not None
    for text in (said.text, *ringing.sms.texts_to(NURSE)):
        assert not {"Robin", "Testcase", "chest", PHONE} & set(text.split())
