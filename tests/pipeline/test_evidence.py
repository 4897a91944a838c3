"""Never twice, never lost: late turns, equal texts, losses in transit, interruptions."""

from datetime import timedelta

import pytest

from outreach.domain.states import ChannelKind, MessageStatus, Priority, Urgency
from outreach.pipeline import due, receipt, reply, send
from outreach.pipeline.outgoing.flow import Flow
from outreach.pipeline.ports import NOT_BEGUN, Outgoing, ResultKind, SendResult
from outreach.storage.models import Message
from tests.recording import Answers, accept_then_hang, refuse, vanish
from tests.worlds import PHONE, START, Bench

WEEK = timedelta(days=7)


def turn_too_late(outgoing: Outgoing) -> SendResult:
    return SendResult(outgoing.message_id, ResultKind.NOT_SENT, detail=NOT_BEGUN)


def message(bench: Bench, channel: ChannelKind = ChannelKind.SMS) -> Message:
    with bench.world.db.read() as unit:
        (found,) = [row for row in unit.messages.everything() if row.channel is channel]
    return found


def report(bench: Bench, provider_id: str, status: str, code: int | None = None) -> None:
    sent = message(bench)
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=provider_id,
            status=status,
            error_code=code,
            message_id=sent.id,
        ),
    )
    receipt.drain(bench.world)


def test_a_message_whose_turn_came_too_late_is_checked_again(bench: Bench) -> None:
    bench.book(START + WEEK)
    due.drain(bench.world)
    bench.sms.answers.append(turn_too_late)
    send.drain(bench.world, limit=1)
    assert message(bench).status is MessageStatus.QUEUED
    reply.receive(
        bench.world, reply.Inbound("SMstop", ChannelKind.SMS, PHONE, "+12025550100", "STOP")
    )
    bench.sms.sent.clear()
    bench.run()
    assert bench.sms.texts_to(PHONE) == []
    assert bench.outcomes()["d7"] == "skipped:opted_out"


def test_a_message_whose_turn_came_too_late_goes_at_once_when_nothing_changed(
    bench: Bench,
) -> None:
    bench.book(START + WEEK)
    bench.sms.answers.append(turn_too_late)
    bench.run()
    assert message(bench).status is MessageStatus.ACCEPTED
    assert bench.outcomes()["d7"] == "sent"


def test_no_more_is_claimed_for_a_channel_than_it_can_begin_soon(bench: Bench) -> None:
    bench.sms.capacity = 3
    for number in range(5):
        bench.book(
            START + WEEK,
            visit=f"A{number}",
            patient=f"P{number}",
            phone=f"+1202555016{number}",
        )
    due.drain(bench.world)
    flow = Flow(bench.world, bench.world.new_id())
    most = send.batch_of(bench.world, ChannelKind.SMS)
    lanes, kind = tuple(Urgency), ChannelKind.SMS
    claims = [send.claim_batch(bench.world, flow, lanes, kind, most) for _ in "12"]
    assert claims == [3, 2]
    flow.finish()


@pytest.mark.parametrize("skew", [timedelta(seconds=-90), timedelta(seconds=90)])
def test_a_providers_clock_that_differs_by_a_minute_hides_no_evidence(
    bench: Bench, skew: timedelta
) -> None:
    bench.book(START + WEEK)
    bench.machine.advance(skew)
    hang = accept_then_hang(bench.sms)

    def accepted_at_another_time(outgoing: Outgoing) -> SendResult:
        bench.machine.advance(-skew)
        return hang(outgoing)

    bench.sms.answers.append(accepted_at_another_time)
    bench.run()
    for _ in range(4):
        bench.machine.advance(timedelta(minutes=2))
        bench.run()
    assert len(bench.sms.sent) == 1
    assert message(bench).status is MessageStatus.ACCEPTED


def test_a_receipt_with_our_id_wins_a_provider_id_from_an_equal_message(bench: Bench) -> None:
    """Two people share a phone and get the same words; both outcomes are unknown."""
    for patient in ("P1", "P2"):
        bench.book(START + WEEK, patient=patient, visit=patient)
    bench.sms.answers.extend([vanish, accept_then_hang(bench.sms)])
    bench.run()
    bench.machine.advance(timedelta(minutes=3))
    bench.run()  # the look-up gives the one record to whichever message asks first
    second = bench.sms.sent[1].message_id
    assert bench.sms.records
    provider_id = bench.sms.records[0].provider_id
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=provider_id,
            status="delivered",
            error_code=None,
            message_id=second,
        ),
    )
    bench.run()
    with bench.world.db.read() as unit:
        found = unit.messages.messages([second])[second]
    assert (found.status, found.provider_id) == (MessageStatus.DELIVERED, provider_id)
    for _ in range(3):
        bench.machine.advance(timedelta(minutes=3))
        bench.run()
    with bench.world.db.read() as unit:
        ids = [row.provider_id for row in unit.messages.everything() if row.accepted_at]
    assert len(ids) == len(set(ids)) == 2


def test_a_text_lost_in_transit_goes_once_more_and_old_reports_do_not_stop_it(
    bench: Bench,
) -> None:
    bench.book(START + WEEK)
    bench.run()
    first = message(bench).provider_id or ""
    report(bench, first, "undelivered", 30008)
    report(bench, first, "failed", 30008)  # the provider says it again in other words
    bench.machine.advance(timedelta(minutes=1))
    bench.run()
    assert len(bench.sms.texts_to(PHONE)) == 2
    again = message(bench)
    assert again.status is MessageStatus.ACCEPTED
    assert again.provider_id != first


def test_a_text_lost_again_and_again_becomes_a_call_after_three_tries(bench: Bench) -> None:
    bench.book(START + WEEK)
    for _ in range(4):
        bench.run()
        if (sid := message(bench).provider_id) is not None:
            report(bench, sid, "undelivered", 30008)
        bench.machine.advance(timedelta(minutes=10))
    bench.run()
    assert len(bench.sms.texts_to(PHONE)) == 3
    with bench.world.db.read() as unit:
        assert [item.kind for item in unit.followups.worklist()] == ["call_patient"]


def test_a_bounced_mailbox_is_not_written_to_again(bench: Bench) -> None:
    bench.book(START + WEEK, patient_={"email": "robin@example.org"})
    bench.run()
    mail = message(bench, ChannelKind.EMAIL)
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=mail.provider_id or "",
            status="bounce",
            error_code=None,
            message_id=mail.id,
        ),
    )
    bench.to(START + timedelta(days=5))
    assert len(bench.email.sent) == 1


def test_a_refused_account_is_paged_at_once_and_keeps_the_queue(bench: Bench) -> None:
    bench.book(START + WEEK)
    bench.sms.answers.append(refuse(20003, 401))
    due.drain(bench.world)
    send.drain(bench.world)
    assert message(bench).status is MessageStatus.QUEUED
    with bench.world.db.read() as unit:
        (item,) = unit.followups.worklist()
    assert (item.kind, item.priority) == ("operator", Priority.URGENT)


class TimeIsUp(Exception):
    """Stands for the time limit that a worker raises in the middle of its work."""


def test_an_interrupted_batch_records_what_began_and_begins_no_more(bench: Bench) -> None:
    for number in range(3):
        bench.book(
            START + WEEK,
            visit=f"A{number}",
            patient=f"P{number}",
            phone=f"+1202555016{number}",
        )
    due.drain(bench.world)
    bench.sms.send = lambda batch: Rest(bench.sms, batch)  # type: ignore[method-assign]
    with pytest.raises(TimeIsUp):
        send.drain(bench.world)
    del bench.sms.send
    with bench.world.db.read() as unit:
        states = sorted(row.status.value for row in unit.messages.everything())
    assert states == ["accepted", "queued", "queued"]
    bench.machine.advance(timedelta(minutes=1))
    bench.run()
    assert len({outgoing.to for outgoing in bench.sms.sent}) == len(bench.sms.sent) == 3


class Rest(Answers):
    """Answers one message, is interrupted, and gives the rest when it is asked again."""

    def take(self) -> list[SendResult]:
        if self._turn == 1 and not self.cancelled:
            raise TimeIsUp
        return super().take()
