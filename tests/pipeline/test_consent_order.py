"""The last word of a person counts, whatever the clocks say and whenever it was read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.consent import ConsentScope, ConsentState
from outreach.domain.states import ChannelKind
from outreach.pipeline import consent, reply, triage
from outreach.storage.models import Consent
from outreach.storage.repositories.people import address_index
from tests.pipeline.rows import VISIT, messages, work
from tests.worlds import PHONE, START, Bench

ASKS_IN = "please start texting me again"
ASKS_OUT = "please stop texting me"
RED_FLAG = "chest pain, cannot breathe"


def arrives(bench: Bench, body: str, name: str) -> None:
    inbound = reply.Inbound(name, ChannelKind.SMS, PHONE, "+12025550100", body)
    reply.receive(bench.world, inbound)


def state(bench: Bench) -> ConsentState:
    index = address_index(ChannelKind.SMS, PHONE)
    with bench.world.db.read() as unit:
        return unit.people.consent_of([index])[index]


def lines(bench: Bench) -> list[Consent]:
    with bench.world.db.read() as unit:
        return unit.people.consent_history([address_index(ChannelKind.SMS, PHONE)])


def confirmations(bench: Bench) -> int:
    return sum(row.template == "auto_opted_out" for row in messages(bench))


def test_a_stop_is_not_undone_by_an_older_reply_that_is_read_after_it(bench: Bench) -> None:
    bench.book(VISIT)
    arrives(bench, ASKS_IN, "SM1")
    bench.clock.advance(timedelta(seconds=5))
    arrives(bench, "STOP", "SM2")
    bench.clock.advance(timedelta(seconds=5))
    triage.drain(bench.world)
    assert state(bench).opted_out
    assert "auto_opted_in" not in [row.template for row in messages(bench)]


def test_a_stop_that_staff_recorded_is_not_undone_by_an_older_reply(bench: Bench) -> None:
    bench.book(VISIT)
    arrives(bench, ASKS_IN, "SM1")
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="nurse")
    triage.drain(bench.world)
    assert state(bench).opted_out


def test_a_start_is_not_undone_by_an_older_reply_that_is_read_after_it(bench: Bench) -> None:
    bench.book(VISIT)
    arrives(bench, ASKS_OUT, "SM1")
    arrives(bench, "START", "SM2")
    triage.drain(bench.world)
    assert not state(bench).opted_out


def test_what_staff_record_never_outweighs_the_stop_a_person_sent_before(bench: Bench) -> None:
    bench.book(VISIT)
    arrives(bench, ASKS_OUT, "SM1")
    consent.record_opt_in(
        bench.world, ChannelKind.SMS, PHONE, ConsentScope.CARE, source="staff", actor="nurse"
    )
    triage.drain(bench.world)
    assert state(bench).opted_out


def test_a_clock_that_steps_back_does_not_reorder_the_ledger(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("START")
    for clock in (bench.clock, bench.machine):
        clock.advance(timedelta(seconds=-2))
    bench.says("STOP")
    for clock in (bench.clock, bench.machine):
        clock.advance(timedelta(seconds=5))
    assert state(bench).opted_out
    assert [line.action.value for line in lines(bench)][-1] == "opt_out"


def test_a_clock_that_steps_back_does_not_let_an_older_reply_win(bench: Bench) -> None:
    bench.book(VISIT)
    arrives(bench, ASKS_IN, "SM1")
    for clock in (bench.clock, bench.machine):
        clock.advance(timedelta(seconds=-2))
    arrives(bench, "STOP", "SM2")
    triage.drain(bench.world)
    assert state(bench).opted_out


def test_a_line_is_dated_by_when_the_words_came(bench: Bench) -> None:
    arrives(bench, ASKS_OUT, "SM1")
    bench.clock.advance(timedelta(hours=3))
    triage.drain(bench.world)
    assert [line.recorded_at for line in lines(bench)] == [START]


@pytest.mark.parametrize("words", [ASKS_OUT, "STOP"])
def test_an_opt_out_is_confirmed_once(bench: Bench, words: str) -> None:
    bench.world = replace(
        bench.world, clinic=replace(bench.world.clinic, carrier_answers_keywords=False)
    )
    bench.book(VISIT)
    for _ in range(4):
        bench.says(words)
        bench.run()
        bench.clock.advance(timedelta(minutes=2))
    assert confirmations(bench) == 1
    bench.says("START")
    bench.says(words)
    assert confirmations(bench) == 2


def test_an_opt_out_that_cannot_be_confirmed_in_five_minutes_is_not(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says(ASKS_OUT)
    bench.to(START + timedelta(minutes=5))
    assert bench.sms.texts_to(PHONE) == []


def test_a_red_flag_of_somebody_who_opted_out_says_that_no_text_answered_it(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("STOP")
    bench.says(RED_FLAG)
    bench.run()
    assert bench.sms.texts_to(PHONE) == []
    (item,) = work(bench)
    assert item.kind == "red_flag"
    assert "not answered by text: phone now" in item.summary


def test_a_red_flag_that_was_answered_by_text_does_not_say_so(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says(RED_FLAG)
    (item,) = work(bench)
    assert "answered by text" not in item.summary
