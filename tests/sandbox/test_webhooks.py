"""What the sandbox tells the app: signed, in the order asked for, and tried again."""

import base64
import json
from typing import Any

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator

from outreach.channels.signatures import sendgrid_key_from_seed, sendgrid_public_key
from outreach.sandbox import Pace, ReceiptOrder

from .conftest import Sandbox, StartSandbox
from .receiver import Receiver, eventually

RETRIED = "#rc=3&rp=5xx,ct,rt"


def statuses(receiver: Receiver, count: int) -> list[str]:
    return [webhook.form["MessageStatus"] for webhook in receiver.wait_for(count)]


def test_receipts_come_in_order_and_are_signed(sandbox: Sandbox, receiver: Receiver) -> None:
    path = "/webhooks/twilio/status/0123456789abcdef0123456789abcdef"
    message = sandbox.text(status_callback=receiver.url + path + RETRIED)
    assert statuses(receiver, 3) == ["sending", "sent", "delivered"]
    validator = RequestValidator(sandbox.config.auth_token)
    for webhook in receiver.received:
        assert webhook.path == path
        signature = webhook.headers["X-Twilio-Signature"]
        assert validator.validate(receiver.url + path, webhook.form, signature)
        assert webhook.form["MessageSid"] == message.sid
        assert webhook.headers["I-Twilio-Idempotency-Token"]
    assert "RawDlrDoneDate" in receiver.received[-1].form


def test_a_service_says_queued_first(sandbox: Sandbox, receiver: Receiver) -> None:
    service = sandbox.config.service_sids[0]
    sandbox.twilio.messages.create(
        to="+12025550123",
        messaging_service_sid=service,
        body="Hello",
        status_callback=receiver.url + "/status",
    )
    assert statuses(receiver, 4) == ["queued", "sending", "sent", "delivered"]
    assert receiver.received[0].form["MessagingServiceSid"] == service


def test_receipts_can_be_repeated(start: StartSandbox, receiver: Receiver) -> None:
    start(receipts=ReceiptOrder.REPEATED).text(status_callback=receiver.url + "/status")
    assert statuses(receiver, 6) == [
        "sending", "sending", "sent", "sent", "delivered", "delivered",
    ]  # fmt: skip


def test_receipts_can_be_late(start: StartSandbox, receiver: Receiver) -> None:
    sandbox = start(receipts=ReceiptOrder.LATE)
    sandbox.text(status_callback=receiver.url + "/status")
    eventually(lambda: sandbox.count()["by_status"].get("delivered") == 1)
    assert receiver.received == []
    assert statuses(receiver, 3) == ["sending", "sent", "delivered"]


def test_receipts_can_be_shuffled(start: StartSandbox, receiver: Receiver) -> None:
    sandbox = start(receipts=ReceiptOrder.SHUFFLED)
    for _ in range(8):
        sandbox.text(status_callback=receiver.url + "/status")
    by_sid: dict[str, list[str]] = {}
    for webhook in receiver.wait_for(24):
        by_sid.setdefault(webhook.form["MessageSid"], []).append(webhook.form["MessageStatus"])
    assert all(sorted(seen) == ["delivered", "sending", "sent"] for seen in by_sid.values())
    assert any(seen != ["sending", "sent", "delivered"] for seen in by_sid.values())


def test_receipts_can_be_lost(start: StartSandbox, receiver: Receiver) -> None:
    sandbox = start(receipts=ReceiptOrder.NONE, app_url=receiver.url)
    message = sandbox.text(status_callback=receiver.url + "/status")
    eventually(lambda: message.fetch().status == "delivered")
    sandbox.http.post("/sandbox/inbound", json={"from": "+12025550123", "body": "hello"})
    assert receiver.wait_for(1)[0].form["Body"] == "hello"


def test_the_order_can_be_changed_while_it_runs(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.http.post("/sandbox/receipts", json={"order": "repeated"}).raise_for_status()
    sandbox.text(status_callback=receiver.url + "/status")
    receiver.wait_for(6)
    sandbox.http.post("/sandbox/receipts", json={"order": "in_order"}).raise_for_status()
    sandbox.text(status_callback=receiver.url + "/status")
    assert statuses(receiver, 9)[6:] == ["sending", "sent", "delivered"]


def test_a_5xx_is_tried_again_only_when_the_address_asks(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    receiver.answers = [500, 503]
    sandbox.text(status_callback=receiver.url + "/status" + RETRIED)
    assert statuses(receiver, 5) == ["sending", "sending", "sending", "sent", "delivered"]
    tokens = [webhook.headers["I-Twilio-Idempotency-Token"] for webhook in receiver.received]
    assert len(set(tokens[:3])) == 1
    receiver.received.clear()
    receiver.answers = [500]
    sandbox.text(status_callback=receiver.url + "/status")
    assert statuses(receiver, 3) == ["sending", "sent", "delivered"]
    assert sandbox.count()["webhooks"] == {"delivered": 5, "lost": 1}


def test_a_dead_app_costs_the_receipts_and_nothing_else(sandbox: Sandbox) -> None:
    sandbox.text(status_callback="http://127.0.0.1:9/status#rc=1")
    eventually(lambda: sandbox.count()["webhooks"]["lost"] == 3)
    assert sandbox.count()["by_status"] == {"delivered": 1}


def test_a_text_that_waits_past_its_validity_is_never_sent(
    start: StartSandbox, receiver: Receiver
) -> None:
    sandbox = start(pace=Pace(queued=1.1))
    message = sandbox.text(validity_period=1, status_callback=receiver.url + "/status")
    assert statuses(receiver, 1) == ["failed"]
    assert receiver.received[0].form["ErrorCode"] == "30036"
    fetched = message.fetch()
    assert (fetched.status, fetched.error_code, fetched.date_sent) == ("failed", 30036, None)


def test_a_delivery_can_be_made_to_fail(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.fault(fault="undelivered", code=30005)
    sandbox.text(status_callback=receiver.url + "/status")
    assert statuses(receiver, 3) == ["sending", "sent", "undelivered"]
    assert receiver.received[-1].form["ErrorCode"] == "30005"


def test_an_inbound_text_arrives_signed_with_its_blank_fields(
    start: StartSandbox, receiver: Receiver
) -> None:
    sandbox = start(app_url=receiver.url)
    answer = sandbox.http.post(
        "/sandbox/inbound", json={"from": "+12025550123", "body": "3 bad headache ñ & more"}
    )
    assert answer.status_code == 201
    webhook = receiver.wait_for(1)[0]
    url = receiver.url + "/webhooks/twilio/inbound"
    validator = RequestValidator(sandbox.config.auth_token)
    assert validator.validate(url, webhook.form, webhook.headers["X-Twilio-Signature"])
    form = webhook.form
    assert (form["From"], form["To"]) == ("+12025550123", sandbox.number)
    assert form["Body"] == "3 bad headache ñ & more"
    assert form["FromCity"] == ""
    assert form["MessageSid"] == form["SmsSid"] == answer.json()["id"]
    stripped = {name: value for name, value in form.items() if value}
    assert not validator.validate(url, stripped, webhook.headers["X-Twilio-Signature"])


def test_email_events_are_signed_and_carry_our_arguments(
    start: StartSandbox, receiver: Receiver
) -> None:
    sandbox = start(app_url=receiver.url)
    mail: dict[str, Any] = {
        "personalizations": [
            {"to": [{"email": "ada@example.com"}], "custom_args": {"message_id": "00ff"}}
        ],
        "from": {"email": "no-reply@clinic.invalid"},
        "subject": "A reminder",
        "content": [{"type": "text/plain", "value": "Hello"}],
    }
    key = sandbox.config.sendgrid_api_key
    answer = sandbox.http.post(
        "/v3/mail/send", json=mail, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 202
    webhooks = receiver.wait_for(2)
    public = sendgrid_public_key(sendgrid_key_from_seed(sandbox.config.sendgrid_seed))
    verifier = EventWebhook(public)
    events = []
    for webhook in webhooks:
        signature = webhook.headers["X-Twilio-Email-Event-Webhook-Signature"]
        timestamp = webhook.headers["X-Twilio-Email-Event-Webhook-Timestamp"]
        assert verifier.verify_signature(webhook.body.decode(), signature, timestamp)
        assert base64.b64decode(signature, validate=True)
        events += json.loads(webhook.body)
    assert [event["event"] for event in events] == ["processed", "delivered"]
    assert {event["message_id"] for event in events} == {"00ff"}
    assert all(
        event["sg_message_id"].startswith(answer.headers["X-Message-Id"]) for event in events
    )
    assert len({event["sg_event_id"] for event in events}) == 2


@pytest.mark.parametrize(
    ("mail", "key", "status"),
    [({}, "SG.sandbox", 400), ({}, "SG.wrong", 401)],
)
def test_a_wrong_email_is_refused(
    sandbox: Sandbox, mail: dict[str, Any], key: str, status: int
) -> None:
    answer = sandbox.http.post(
        "/v3/mail/send", json=mail, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"]
    assert sandbox.count()["email"] == 0
