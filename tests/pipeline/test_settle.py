"""Settle: an unknown outcome is resolved by evidence before anything is sent again."""

from datetime import timedelta

from outreach.pipeline import due, receipt, send, settle
from tests.pipeline.rows import VISIT, attempts, kinds, message, statuses
from tests.recording import accept_then_hang, vanish
from tests.worlds import PHONE, Bench

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
D7 = VISIT - 7 * DAY


def unknown(bench: Bench, *, taken: bool) -> None:
    """The first reminder left, and no answer came; the provider has it or not."""
    bench.sms.answers.append(accept_then_hang(bench.sms) if taken else vanish)
    bench.book(VISIT)
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)
    send.drain(bench.world)
    assert statuses(bench) == ["unknown"]


def after(bench: Bench, seconds: int) -> None:
    bench.machine.advance(seconds * SECOND)
    bench.run()


def test_nothing_is_looked_up_before_a_minute_after_the_deadline(bench: Bench) -> None:
    unknown(bench, taken=True)
    bench.machine.advance(79 * SECOND)
    assert settle.drain(bench.world) == 0
    bench.machine.advance(SECOND)
    assert settle.drain(bench.world) == 1


def test_a_look_up_that_finds_it_ends_the_matter(bench: Bench) -> None:
    unknown(bench, taken=True)
    after(bench, 80)
    assert statuses(bench) == ["accepted"]
    assert bench.outcomes()["d7"] == "sent"
    assert message(bench, "d7").provider_id == bench.sms.records[0].provider_id  # type: ignore[index]
    after(bench, 3600)
    assert len(bench.sms.sent) == 1


def test_two_look_ups_that_find_nothing_allow_exactly_one_more_try(bench: Bench) -> None:
    unknown(bench, taken=False)
    after(bench, 80)
    assert statuses(bench) == ["unknown"]
    after(bench, 60)
    after(bench, 10)
    assert statuses(bench) == ["accepted"]
    after(bench, 3600)
    assert len(bench.sms.texts_to(PHONE)) == 2
    outcomes = [row.outcome for row in attempts(bench, message(bench, "d7").id)]
    assert outcomes == ["not_sent", "accepted"]


def test_a_look_up_that_fails_proves_nothing(bench: Bench) -> None:
    unknown(bench, taken=False)
    bench.sms.unreachable = True
    for _ in range(10):
        after(bench, 60)
    assert statuses(bench) == ["unknown"]
    bench.sms.unreachable = False
    after(bench, 60)
    assert statuses(bench) == ["unknown"]
    after(bench, 60)
    after(bench, 10)
    assert statuses(bench) == ["accepted"]
    assert len(bench.sms.sent) == 2


def test_the_record_of_another_message_proves_nothing(bench: Bench) -> None:
    bench.book(VISIT, visit="A0", patient="P1")
    bench.to(D7)
    assert len(bench.sms.sent) == 1
    bench.sms.answers.append(vanish)
    bench.book(VISIT, visit="A2", patient="P2")
    bench.clock.advance(SECOND)
    bench.run()
    assert statuses(bench) == ["accepted", "unknown"]
    after(bench, 80)
    assert statuses(bench) == ["accepted", "unknown"]


def test_a_receipt_settles_it_without_a_look_up(bench: Bench) -> None:
    unknown(bench, taken=True)
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id="SMfromcallback",
            status="delivered",
            error_code=None,
            message_id=message(bench, "d7").id,
        ),
    )
    receipt.drain(bench.world)
    assert statuses(bench) == ["delivered"]
    assert message(bench, "d7").provider_id == "SMfromcallback"
    assert bench.outcomes()["d7"] == "sent"
    after(bench, 3600)
    assert len(bench.sms.sent) == 1


def test_a_receipt_after_the_look_ups_stops_the_second_try(bench: Bench) -> None:
    unknown(bench, taken=False)
    for _ in range(2):
        bench.machine.advance(80 * SECOND)
        settle.drain(bench.world)
    assert statuses(bench) == ["queued"]
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id="SMafterall",
            status="sent",
            error_code=None,
            message_id=message(bench, "d7").id,
        ),
    )
    receipt.drain(bench.world)
    after(bench, 60)
    assert statuses(bench) == ["sent"]
    assert len(bench.sms.sent) == 1
    assert bench.outcomes()["d7"] == "sent"


def test_a_provider_that_cannot_be_asked_leaves_it_to_staff(bench: Bench) -> None:
    bench.sms.records = None
    unknown(bench, taken=True)
    after(bench, 80)
    after(bench, 60)
    after(bench, 3600)
    assert len(bench.sms.texts_to(PHONE)) == 1
    assert statuses(bench) == ["failed"]
    assert sorted(kinds(bench)) == ["call_patient", "unsettled"]


def test_a_channel_that_was_taken_away_leaves_it_to_staff(bench: Bench) -> None:
    from dataclasses import replace

    unknown(bench, taken=True)
    without = replace(bench.world, channels={})
    for _ in range(2):
        bench.machine.advance(80 * SECOND)
        settle.drain(without)
    assert statuses(bench) == ["failed"]
