"""Calls to staff: rung by the carrier, spoken by us, and taken with a key; all of it signed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from httpx import Client

from outreach.channels.twilio_calls import TwilioCalls
from outreach.channels.twilio_channel import TwilioConfig
from outreach.clocks import SystemClock
from outreach.domain.roster import Duty, Reach, StaffMember
from outreach.domain.states import ChannelKind, FollowUpStatus, MessageStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.ports import FixedRoster
from outreach.sandbox import Pace, SandboxConfig, running_sandbox
from outreach.sandbox.config import ACCOUNT_SID, NUMBER, STAFF_NUMBER
from outreach.storage.models import FollowUp, Message
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.server import running
from tests.channels.conftest import free_port
from tests.pipeline.rows import kinds, messages, work
from tests.web.callers import twilio
from tests.worlds import Bench, roster

PHONE, BACKUP = "+12025550197", "+12025550198"


@dataclass
class Line:
    """A bench whose pages ring at a sandbox carrier, which fetches their words from us."""

    bench: Bench
    carrier: str

    def answered(self, manner: str, keys: str = "1") -> None:
        how = {"phone": PHONE, "manner": manner, "keys": keys}
        httpx.post(f"{self.carrier}/sandbox/calls", json=how).raise_for_status()

    def make(self) -> FollowUp:
        with self.bench.world.db.write() as unit:
            new = followup.NewItem("k", "red_flag", Action.CALL_911, "Call the patient.")
            item = followup.open_item(unit, self.bench.world, new)
        self.bench.run()
        return item

    def wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 15
        while not ready():
            assert time.monotonic() < deadline, self.heard()
            self.bench.run()
            time.sleep(0.02)

    def call(self) -> Message:
        return next(row for row in messages(self.bench) if row.channel is ChannelKind.VOICE)

    def item(self) -> FollowUp:
        return next(row for row in work(self.bench) if row.kind == "red_flag")

    def heard(self) -> list[dict[str, str]]:
        record = httpx.get(f"{self.carrier}/sandbox/record", params={"to": PHONE}).json()
        calls: list[dict[str, str]] = record["messages"]
        return calls


@pytest.fixture
def line(bench: Bench, tmp_path: Path) -> Iterator[Line]:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    carrier = SandboxConfig(
        record_path=tmp_path / "carrier.sqlite3",
        clock=SystemClock(),
        pace=Pace(queued=0.01, sending=0.01, sent=0.01),
        app_url=public,
    )
    made = roster()
    first = StaffMember("night", "Night nurse", True, (Reach(ChannelKind.VOICE, PHONE),))
    second = StaffMember("backup", "Backup", True, (Reach(ChannelKind.SMS, BACKUP),))
    shift = made.weekly[0]
    shifts = (
        replace(shift, who=(first.code,)),
        replace(shift, who=(second.code,), duty=Duty.BACKUP),
    )
    people = {one.code: one for one in (first, second)}
    with running_sandbox(carrier) as url:
        calls = TwilioCalls(
            TwilioConfig(
                ACCOUNT_SID,
                carrier.auth_token,
                public,
                from_number=NUMBER,
                staff_number=STAFF_NUMBER,
                base_url=url,
            )
        )
        bench.world = replace(
            bench.world,
            roster=FixedRoster(replace(made, people=people, weekly=shifts)),
            channels={**bench.world.channels, ChannelKind.VOICE: calls},
        )
        config = WebConfig(public, twilio_tokens=(carrier.auth_token,))
        with running(create_app(bench.world, config), port):
            yield Line(bench, url)
        calls.close()


def test_key_1_takes_the_item_while_the_phone_is_at_the_ear(line: Line) -> None:
    line.answered("press")
    code = line.make().code
    line.wait(lambda: line.item().status is FollowUpStatus.ACKNOWLEDGED)
    assert line.item().assignee == "Night nurse"
    line.wait(lambda: line.call().status is MessageStatus.DELIVERED)
    (call,) = line.heard()
    assert (call["channel"], call["from"]) == ("voice", STAFF_NUMBER)
    assert call["body"].count(", ".join(code)) == 3  # twice asked, once confirmed
    assert "press 1" in call["body"]
    assert "is yours" in call["body"]
    line.bench.to(line.bench.clock.now() + timedelta(minutes=4))
    assert line.bench.sms.texts_to(BACKUP) == []


@pytest.mark.parametrize("manner", ["busy", "no_answer"])
def test_a_call_that_nobody_takes_escalates_at_once(line: Line, manner: str) -> None:
    line.answered(manner)
    line.make()
    line.wait(lambda: len(line.bench.sms.texts_to(BACKUP)) == 1)
    assert line.call().status is MessageStatus.UNDELIVERED
    assert line.item().status is FollowUpStatus.OPEN
    assert kinds(line.bench) == ["red_flag"]  # the provider did nothing wrong


@pytest.mark.parametrize(("manner", "keys"), [("listen", "1"), ("press", "7")])
def test_a_mailbox_and_a_wrong_key_take_nothing(line: Line, manner: str, keys: str) -> None:
    line.answered(manner, keys)
    line.make()
    line.wait(lambda: line.call().status is MessageStatus.DELIVERED)
    assert line.item().status is FollowUpStatus.OPEN
    assert line.bench.sms.texts_to(BACKUP) == []
    line.bench.to(line.bench.clock.now() + timedelta(minutes=5))
    assert len(line.bench.sms.texts_to(BACKUP)) == 1


def test_a_call_that_cannot_be_made_escalates_at_once(line: Line) -> None:
    fault = {"fault": "429", "times": 1}
    httpx.post(f"{line.carrier}/sandbox/faults", json=fault).raise_for_status()
    line.make()
    line.wait(lambda: len(line.bench.sms.texts_to(BACKUP)) == 1)


@pytest.mark.parametrize("path", ["page/{id}", "page/{id}/key", "call/{id}"])
def test_only_twilio_may_ask(client: Client, path: str) -> None:
    address = f"/webhooks/twilio/{path.format(id=uuid4().hex)}"
    form = {"CallSid": "CA" + "0a" * 16, "CallStatus": "completed", "Digits": "1"}
    assert twilio(client, address, form, token="another").status_code == 403
    assert client.post(address, data=form).status_code == 403


def test_a_call_that_we_did_not_make_has_no_words(client: Client) -> None:
    form = {"CallSid": "CA" + "0a" * 16, "CallStatus": "in-progress"}
    assert twilio(client, f"/webhooks/twilio/page/{uuid4().hex}", form).status_code == 404
    assert twilio(client, "/webhooks/twilio/page/none", form).status_code == 400
