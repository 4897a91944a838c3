"""Reply: durable, and an exact STOP obeyed, before it is acknowledged."""

from datetime import timedelta

import pytest

from outreach.domain.states import ChannelKind, Purpose
from outreach.pipeline import campaign, due, reply, send, triage
from outreach.storage.models import Consent, Reply
from outreach.storage.repositories.people import address_index
from tests.pipeline.rows import VISIT, messages, patient
from tests.worlds import PHONE, START, Bench

DAY = timedelta(days=1)


def receive(bench: Bench, body: str, provider_id: str = "SMin", sender: str = PHONE) -> bool:
    inbound = reply.Inbound(provider_id, ChannelKind.SMS, sender, "+12025550100", body)
    return reply.receive(bench.world, inbound)


def ledger(bench: Bench, address: str = PHONE) -> list[Consent]:
    with bench.world.db.read() as unit:
        return unit.people.consent_history([address_index(ChannelKind.SMS, address)])


def replies(bench: Bench) -> list[Reply]:
    with bench.world.db.read() as unit:
        return unit.replies.everything()


def test_a_reply_is_stored_before_anybody_reads_it(bench: Bench) -> None:
    assert receive(bench, "Hello there")
    (row,) = replies(bench)
    assert (row.body, row.address, row.triaged_at, row.received_at) == (
        "Hello there",
        PHONE,
        None,
        START,
    )
    assert bench.wakes.stages == ["triage"]


def test_the_same_reply_twice_is_one_reply(bench: Bench) -> None:
    assert receive(bench, "STOP")
    assert not receive(bench, "STOP")
    assert len(replies(bench)) == 1
    assert len(ledger(bench)) == 1


@pytest.mark.parametrize("word", ["STOP", "stop.", " Stop ", "UNSUBSCRIBE", "cancel", "ALTO"])
def test_an_exact_stop_is_in_the_ledger_before_triage_runs(bench: Bench, word: str) -> None:
    receive(bench, word)
    (line,) = ledger(bench)
    assert (line.action, line.scope, line.source, line.words) == ("opt_out", "all", "reply", word)
    assert replies(bench)[0].triaged_at is None


def test_a_word_inside_a_sentence_is_left_to_triage(bench: Bench) -> None:
    receive(bench, "please stop texting me")
    assert ledger(bench) == []
    triage.drain(bench.world)
    assert [line.action for line in ledger(bench)] == ["opt_out"]


def test_nothing_more_goes_to_a_phone_that_said_stop(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("what should I eat?")
    receive(bench, "STOP")
    before = len(bench.sms.texts_to(PHONE))
    bench.to(VISIT)
    assert len(bench.sms.texts_to(PHONE)) == before
    assert bench.outcomes()["d3"] == "skipped:opted_out"


def test_a_text_already_queued_is_stopped_too(bench: Bench) -> None:
    bench.book(VISIT)
    bench.clock.set(VISIT - 7 * DAY)
    bench.machine.set(VISIT - 7 * DAY)
    due.drain(bench.world)
    receive(bench, "STOP")
    send.drain(bench.world)
    assert bench.sms.texts_to(PHONE) == []


def test_stop_binds_everybody_at_that_phone(bench: Bench) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    bench.book(VISIT, patient="P2", visit="A2")
    receive(bench, "STOP")
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes("P1")["d7"] == bench.outcomes("P2")["d7"] == "skipped:opted_out"


def test_start_brings_care_back_but_not_campaigns(bench: Bench) -> None:
    bench.book(VISIT)
    receive(bench, "STOP", "SM1")
    receive(bench, "START", "SM2")
    triage.drain(bench.world)
    index = address_index(ChannelKind.SMS, PHONE)
    with bench.world.db.read() as unit:
        state = unit.people.consent_of([index])[index]
    assert state.allows(Purpose.CARE)
    assert not state.allows(Purpose.CAMPAIGN)
    campaign.launch(
        bench.world,
        campaign.Launch("t", "hours", "campaign_hours", "n", {"when": "now", "hours": "9"}),
    )
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "sent"
    assert bench.outcomes()["campaign_hours"] == "skipped:no_consent"


def test_an_opt_in_does_not_outlive_a_stop(bench: Bench) -> None:
    from outreach.domain.consent import ConsentScope
    from outreach.pipeline import consent

    consent.record_opt_in(
        bench.world, ChannelKind.SMS, PHONE, ConsentScope.CAMPAIGN, source="import", actor="n"
    )
    receive(bench, "STOP", "SM1")
    receive(bench, "START", "SM2")
    index = address_index(ChannelKind.SMS, PHONE)
    with bench.world.db.read() as unit:
        assert not unit.people.consent_of([index])[index].allows(Purpose.CAMPAIGN)


def test_a_stop_from_a_stranger_is_kept_for_the_day_the_number_becomes_known(
    bench: Bench,
) -> None:
    receive(bench, "STOP")
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "skipped:opted_out"
    assert patient(bench).active
    assert messages(bench) == []
