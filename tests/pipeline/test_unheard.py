"""Unheard: a report that never came is fetched, and counts as if it had come."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event

from outreach.channels.twilio_sms import TwilioConfig, TwilioSms
from outreach.clocks import SystemClock
from outreach.domain.errors import Unavailable
from outreach.domain.states import ChannelKind
from outreach.pipeline import due, lookups, receipt, send, settle, stages, unheard
from outreach.pipeline.ports import Outgoing, ProviderRecord, ResultKind, SendResult
from outreach.sandbox import Pace, SandboxConfig, running_sandbox
from outreach.sandbox.config import ReceiptOrder
from outreach.storage.models import Receipt
from tests.channels.conftest import free_port
from tests.pipeline.rows import VISIT, kinds, message, messages, statuses
from tests.recording import RecordingChannel, accept_then_hang
from tests.worlds import PHONE, Bench

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
D7 = VISIT - 7 * DAY


def reminded(bench: Bench, count: int = 1) -> None:
    """The first reminders went out, and the provider took them."""
    for number in range(count):
        bench.book(
            VISIT,
            patient=f"P{number + 1}",
            visit=f"A{number + 1}",
            phone=f"+120255501{23 + number}",
        )
    bench.to(D7)
    assert statuses(bench) == ["accepted"] * count


def ends(bench: Bench, status: str, code: int | None = None) -> None:
    """From now on this is how it stands at the provider with all that it took."""
    assert bench.sms.records is not None
    bench.sms.records[:] = [
        replace(row, status=status, error_code=code) for row in bench.sms.records
    ]


def reports(bench: Bench, provider_id: str | None) -> list[Receipt]:
    assert provider_id is not None
    with bench.world.db.read() as unit:
        return unit.receipts.of_provider_id(provider_id)


@dataclass
class Listening(RecordingChannel):
    """Remembers when (machine time) it was asked how a message ended."""

    asked: list[timedelta] = field(default_factory=list)
    out: bool = False
    """Whether it answers nobody who asks."""

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        self.asked.append(self.clock.now() - D7)
        if self.out:
            raise Unavailable("The provider does not answer.")
        return super().fetch(provider_id)


def listen(bench: Bench) -> Listening:
    made = Listening(ChannelKind.SMS, bench.machine)
    bench.sms = made
    channels = {**bench.world.channels, ChannelKind.SMS: made}
    bench.world = replace(bench.world, channels=channels)
    return made


def hours_pass(bench: Bench, hours: float, step: timedelta = HOUR / 4) -> None:
    """Machine time passes, and the sweep is asked whenever the database says it has work."""
    until = bench.machine.now() + hours * HOUR
    while bench.machine.now() < until:
        bench.machine.advance(step)
        with bench.world.db.read() as unit:
            names = unit.work.waiting(bench.clock.now(), bench.machine.now())
        if "unheard" in names:
            assert unheard.drain(bench.world)


def test_nobody_is_asked_before_an_hour_has_passed(bench: Bench) -> None:
    reminded(bench)
    bench.machine.advance(HOUR - MINUTE)
    assert unheard.drain not in stages.with_work(bench.world)
    assert unheard.drain(bench.world) == 0
    bench.machine.advance(MINUTE)
    assert unheard.drain in stages.with_work(bench.world)
    assert unheard.drain(bench.world) == 1
    assert unheard.drain not in stages.with_work(bench.world)


def test_a_delivery_that_nobody_told_of_is_found_and_kept_with_the_other_reports(
    bench: Bench,
) -> None:
    reminded(bench)
    provider_id = message(bench, "d7").provider_id
    assert provider_id is not None
    receipt.receive(bench.world, receipt.Reported(provider_id, "sent", None, None))
    receipt.drain(bench.world)
    ends(bench, "delivered")
    bench.machine.advance(HOUR)
    bench.run()
    assert statuses(bench) == ["delivered"]
    assert [row.status for row in reports(bench, provider_id)] == ["sent", "delivered"]
    assert bench.wakes.stages.count("receipt") == 2
    receipt.receive(bench.world, receipt.Reported(provider_id, "delivered", None, None))
    assert receipt.drain(bench.world) == 0  # the report itself, a day late: known
    assert len(bench.sms.sent) == 1


def test_a_loss_that_nobody_told_of_becomes_a_call(bench: Bench) -> None:
    reminded(bench)
    ends(bench, "undelivered", 30410)
    bench.machine.advance(HOUR)
    bench.run()
    assert statuses(bench) == ["undelivered"]
    assert kinds(bench) == ["call_patient"]


def test_a_loss_in_transit_that_nobody_told_of_is_sent_afresh_and_asked_about_anew(
    bench: Bench,
) -> None:
    reminded(bench)
    ends(bench, "failed", 30008)
    bench.machine.advance(HOUR)
    bench.run()
    bench.machine.advance(MINUTE)
    bench.run()
    assert len(bench.sms.texts_to(PHONE)) == 2
    assert statuses(bench) == ["accepted"]
    assert message(bench, "d7").ask_at == bench.machine.now() + HOUR
    ends(bench, "delivered")
    bench.machine.advance(HOUR)
    bench.run()
    assert statuses(bench) == ["delivered"]
    assert kinds(bench) == []


def test_it_is_asked_at_distances_that_double_and_not_for_ever(bench: Bench) -> None:
    channel = listen(bench)
    reminded(bench)
    ends(bench, "sent")
    hours_pass(bench, 200)
    assert channel.asked == [hours * HOUR for hours in (1, 3, 7, 15, 31, 48)]
    receipt.drain(bench.world)
    assert statuses(bench) == ["sent"]
    assert kinds(bench) == []


def test_nothing_is_asked_about_what_was_told(bench: Bench) -> None:
    channel = listen(bench)
    reminded(bench, 2)
    for row, status in zip(messages(bench), ("delivered", "undelivered"), strict=True):
        assert row.provider_id is not None
        receipt.receive(bench.world, receipt.Reported(row.provider_id, status, 30410, row.id))
    receipt.drain(bench.world)
    hours_pass(bench, 60)
    assert channel.asked == []


def test_while_the_provider_is_out_nothing_is_lost_and_it_is_asked_again(bench: Bench) -> None:
    channel = listen(bench)
    reminded(bench)
    ends(bench, "delivered")
    channel.out = True
    hours_pass(bench, 50)
    assert channel.asked == [hours * HOUR for hours in (1, 3, 7, 15, 31, 48, 49, 50)]
    assert statuses(bench) == ["accepted"]
    channel.out = False
    hours_pass(bench, 1)
    receipt.drain(bench.world)
    assert statuses(bench) == ["delivered"]


def test_a_provider_that_is_out_for_days_is_given_up(bench: Bench) -> None:
    channel = listen(bench)
    reminded(bench)
    channel.out = True
    hours_pass(bench, 120, step=HOUR)
    assert channel.asked[-1] == 96 * HOUR
    assert message(bench, "d7").ask_at is None
    assert statuses(bench) == ["accepted"]


def test_a_provider_that_is_out_is_left_alone_after_a_round_of_failures(bench: Bench) -> None:
    channel = listen(bench)
    reminded(bench, 3 * lookups.AT_ONCE)
    channel.out = True
    bench.machine.advance(HOUR)
    assert unheard.drain(bench.world) == 3 * lookups.AT_ONCE
    assert lookups.AT_ONCE <= len(channel.asked) < 2 * lookups.AT_ONCE
    channel.out = False
    ends(bench, "delivered")
    bench.machine.advance(2 * HOUR)
    bench.run()
    assert set(statuses(bench)) == {"delivered"}


def test_a_provider_that_hangs_holds_nobody_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "PATIENCE", 0.2)
    go_on = threading.Event()

    class Hanging(RecordingChannel):
        def fetch(self, provider_id: str) -> ProviderRecord | None:
            go_on.wait(30)
            return super().fetch(provider_id)

    reminded(bench, 2)
    hanging = Hanging(ChannelKind.SMS, bench.machine, records=bench.sms.records)
    world = replace(bench.world, channels={ChannelKind.SMS: hanging})
    ends(bench, "delivered")
    bench.machine.advance(HOUR)
    began = time.monotonic()
    assert unheard.drain(world) == 2
    assert time.monotonic() - began < 10
    go_on.set()
    assert receipt.drain(world) == 0
    bench.machine.advance(2 * HOUR)
    bench.run()
    assert statuses(bench) == ["delivered"] * 2


@pytest.mark.parametrize("channels", ["no look-ups", "gone"])
def test_a_provider_that_cannot_tell_is_asked_once(bench: Bench, channels: str) -> None:
    reminded(bench)
    bench.sms.records = None
    if channels == "gone":
        bench.world = replace(bench.world, channels={})
    bench.machine.advance(HOUR)
    assert unheard.drain(bench.world) == 1
    assert message(bench, "d7").ask_at is None
    bench.machine.advance(100 * HOUR)
    assert unheard.drain(bench.world) == 0
    assert statuses(bench) == ["accepted"]


def test_two_workers_do_not_ask_about_one_message(bench: Bench) -> None:
    reminded(bench, 6)
    ends(bench, "delivered")
    bench.machine.advance(HOUR)
    both = threading.Barrier(2, timeout=10)
    asked: list[str] = []

    class Slow(RecordingChannel):
        def fetch(self, provider_id: str) -> ProviderRecord | None:
            asked.append(provider_id)
            both.wait()  # goes on only when two ask at the same time
            return super().fetch(provider_id)

    slow = Slow(ChannelKind.SMS, bench.machine, records=bench.sms.records)
    world = replace(bench.world, channels={ChannelKind.SMS: slow})
    taken: list[int] = []
    workers = [threading.Thread(target=lambda: taken.append(unheard.drain(world, 3))) for _ in "12"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert taken == [3, 3]
    assert len(set(asked)) == len(asked) == 6
    receipt.drain(world)
    assert set(statuses(bench)) == {"delivered"}


def test_a_worker_that_dies_while_it_asks_leaves_it_to_be_asked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    reminded(bench)
    ends(bench, "delivered")
    bench.machine.advance(HOUR)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(unheard, "look_up", die)
        with pytest.raises(Killed):
            unheard.drain(bench.world)
    assert unheard.drain(bench.world) == 0
    bench.machine.advance(2 * HOUR)
    bench.run()
    assert statuses(bench) == ["delivered"]


def plainly(bench: Bench) -> None:
    bench.to(D7)


def found_by_a_look_up(bench: Bench) -> None:
    bench.sms.answers.append(accept_then_hang(bench.sms))
    bench.to(D7)
    assert statuses(bench) == ["unknown"]
    bench.machine.advance(80 * timedelta(seconds=1))
    settle.drain(bench.world)


def proven_by_a_report(bench: Bench) -> None:
    bench.sms.answers.append(accept_then_hang(bench.sms))
    bench.to(D7)
    receipt.receive(
        bench.world, receipt.Reported("SMproof", "queued", None, message(bench, "d7").id)
    )
    receipt.drain(bench.world)


def after_its_first_report(bench: Bench) -> None:
    def early(outgoing: Outgoing) -> SendResult:
        receipt.receive(bench.world, receipt.Reported("SMearly", "sent", None, outgoing.message_id))
        receipt.drain(bench.world)
        return SendResult(outgoing.message_id, ResultKind.ACCEPTED, "SMearly", "queued")

    bench.sms.answers.append(early)
    bench.clock.set(D7)
    bench.machine.set(D7)
    due.drain(bench.world)
    send.drain(bench.world)


@pytest.mark.parametrize(
    "accept", [plainly, found_by_a_look_up, proven_by_a_report, after_its_first_report]
)
def test_however_it_was_accepted_it_is_asked_about_an_hour_later(
    bench: Bench, accept: Callable[[Bench], None]
) -> None:
    bench.book(VISIT)
    accept(bench)
    assert statuses(bench)[0] in {"accepted", "sent"}
    assert message(bench, "d7").ask_at == bench.machine.now() + HOUR


def test_a_name_that_was_taken_back_is_not_asked_for(bench: Bench) -> None:
    channel = listen(bench)
    reminded(bench)
    row = message(bench, "d7")
    with bench.world.db.write() as unit:
        unit.messages.messages([row.id])[row.id].provider_id = None
    hours_pass(bench, 3)
    assert channel.asked == []
    assert message(bench, "d7").ask_at is None


def test_knowing_when_to_ask_costs_no_statement(bench: Bench) -> None:
    """A message is accepted, and its report applied, by the statements that did so anyway."""
    reminded(bench)
    seen: list[str] = []

    def keep(_c: object, _k: object, statement: str, *_: object) -> None:
        if "ask_at" in statement and not statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    engine = bench.world.db.engine
    event.listen(engine, "before_cursor_execute", keep)
    try:
        bench.book(VISIT, patient="P2", visit="A2", phone="+12025550124")
        bench.run()
        (recorded,) = [one for one in seen if one.startswith("UPDATE")]
        assert "provider_id" in recorded  # the one that records what the provider answered
        seen.clear()
        (last,) = [row for row in messages(bench) if row.status == "accepted"][-1:]
        assert last.provider_id is not None
        receipt.receive(bench.world, receipt.Reported(last.provider_id, "delivered", None, last.id))
        receipt.drain(bench.world)
        assert seen == []
    finally:
        event.remove(engine, "before_cursor_execute", keep)


@dataclass
class Carrier:
    """A bench whose texts go to a sandbox carrier over HTTP, and which hears of none of them."""

    bench: Bench
    url: str

    def fault(self, **order: object) -> None:
        httpx.post(f"{self.url}/sandbox/faults", json=order).raise_for_status()

    def ended(self, status: str) -> UUID:
        """Waits until the carrier is done with the reminder; our id of it."""
        deadline = time.monotonic() + 15
        while True:
            rows = httpx.get(f"{self.url}/sandbox/record", params={"to": PHONE}).json()["messages"]
            if [row["status"] for row in rows] == [status]:
                return message(self.bench, "d7").id
            assert time.monotonic() < deadline, rows
            time.sleep(0.02)


@pytest.fixture
def carrier(bench: Bench, tmp_path: Path) -> Iterator[Carrier]:
    config = SandboxConfig(
        record_path=tmp_path / "carrier.sqlite3",
        clock=SystemClock(),
        pace=Pace(queued=0.01, sending=0.01, sent=0.01),
        receipts=ReceiptOrder.NONE,
    )
    with running_sandbox(config) as url:
        sms = TwilioSms(
            TwilioConfig(
                config.account_sid,
                config.auth_token,
                f"http://127.0.0.1:{free_port()}",
                from_number=config.numbers[0],
                base_url=url,
            )
        )
        bench.world = replace(bench.world, channels={**bench.world.channels, ChannelKind.SMS: sms})
        yield Carrier(bench, url)
        sms.close()


def test_a_carrier_that_loses_its_reports_is_asked_over_the_network(carrier: Carrier) -> None:
    bench = carrier.bench
    reminded(bench)
    carrier.ended("delivered")
    bench.machine.advance(HOUR)
    bench.run()
    assert statuses(bench) == ["delivered"]


def test_a_landline_that_nobody_told_of_is_found_and_not_texted_again(carrier: Carrier) -> None:
    bench = carrier.bench
    carrier.fault(fault="undelivered", code=30006)
    reminded(bench)
    carrier.ended("undelivered")
    bench.machine.advance(HOUR)
    bench.run()
    assert statuses(bench) == ["undelivered"]
    assert message(bench, "d7").error_code == 30006
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "skipped:no_address"
    assert "call_patient" in kinds(bench)


def test_a_text_that_the_carrier_has_no_more_is_asked_about_once(carrier: Carrier) -> None:
    bench = carrier.bench
    reminded(bench)
    carrier.ended("delivered")
    gone = "SM" + "0" * 32
    with bench.world.db.write() as unit:
        row = message(bench, "d7")
        unit.messages.messages([row.id])[row.id].provider_id = gone
    bench.machine.advance(HOUR)
    bench.run()
    assert (statuses(bench), message(bench, "d7").ask_at) == (["accepted"], None)
