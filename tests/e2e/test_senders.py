"""Two senders at a real carrier: one is stopped by receipts, the other takes over, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from outreach.channels.twilio_sms import TwilioConfig, TwilioSms
from outreach.clocks import SystemClock
from outreach.domain.senders import Sender, Senders
from outreach.domain.states import ChannelKind, MessageStatus
from outreach.pipeline import send, triage
from outreach.sandbox import Pace, SandboxConfig, running_sandbox
from outreach.storage.models import Message
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.server import running
from tests.channels.conftest import free_port
from tests.e2e.waiting import wait_until
from tests.pipeline.rows import VISIT, kinds, messages
from tests.worlds import Bench, make_bench

pytestmark = pytest.mark.timeout(120)
A, B, STAFF = "+12025550110", "+12025550120", "+12025550101"
SENDERS = Senders(
    (Sender("a", A, sites=frozenset({"cedar_grove"})), Sender("b", B)), Sender("staff", STAFF)
)
D7 = VISIT - timedelta(days=7)


class Clinic:
    """A world on a sandbox, with a web part that hears its receipts."""

    def __init__(self, bench: Bench, url: str) -> None:
        self.bench = bench
        self.http = httpx.Client(base_url=url, timeout=10)

    def fault(self, **order: Any) -> None:
        self.http.post("/sandbox/faults", json=order).raise_for_status()

    def clear(self) -> None:
        self.http.delete("/sandbox/faults").raise_for_status()

    def record(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.http.get("/sandbox/record").json()["messages"]
        return [row for row in rows if row["from"] != STAFF and row["channel"] == "sms"]

    def texts(self) -> list[Message]:
        return [row for row in messages(self.bench) if row.touchpoint_id is not None]

    def settle(self, what: str, *statuses: MessageStatus) -> None:
        """Runs the stages until every text stands in one of these."""

        def reached() -> bool:
            self.bench.run()
            return {row.status for row in self.texts()} <= set(statuses)

        wait_until(reached, what)


@contextmanager
def clinic(database_url: str, tmp_path: Path) -> Iterator[Clinic]:
    bench = make_bench(database_url, senders=SENDERS)
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    config = SandboxConfig(
        record_path=tmp_path / "carrier.sqlite3",
        clock=SystemClock(),
        numbers=(A, B, STAFF),
        app_url=public,
        pace=Pace(queued=0.01, sending=0.01, sent=0.01),
    )
    with running_sandbox(config) as url:
        sms = TwilioSms(
            TwilioConfig(
                account_sid=config.account_sid,
                auth_token=config.auth_token,
                public_url=public,
                from_number=A,
                staff_number=STAFF,
                base_url=url,
            )
        )
        bench.world = replace(bench.world, channels={**bench.world.channels, ChannelKind.SMS: sms})
        web = WebConfig(public, twilio_tokens=(config.auth_token,))
        with running(create_app(bench.world, web), port=port):
            here = Clinic(bench, url)
            try:
                yield here
            finally:
                here.http.close()
                sms.close()


def test_texts_that_a_stopped_sender_could_not_deliver_go_from_the_other_and_each_arrives_once(
    database_url: str, tmp_path: Path
) -> None:
    with clinic(database_url, tmp_path) as here:
        bench, count = here.bench, 6
        here.fault(fault="undelivered", code=30034, sender=A, times=None)
        for number in range(count):
            bench.book(VISIT, visit=f"A{number}", patient=f"P{number}", phone=phone(number))
        bench.to(D7)
        here.settle("all to arrive by the other sender", MessageStatus.DELIVERED)
        arrived = [row["to"] for row in here.record() if row["status"] == "delivered"]
        assert sorted(arrived) == sorted(phone(number) for number in range(count))
        assert {row["from"] for row in here.record() if row["status"] == "delivered"} == {B}
        assert {row.sender for row in here.texts()} == {B}
        assert kinds(bench) == ["operator"]
        with bench.world.db.read() as unit:
            assert list(unit.breakers.tripped()) == ["sms/a"]

        here.clear()  # the registration is mended
        bench.to(VISIT - timedelta(days=3))
        here.settle("the next texts", MessageStatus.DELIVERED)
        bench.to(VISIT - timedelta(days=1))
        here.settle("the texts of the day before", MessageStatus.DELIVERED)
        with bench.world.db.read() as unit:
            assert unit.breakers.tripped() == {}
        last = [row["from"] for row in here.record()][-count:]
        assert set(last) == {A}  # the threads are back where they began
        assert len([row for row in here.record() if row["status"] == "delivered"]) == 3 * count


def test_a_refused_account_parks_everything_and_a_probe_lets_it_go(
    database_url: str, tmp_path: Path
) -> None:
    with clinic(database_url, tmp_path) as here:
        bench = here.bench
        here.fault(fault="refused", code=90010, times=None)
        for number in range(5):
            bench.book(VISIT, visit=f"A{number}", patient=f"P{number}", phone=phone(number))
        bench.to(D7)
        for _ in range(5):
            bench.to(bench.clock.now() + timedelta(minutes=3))
        assert here.record() == []
        assert {row.status for row in here.texts()} == {MessageStatus.QUEUED}
        here.clear()
        bench.to(bench.clock.now() + timedelta(minutes=11))
        here.settle("all to arrive", MessageStatus.DELIVERED)
        assert sorted(row["to"] for row in here.record()) == sorted(phone(n) for n in range(5))


def test_a_reply_to_either_number_is_understood_and_answered_in_the_same_thread(
    database_url: str, tmp_path: Path
) -> None:
    with clinic(database_url, tmp_path) as here:
        bench = here.bench
        bench.book(VISIT, phone=phone(0))
        bench.to(D7)
        here.settle("it to arrive", MessageStatus.DELIVERED)
        text = {"from": phone(0), "to": B, "body": "C"}
        here.http.post("/sandbox/inbound", json=text).raise_for_status()

        def heard() -> bool:
            triage.drain(bench.world)
            send.drain(bench.world)
            return len(here.record()) == 2

        wait_until(heard, "the answer")
        assert [row["from"] for row in here.record()] == [A, A]


def phone(number: int) -> str:
    return f"+1202555{2000 + number}"
