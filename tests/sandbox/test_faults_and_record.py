"""Faults on order, and a record that tells what was accepted whatever the client saw."""

import socket
import threading
import time

import pytest
import requests
import uvicorn
from twilio.base.exceptions import TwilioRestException

from outreach.sandbox import Pace, SandboxConfig, create_sandbox

from .conftest import Sandbox, StartSandbox


def test_too_many_requests_is_refused_unread(sandbox: Sandbox) -> None:
    sandbox.fault(fault="429", times=2, retry_after=1.5)
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            sandbox.text()
        assert (refused.value.status, refused.value.code) == (429, 20429)
    sandbox.text()
    assert sandbox.count()["total"] == 1
    assert sandbox.http.get("/sandbox/faults").json() == []


@pytest.mark.parametrize(("accept", "kept"), [(False, 0), (True, 1)])
def test_a_server_error_may_or_may_not_have_kept_the_text(
    sandbox: Sandbox, accept: bool, kept: int
) -> None:
    sandbox.fault(fault="500", accept=accept)
    with pytest.raises(TwilioRestException) as failed:
        sandbox.text()
    assert failed.value.status == 500
    assert sandbox.count()["total"] == kept


def test_accept_then_drop_keeps_the_text_and_sends_no_byte(sandbox: Sandbox) -> None:
    sandbox.fault(fault="accept_then_drop")
    with pytest.raises(requests.ConnectionError):
        sandbox.text(body="kept")
    assert [message["body"] for message in sandbox.record()["messages"]] == ["kept"]


def test_under_any_other_server_a_drop_is_no_answer_either(config: SandboxConfig) -> None:
    server = uvicorn.Server(uvicorn.Config(create_sandbox(config), port=0, log_level="critical"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        sandbox = Sandbox(f"http://127.0.0.1:{listener.getsockname()[1]}", config)
        sandbox.fault(fault="accept_then_drop")
        with pytest.raises(requests.RequestException):
            sandbox.text()
        assert sandbox.count()["total"] == 1
        sandbox.close()
        server.should_exit = True
        thread.join()


def test_accept_then_hang_keeps_the_text_and_answers_late(sandbox: Sandbox) -> None:
    sandbox.fault(fault="accept_then_hang", seconds=0.5)
    began = time.monotonic()
    assert sandbox.text().sid
    assert time.monotonic() - began >= 0.5


def test_a_hanging_client_does_not_keep_the_sandbox_from_stopping(start: StartSandbox) -> None:
    sandbox = start()
    sandbox.fault(fault="accept_then_hang", seconds=600)
    account = sandbox.config.account_sid
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{sandbox.url}/2010-04-01/Accounts/{account}/Messages.json",
            data={"To": "+12025550123", "From": sandbox.number, "Body": "Hello"},
            auth=(account, sandbox.config.auth_token),
            timeout=0.3,
        )
    assert sandbox.count()["total"] == 1  # the fixture's end proves the rest


def test_latency_is_a_right_answer_late(sandbox: Sandbox) -> None:
    sandbox.fault(fault="latency", seconds=0.3, times=1)
    began = time.monotonic()
    sandbox.text()
    assert time.monotonic() - began >= 0.3


def test_a_fault_can_be_meant_for_one_recipient(sandbox: Sandbox) -> None:
    sandbox.fault(fault="429", to="+12025550199", times=None)
    sandbox.text(to="+12025550123")
    with pytest.raises(TwilioRestException):
        sandbox.text(to="+12025550199")
    sandbox.http.delete("/sandbox/faults")
    sandbox.text(to="+12025550199")


def test_the_record_lists_in_order_and_filters(sandbox: Sandbox) -> None:
    for number in range(3):
        sandbox.text(body=str(number), to=f"+1202555012{number}")
    messages = sandbox.record()["messages"]
    assert [message["body"] for message in messages] == ["0", "1", "2"]
    assert messages[0]["from"] == sandbox.number
    assert messages[0]["channel"] == "sms"
    assert messages[0]["created_at"]
    assert [m["body"] for m in sandbox.record(to="+12025550121")["messages"]] == ["1"]
    after = sandbox.record(after=messages[1]["seq"])["messages"]
    assert [message["body"] for message in after] == ["2"]
    assert sandbox.http.delete("/sandbox/record").status_code == 204
    assert sandbox.count()["total"] == 0


def test_record_and_opt_outs_survive_a_restart_and_texts_go_on(start: StartSandbox) -> None:
    first = start(pace=Pace(queued=60))
    first.http.post("/sandbox/inbound", json={"from": "+12025550199", "body": "STOP"})
    message = first.text()
    second = start()  # the same file, as after a crash of the first
    assert second.record()["messages"][0]["id"] == message.sid
    deadline = time.monotonic() + 30
    while second.count()["by_status"] != {"delivered": 1}:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(TwilioRestException) as refused:
        second.text(to="+12025550199")
    assert refused.value.code == 21610


@pytest.mark.parametrize("order", [{"fault": "flood"}, {}, {"fault": "429", "times": 0}])
def test_an_order_that_makes_no_sense_is_refused(
    sandbox: Sandbox, order: dict[str, object]
) -> None:
    assert sandbox.http.post("/sandbox/faults", json=order).status_code == 422
