"""Email through SendGrid's official SDK and through a plain mail server."""

import email
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.policy import default
from typing import Any

import httpx
import pytest

from outreach.channels.sendgrid_email import SendGridConfig, SendGridEmail
from outreach.channels.smtp_email import SmtpConfig, SmtpEmail
from outreach.domain.errors import ConfigurationError
from outreach.pipeline.ports import Channel, ResultKind
from outreach.sandbox import SandboxConfig

from .conftest import bare_server, free_port, groups, http_answer, only, results
from .conftest import email as mail
from .smtp_server import MailServer, running_mail_server

PUBLIC = "https://clinic.example.com"


@pytest.fixture
def sendgrid(sandbox: str, sandbox_config: SandboxConfig) -> Iterator[SendGridEmail]:
    channel = SendGridEmail(sendgrid_config(sandbox, sandbox_config.sendgrid_api_key))
    yield channel
    channel.close()


def sendgrid_config(base_url: str, key: str = "SG.key") -> SendGridConfig:
    return SendGridConfig(
        key, "no-reply@clinic.invalid", "The Clinic", PUBLIC, base_url, timeout_seconds=5.0
    )


def fault(sandbox: str, **order: object) -> None:
    httpx.post(f"{sandbox}/sandbox/faults", json=order).raise_for_status()


def test_sendgrid_accepts_text_and_html_with_our_id(sandbox: str, sendgrid: SendGridEmail) -> None:
    channel: Channel = sendgrid
    outgoing = mail()
    result = only(channel, outgoing)
    assert (result.kind, result.status) == (ResultKind.ACCEPTED, "accepted")
    recorded = httpx.get(f"{sandbox}/sandbox/record").json()["messages"][0]
    assert recorded["id"] == result.provider_id
    assert (recorded["subject"], recorded["body"]) == ("A visit", "Plain words")
    assert recorded["reference"] == f'{{"message_id": "{outgoing.message_id.hex}"}}'
    assert channel.find("ada@example.com", datetime.now(UTC)) is None
    assert channel.fetch("x") is None


def test_sendgrid_is_asked_for_no_tracking_and_a_one_click_way_out() -> None:
    outgoing = mail()
    with bare_server(http_answer("202 Accepted", "", "X-Message-Id: m1")) as (port, seen):
        channel = SendGridEmail(sendgrid_config(f"http://127.0.0.1:{port}"))
        assert only(channel, outgoing).provider_id == "m1"
        channel.close()
    request = b"".join(seen).decode()
    body = channel._mail(outgoing).get()
    assert body["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
    }
    assert body["headers"] == {
        "List-Unsubscribe": f"<{PUBLIC}/unsubscribe/email/{outgoing.message_id.hex}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    assert "Authorization: Bearer SG.key" in request
    assert outgoing.to not in body["headers"]["List-Unsubscribe"]


@pytest.mark.parametrize(
    ("order", "kind", "status"),
    [
        ({"fault": "429", "retry_after": 3}, ResultKind.NOT_SENT, 429),
        ({"fault": "500"}, ResultKind.UNKNOWN, 500),
        ({"fault": "accept_then_drop"}, ResultKind.UNKNOWN, None),
        ({"fault": "accept_then_hang", "seconds": 8}, ResultKind.UNKNOWN, None),
    ],
)
def test_sendgrid_failures(
    sandbox: str,
    sendgrid: SendGridEmail,
    order: dict[str, object],
    kind: ResultKind,
    status: int | None,
) -> None:
    fault(sandbox, **order)
    result = only(sendgrid, mail())
    assert (result.kind, result.http_status) == (kind, status)
    if status == 429:
        assert result.retry_after == 3.0


def test_sendgrid_refusals(sandbox: str, sendgrid: SendGridEmail) -> None:
    refused = only(sendgrid, mail(to="not a mailbox"))
    assert (refused.kind, refused.error_code) == (ResultKind.REJECTED, 553)
    channel = SendGridEmail(sendgrid_config(sandbox, "SG.wrong"))
    assert only(channel, mail()).http_status == 401
    channel.close()


def test_sendgrid_out_of_reach_was_not_sent() -> None:
    channel = SendGridEmail(sendgrid_config(f"http://127.0.0.1:{free_port()}"))
    assert only(channel, mail()).kind is ResultKind.NOT_SENT
    channel.close()


def test_sendgrid_never_takes_its_key_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.from-elsewhere")
    with pytest.raises(ConfigurationError):
        SendGridEmail(sendgrid_config("http://127.0.0.1:9", ""))


def test_email_is_not_logged(sendgrid: SendGridEmail, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    only(sendgrid, mail())
    assert "ada@" not in caplog.text
    assert "SG." not in caplog.text


def test_a_batch_of_emails_gets_each_its_result(sandbox: str, sendgrid: SendGridEmail) -> None:
    fault(sandbox, fault="500", to="no@example.com")
    batch = [mail(f"{number}@example.com") for number in range(12)] + [mail("no@example.com")]
    kinds = [result.kind for result in results(sendgrid, *batch).values()]
    assert kinds.count(ResultKind.ACCEPTED) == 12
    assert kinds.count(ResultKind.UNKNOWN) == 1


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running_mail_server() as running:
        yield running


@pytest.fixture
def smtp(server: MailServer) -> Iterator[SmtpEmail]:
    channel = SmtpEmail(smtp_config(server.port))
    yield channel
    channel.close()


def smtp_config(port: int) -> SmtpConfig:
    return SmtpConfig(
        "127.0.0.1",
        "no-reply@clinic.invalid",
        "The Clinic",
        PUBLIC,
        port,
        starttls=False,
        timeout_seconds=10.0,
    )


def test_smtp_hands_over_text_and_html(server: MailServer, smtp: SmtpEmail) -> None:
    channel: Channel = smtp
    outgoing = mail()
    result = only(channel, outgoing)
    assert result.kind is ResultKind.ACCEPTED
    assert result.provider_id == f"<{outgoing.message_id.hex}@clinic.invalid>"
    message: Any = email.message_from_string(server.mails[0], policy=default)
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == "A visit"
    assert message["Message-ID"] == result.provider_id
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_body(("plain",)).get_content().strip() == "Plain words"
    assert message.get_body(("html",)).get_content().strip() == "<p>Rich words</p>"
    assert channel.find("ada@example.com", datetime.now(UTC)) is None
    assert channel.fetch("x") is None


@pytest.mark.parametrize(
    ("command", "answer", "kind", "code"),
    [
        ("RCPT", "550 nobody", ResultKind.REJECTED, 550),
        ("RCPT", "450 later", ResultKind.NOT_SENT, 450),
        ("MAIL", "553 not you", ResultKind.REJECTED, 553),
        ("RCPT", None, ResultKind.NOT_SENT, None),
        ("DATA", "451 later", ResultKind.NOT_SENT, 451),
        (".", "554 no", ResultKind.REJECTED, 554),
        (".", "452 full", ResultKind.NOT_SENT, 452),
        (".", None, ResultKind.UNKNOWN, None),
        ("QUIT", None, ResultKind.ACCEPTED, None),
    ],
)
def test_smtp_failures_by_the_step_they_happen_in(
    server: MailServer,
    smtp: SmtpEmail,
    command: str,
    answer: str | None,
    kind: ResultKind,
    code: int | None,
) -> None:
    server.answers[command] = answer
    result = only(smtp, mail())
    assert (result.kind, result.error_code) == (kind, code)
    assert "ada@" not in repr(result)


def test_smtp_credentials_are_used_and_a_refusal_stops_the_channel(server: MailServer) -> None:
    server.answers["AUTH"] = "535 no"
    channel = SmtpEmail(replace(smtp_config(server.port), username="u", password="p"))
    result = only(channel, mail())
    channel.close()
    assert (result.kind, result.error_code) == (ResultKind.REJECTED, 535)
    assert server.mails == []


def test_smtp_without_the_encryption_it_needs_sends_nothing(server: MailServer) -> None:
    channel = SmtpEmail(replace(smtp_config(server.port), starttls=True))
    result = only(channel, mail())
    channel.close()
    assert (result.kind, result.error_code) == (ResultKind.REJECTED, 530)
    assert "MAIL" not in server.commands


def test_smtp_out_of_reach_was_not_sent() -> None:
    channel = SmtpEmail(smtp_config(free_port()))
    assert only(channel, mail()).kind is ResultKind.NOT_SENT
    channel.close()


@pytest.mark.parametrize("to", ["not a mailbox", "a@b.example\r\nBcc: c@d.example", ""])
def test_smtp_an_address_that_is_none_is_rejected_before_it_leaves(
    server: MailServer, smtp: SmtpEmail, to: str
) -> None:
    assert only(smtp, mail(to)).kind is ResultKind.REJECTED
    assert server.commands == []


def test_smtp_a_subject_cannot_add_a_header(server: MailServer, smtp: SmtpEmail) -> None:
    outgoing = replace(mail(), subject="A visit\r\nBcc: c@d.example")
    assert only(smtp, outgoing).kind is ResultKind.ACCEPTED
    assert "\nBcc:" not in server.mails[0]


def test_a_cancelled_batch_accounts_for_every_email(server: MailServer, smtp: SmtpEmail) -> None:
    server.answers["."] = None
    sending = smtp.send([mail() for _ in range(30)])
    sending.cancel()
    kinds = [result.kind for group in groups(sending) for result in group]
    assert len(kinds) == 30
    assert ResultKind.NOT_SENT in kinds
