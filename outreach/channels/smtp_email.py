"""Email through any mail server, for a provider that signs a business associate agreement.

The steps of RFC 5321 are taken one by one, so that a lost connection before the text was sent
is told from one after it.
"""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from ssl import create_default_context

from outreach.channels.mail_headers import outgoing_headers
from outreach.channels.mailbox import NOT_A_MAILBOX, is_mailbox
from outreach.channels.pooled import THREADS, SendingPool
from outreach.channels.sending import Sending
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Outgoing, ProviderRecord, ResultKind, SendResult


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """A mail server, the sender, and where a patient unsubscribes."""

    host: str
    from_email: str
    from_name: str
    public_url: str
    port: int = 587
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    timeout_seconds: float = 15.0
    threads: int = THREADS
    reply_to: str | None = None
    """Where answers go, if anybody reads them."""


class SmtpEmail:
    """The email channel over SMTP. Safe to make before a fork."""

    kind = ChannelKind.EMAIL

    def __init__(self, config: SmtpConfig) -> None:
        self._config = config
        self.capacity = 2 * config.threads
        self._pool = SendingPool(self._send_one, config.threads)

    def send(self, batch: Sequence[Outgoing]) -> Sending:
        """Begins at once."""
        return self._pool.send(batch)

    def find(self, to: str, since: datetime) -> list[ProviderRecord] | None:
        """None: SMTP offers no look-up."""
        return None

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        """None: SMTP offers no look-up."""
        return None

    def close(self) -> None:
        """Ends this process's threads, after what is under way."""
        self._pool.close()

    def _send_one(self, outgoing: Outgoing) -> SendResult:
        config = self._config
        if not is_mailbox(outgoing.to):
            return SendResult(
                outgoing.message_id,
                ResultKind.REJECTED,
                error_code=NOT_A_MAILBOX,
                detail="NotAMailbox",
            )
        mail = self._mail(outgoing)
        try:
            server = smtplib.SMTP(config.host, config.port, timeout=config.timeout_seconds)
        except (OSError, smtplib.SMTPException) as error:
            return _result(outgoing, ResultKind.NOT_SENT, None, error)
        try:
            refusal = self._introduce(server, outgoing) or _address(server, outgoing, config)
            return refusal or _hand_over(server, outgoing, mail)
        finally:
            _leave(server)

    def _introduce(self, server: smtplib.SMTP, outgoing: Outgoing) -> SendResult | None:
        config = self._config
        try:
            if config.starttls:
                server.starttls(context=create_default_context())
            if config.username:
                server.login(config.username, config.password)
        except smtplib.SMTPAuthenticationError as error:
            return _result(outgoing, _refusal(error.smtp_code), error.smtp_code, error)
        except smtplib.SMTPNotSupportedError as error:
            return _result(outgoing, ResultKind.REJECTED, 530, error)
        except (OSError, smtplib.SMTPException) as error:
            return _result(outgoing, ResultKind.NOT_SENT, None, error)
        return None

    def _mail(self, outgoing: Outgoing) -> EmailMessage:
        config = self._config
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(config.from_name, addr_spec=config.from_email)
        if config.reply_to is not None:
            mail["Reply-To"] = Address(config.from_name, addr_spec=config.reply_to)
        mail["To"] = Address(addr_spec=outgoing.to)
        mail["Subject"] = " ".join(outgoing.subject.split())
        mail["Message-ID"] = _provider_id(outgoing, config)
        headers = outgoing_headers(config.public_url, outgoing.message_id)
        for name, value in headers.items():
            mail[name] = value
        mail.set_content(outgoing.text)
        if outgoing.html:
            mail.add_alternative(outgoing.html, subtype="html")
        return mail


def _address(server: smtplib.SMTP, outgoing: Outgoing, config: SmtpConfig) -> SendResult | None:
    try:
        server.ehlo_or_helo_if_needed()
        for code, _ in (server.mail(config.from_email), server.rcpt(outgoing.to)):
            if code >= 300:
                return _result(outgoing, _refusal(code), code, None)
    except (OSError, smtplib.SMTPException) as error:
        return _result(outgoing, ResultKind.NOT_SENT, None, error)
    return None


def _hand_over(server: smtplib.SMTP, outgoing: Outgoing, mail: EmailMessage) -> SendResult:
    try:
        code, _ = server.data(mail.as_bytes())
    except smtplib.SMTPDataError as error:
        return _result(outgoing, _refusal(error.smtp_code), error.smtp_code, error)
    except (OSError, smtplib.SMTPException) as error:
        return _result(outgoing, ResultKind.UNKNOWN, None, error)
    if code >= 300:
        return _result(outgoing, _refusal(code), code, None)
    return SendResult(
        outgoing.message_id,
        ResultKind.ACCEPTED,
        provider_id=str(mail["Message-ID"]),
        status="accepted",
        sender=str(mail["From"].addresses[0].addr_spec),
    )


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()  # the answer is known; how the farewell went changes nothing


def _provider_id(outgoing: Outgoing, config: SmtpConfig) -> str:
    return f"<{outgoing.message_id.hex}@{config.from_email.rpartition('@')[2]}>"


def _refusal(code: int) -> ResultKind:
    """RFC 5321, 4.2.1: 4yz is a passing refusal, 5yz a lasting one."""
    return ResultKind.NOT_SENT if code < 500 else ResultKind.REJECTED


def _result(
    outgoing: Outgoing, kind: ResultKind, code: int | None, error: Exception | None
) -> SendResult:
    detail = "Refused" if error is None else type(error).__name__
    return SendResult(outgoing.message_id, kind, error_code=code, detail=detail)
