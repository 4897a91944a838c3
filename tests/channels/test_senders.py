"""A text goes from the sender that was chosen for it, and its refusal is that sender's alone."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from outreach.channels.twilio_sms import TwilioConfig, TwilioSms
from outreach.pipeline.ports import ResultKind
from outreach.sandbox import SandboxConfig

from .conftest import PUBLIC_URL, results, text

SHORT = "12345"


@pytest.fixture
def sandbox_config(sandbox_config: SandboxConfig) -> SandboxConfig:
    return replace(sandbox_config, numbers=(*sandbox_config.numbers, "+12025550120", SHORT))


@pytest.fixture
def channel(sandbox: str, sandbox_config: SandboxConfig) -> Iterator[TwilioSms]:
    made = TwilioSms(
        TwilioConfig(
            account_sid=sandbox_config.account_sid,
            auth_token=sandbox_config.auth_token,
            public_url=PUBLIC_URL,
            from_number=sandbox_config.numbers[0],
            staff_number=sandbox_config.numbers[1],
            base_url=sandbox,
        )
    )
    yield made
    made.close()


def test_each_text_goes_from_its_own_sender(
    channel: TwilioSms, sandbox: str, sandbox_config: SandboxConfig
) -> None:
    service = sandbox_config.service_sids[0]
    senders = ["", "+12025550120", SHORT, service]
    batch = [
        replace(text(to=f"+1202555013{place}"), sender=sender)
        for place, sender in enumerate(senders)
    ]
    found = results(channel, *batch)
    assert {result.kind for result in found.values()} == {ResultKind.ACCEPTED}
    record = httpx.get(f"{sandbox}/sandbox/record").json()["messages"]
    sent = {row["to"]: row["from"] for row in record}
    own = sandbox_config.numbers[0]
    assert [sent[one.to] for one in batch] == [own, "+12025550120", SHORT, own]


def test_staff_are_paged_from_the_sender_that_stands_in(channel: TwilioSms, sandbox: str) -> None:
    page = replace(text(), purpose="staff", sender="+12025550120")
    results(channel, page)
    (row,) = httpx.get(f"{sandbox}/sandbox/record").json()["messages"]
    assert row["from"] == "+12025550120"


def test_the_sandbox_refuses_one_sender_with_any_code(channel: TwilioSms, sandbox: str) -> None:
    order = {"fault": "refused", "code": 30034, "sender": "+12025550120", "times": None}
    httpx.post(f"{sandbox}/sandbox/faults", json=order).raise_for_status()
    blocked = replace(text(to="+12025550131"), sender="+12025550120")
    free = replace(text(to="+12025550132"), sender=SHORT)
    found = results(channel, blocked, free)
    assert (found[blocked.message_id].kind, found[blocked.message_id].error_code) == (
        ResultKind.REJECTED,
        30034,
    )
    assert found[free.message_id].kind is ResultKind.ACCEPTED
