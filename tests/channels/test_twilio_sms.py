"""Twilio through its official SDK: every failure has its one right name, and nothing is doubled."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from outreach.channels.in_flight import START
from outreach.channels.twilio_http import HttpLimits
from outreach.channels.twilio_sms import TwilioConfig, TwilioSms
from outreach.domain.errors import ConfigurationError, Unavailable
from outreach.pipeline.ports import Channel, ResultKind, Sending
from outreach.sandbox import SandboxConfig, running_sandbox

from .conftest import PUBLIC_URL, bare_server, free_port, groups, http_answer, only, results, text

PATIENT = HttpLimits()
QUICK = HttpLimits(connect_seconds=1.0, read_seconds=0.5)
Make = Callable[..., TwilioSms]


@pytest.fixture
def make(sandbox_config: SandboxConfig) -> Iterator[Make]:
    made: list[TwilioSms] = []

    def make_one(base_url: str, limits: HttpLimits = PATIENT, **changes: Any) -> TwilioSms:
        config = TwilioConfig(
            account_sid=sandbox_config.account_sid,
            auth_token=sandbox_config.auth_token,
            public_url=PUBLIC_URL,
            messaging_service_sid=sandbox_config.service_sids[0],
            base_url=base_url,
            limits=limits,
        )
        made.append(TwilioSms(replace(config, **changes)))
        return made[-1]

    yield make_one
    for channel in made:
        channel.close()


def fault(sandbox: str, **order: object) -> None:
    httpx.post(f"{sandbox}/sandbox/faults", json=order).raise_for_status()


def total(sandbox: str) -> int:
    return int(httpx.get(f"{sandbox}/sandbox/record/count").json()["total"])


def test_it_is_a_channel(make: Make) -> None:
    channel: Channel = make("http://127.0.0.1:9")
    assert channel.kind == "sms"


def test_accepted_through_a_service(sandbox: str, make: Make) -> None:
    outgoing = text(validity_seconds=900)
    result = only(make(sandbox), outgoing)
    assert result.kind is ResultKind.ACCEPTED
    assert result.provider_id is not None
    assert result.provider_id.startswith("SM")
    assert (result.status, result.sender, result.segments) == ("accepted", None, None)
    recorded = httpx.get(f"{sandbox}/sandbox/record").json()["messages"][0]
    assert recorded["reference"] == (
        f"{PUBLIC_URL}/webhooks/twilio/status/{outgoing.message_id.hex}#rc=3&rp=5xx,ct,rt"
    )
    assert UUID(recorded["reference"].rpartition("/")[2][:32]) == outgoing.message_id


def test_accepted_from_a_number_tells_sender_and_segments(sandbox: str, make: Make) -> None:
    channel = make(sandbox, messaging_service_sid=None, from_number="+12025550100")
    result = only(channel, text(body="x" * 161))
    assert (result.status, result.sender, result.segments) == ("queued", "+12025550100", 2)


@pytest.mark.parametrize(("asked", "sent"), [(0, 1), (-5, 1), (99_999, 36_000), (900, 900)])
def test_validity_is_kept_within_what_twilio_takes(make: Make, asked: int, sent: int) -> None:
    with bare_server(http_answer("201 Created", "{}")) as (port, seen):
        only(make(f"http://127.0.0.1:{port}"), text(validity_seconds=asked))
    assert f"ValidityPeriod={sent}".encode() in seen[0]


def test_too_many_requests_was_not_sent_and_tells_how_long_to_wait(
    sandbox: str, make: Make
) -> None:
    fault(sandbox, fault="429", retry_after=7.5)
    result = only(make(sandbox), text())
    assert result.kind is ResultKind.NOT_SENT
    assert (result.error_code, result.http_status, result.retry_after) == (20429, 429, 7.5)
    assert total(sandbox) == 0


def test_a_refused_connection_was_not_sent(make: Make) -> None:
    result = only(make(f"http://127.0.0.1:{free_port()}"), text())
    assert (result.kind, result.http_status) == (ResultKind.NOT_SENT, None)


def test_a_name_that_does_not_resolve_was_not_sent(make: Make) -> None:
    assert only(make("http://sandbox.invalid"), text()).kind is ResultKind.NOT_SENT


@pytest.mark.parametrize(
    ("to", "code"), [("555", 21211), ("+15005550009", 21614), ("+15005550004", 21610)]
)
def test_a_refusal_is_rejected_with_its_code(sandbox: str, make: Make, to: str, code: int) -> None:
    result = only(make(sandbox), text(to=to))
    assert result.kind is ResultKind.REJECTED
    assert (result.error_code, result.http_status) == (code, 400)
    assert to not in repr(result)


def test_a_wrong_token_is_rejected(sandbox: str, make: Make) -> None:
    result = only(make(sandbox, auth_token="wrong"), text())
    assert (result.kind, result.error_code) == (ResultKind.REJECTED, 20003)


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        ({"fault": "500"}, 0),
        ({"fault": "500", "accept": True}, 1),
        ({"fault": "accept_then_hang", "seconds": 3}, 1),
        ({"fault": "accept_then_drop"}, 1),
    ],
)
def test_what_cannot_be_known_is_unknown_and_never_sent_again(
    sandbox: str, make: Make, order: dict[str, object], kept: int
) -> None:
    fault(sandbox, **order)
    assert only(make(sandbox, QUICK), text()).kind is ResultKind.UNKNOWN
    assert total(sandbox) == kept


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http_answer("201 Created", "<html>hello</html>"), ResultKind.UNKNOWN),
        (http_answer("201 Created", ""), ResultKind.UNKNOWN),
        (http_answer("201 Created", "[]"), ResultKind.UNKNOWN),
        (http_answer("201 Created", '{"sid": null}'), ResultKind.UNKNOWN),
        (http_answer("200 OK", '"SM"'), ResultKind.UNKNOWN),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{", ResultKind.UNKNOWN),
        (b"not http at all\r\n\r\n", ResultKind.UNKNOWN),
        (None, ResultKind.UNKNOWN),
        (http_answer("502 Bad Gateway", "<html>", "Retry-After: 3"), ResultKind.UNKNOWN),
        (http_answer("408 Request Timeout", ""), ResultKind.UNKNOWN),
        (http_answer("429 Too Many Requests", ""), ResultKind.NOT_SENT),
        (http_answer("403 Forbidden", "<html>no</html>"), ResultKind.REJECTED),
        (http_answer("307 Moved", "", "Location: http://127.0.0.1:9/"), ResultKind.REJECTED),
    ],
)
def test_odd_answers_have_one_reading_and_one_request(
    make: Make, answer: bytes | None, kind: ResultKind
) -> None:
    limits = QUICK if kind is ResultKind.UNKNOWN else PATIENT
    with bare_server(answer) as (port, seen):
        result = only(make(f"http://127.0.0.1:{port}", limits), text())
        time.sleep(0.05)
    assert result.kind is kind
    assert result.error_code is None
    assert len(seen) == 1


def test_an_error_in_the_newer_form_keeps_its_code(make: Make) -> None:
    problem = '{"type": "about:blank", "title": "No", "status": 400, "code": 21610}'
    with bare_server(http_answer("400 Bad Request", problem)) as (port, _):
        result = only(make(f"http://127.0.0.1:{port}"), text())
    assert (result.kind, result.error_code) == (ResultKind.REJECTED, 21610)


def test_a_batch_is_sent_at_once_up_to_the_limit_and_in_groups(sandbox: str, make: Make) -> None:
    fault(sandbox, fault="latency", seconds=0.5, times=None)
    channel = make(sandbox, HttpLimits(in_flight=8))
    batch = [text(body=str(number)) for number in range(16)]
    began = time.monotonic()
    come = [(time.monotonic() - began, group) for group in groups(channel.send(batch))]
    assert sum(len(group) for _, group in come) == 16
    assert {result.kind for _, group in come for result in group} == {ResultKind.ACCEPTED}
    assert len(come) >= 2
    assert 1.0 <= come[-1][0] < 8.0  # two rounds of eight; one after another takes 8 s
    assert total(sandbox) == 16


def test_sending_begins_before_anybody_looks(sandbox: str, make: Make) -> None:
    sending = make(sandbox).send([text()])
    deadline = time.monotonic() + 30
    while total(sandbox) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [len(group) for group in groups(sending)] == [1]


def test_two_batches_at_once_share_the_limit(sandbox: str, make: Make) -> None:
    fault(sandbox, fault="latency", seconds=0.2, times=None)
    channel = make(sandbox, HttpLimits(in_flight=2))
    began = time.monotonic()
    first, second = channel.send([text(), text()]), channel.send([text(), text()])
    assert sum(len(group) for sending in (first, second) for group in groups(sending)) == 4
    assert time.monotonic() - began >= 0.4


def cancel_at(sandbox: str, count: int, sending: Sending) -> None:
    while total(sandbox) < count:
        time.sleep(0.01)
    sending.cancel()


def test_cancel_tells_what_was_begun_from_what_was_not(sandbox: str, make: Make) -> None:
    fault(sandbox, fault="accept_then_hang", seconds=20, times=None)
    channel = make(sandbox, HttpLimits(in_flight=2, read_seconds=30))
    sending = channel.send([text() for _ in range(10)])
    threading.Thread(target=cancel_at, args=(sandbox, 2, sending)).start()
    kinds = [result.kind for group in groups(sending) for result in group]
    assert kinds.count(ResultKind.UNKNOWN) == 2
    assert kinds.count(ResultKind.NOT_SENT) == 8
    assert total(sandbox) == 2


def test_cancel_calls_nothing_unknown_that_waited_for_its_turn(sandbox: str, make: Make) -> None:
    """Those that leave let in whoever waits; whoever was cancelled meanwhile never began."""
    fault(sandbox, fault="accept_then_hang", seconds=20, times=None)
    channel = make(sandbox, HttpLimits(in_flight=64, read_seconds=30))
    sending = channel.send([text() for _ in range(40)])
    threading.Thread(target=cancel_at, args=(sandbox, START, sending)).start()
    kinds = [result.kind for group in groups(sending) for result in group]
    assert kinds.count(ResultKind.UNKNOWN) == START
    assert kinds.count(ResultKind.NOT_SENT) == 40 - START
    assert total(sandbox) == START


def test_close_accounts_for_what_is_under_way(sandbox: str, make: Make) -> None:
    fault(sandbox, fault="accept_then_hang", seconds=20, times=None)
    channel = make(sandbox, HttpLimits(in_flight=1, read_seconds=30))
    sending = channel.send([text(), text()])
    while total(sandbox) == 0:
        time.sleep(0.01)
    channel.close()
    kinds = sorted(result.kind for group in groups(sending) for result in group)
    assert kinds == [ResultKind.NOT_SENT, ResultKind.UNKNOWN]
    httpx.delete(f"{sandbox}/sandbox/faults")
    assert only(channel, text()).kind is ResultKind.ACCEPTED  # it opens again


def test_an_empty_batch_ends_at_once(make: Make) -> None:
    assert list(groups(make("http://127.0.0.1:9").send([]))) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_opens_its_own_connection(sandbox: str, make: Make) -> None:
    channel = make(sandbox)
    assert only(channel, text()).kind is ResultKind.ACCEPTED
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if only(channel, text()).kind is ResultKind.ACCEPTED else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert only(channel, text()).kind is ResultKind.ACCEPTED
    assert total(sandbox) == 3


def test_find_proves_what_was_accepted_and_looks_no_further_back(sandbox: str, make: Make) -> None:
    channel = make(sandbox)
    since = datetime.now(UTC)
    bodies = [str(number) for number in range(130)]
    results(channel, *[text(body=body) for body in bodies], text(to="+12025550199"))
    found = channel.find("+12025550123", since)
    assert found is not None
    assert sorted(record.body for record in found) == sorted(bodies)
    assert all(record.created_at >= since.replace(microsecond=0) for record in found)
    assert channel.find("+12025550123", since + timedelta(minutes=5)) == []


def test_fetch_shows_the_present_state_and_redact_empties_the_text(
    sandbox: str, make: Make
) -> None:
    channel = make(sandbox)
    provider_id = only(channel, text()).provider_id or ""
    record = channel.fetch(provider_id)
    while record is not None and record.status != "delivered":
        record = channel.fetch(provider_id)
    assert record is not None
    assert (record.to, record.body, record.error_code) == ("+12025550123", "Hello", None)
    channel.redact(provider_id)
    emptied = channel.fetch(provider_id)
    assert emptied is not None
    assert emptied.body == ""


def test_fetch_tells_a_loss_with_its_code_and_of_a_stranger_nothing(
    sandbox: str, make: Make
) -> None:
    channel = make(sandbox)
    fault(sandbox, fault="undelivered", code=30005)
    provider_id = only(channel, text()).provider_id or ""
    record = channel.fetch(provider_id)
    while record is not None and record.status != "undelivered":
        record = channel.fetch(provider_id)
    assert record is not None
    assert (record.provider_id, record.error_code) == (provider_id, 30005)
    assert channel.fetch("SM" + "0" * 32) is None


@pytest.mark.parametrize(
    "answer", [http_answer("500 No", "+12025550123"), http_answer("200 OK", "+12025550123"), None]
)
def test_a_failed_look_up_proves_nothing_and_tells_no_number(
    make: Make, answer: bytes | None
) -> None:
    with bare_server(answer) as (port, _):
        channel = make(f"http://127.0.0.1:{port}")
        with pytest.raises(Unavailable) as found:
            channel.find("+12025550123", datetime.now(UTC))
        with pytest.raises(Unavailable):
            channel.fetch("SM" + "0" * 32)
    assert "2025550123" not in str(found.value)
    assert found.value.__cause__ is None
    assert found.value.__context__ is None


def test_nothing_is_logged_that_names_a_patient(
    sandbox: str, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    only(make(sandbox), text(body="private words"))
    assert "2025550123" not in caplog.text
    assert "private words" not in caplog.text


def test_the_environment_changes_nothing(
    sandbox: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    assert only(make(sandbox), text()).kind is ResultKind.ACCEPTED


@pytest.mark.parametrize(
    "changes",
    [
        {"from_number": "+12025550100"},
        {"messaging_service_sid": None},
        {"account_sid": ""},
        {"public_url": "https://my_host.example.com"},
    ],
)
def test_a_configuration_that_cannot_work_is_refused(make: Make, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        make("http://127.0.0.1:9", **changes)


def test_a_server_that_restarts_between_two_texts_is_no_unknown(
    sandbox_config: SandboxConfig, make: Make
) -> None:
    port = free_port()
    channel = make(f"http://127.0.0.1:{port}")
    for _ in range(2):
        with running_sandbox(sandbox_config, port):
            assert only(channel, text()).kind is ResultKind.ACCEPTED
