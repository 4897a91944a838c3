"""Email through SendGrid's official SDK, with the timeout it lacks.

SendGrid offers no look-up of a message: an unknown outcome is settled by its event webhook,
which carries our message id, or by staff.
"""

import logging
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import (
    ClickTracking,
    Content,
    CustomArg,
    Email,
    Header,
    Mail,
    OpenTracking,
    Personalization,
    ReplyTo,
    Subject,
    To,
    TrackingSettings,
)

from outreach.channels.mail_headers import outgoing_headers
from outreach.channels.mailbox import NOT_A_MAILBOX, is_mailbox
from outreach.channels.pooled import THREADS, SendingPool
from outreach.channels.sending import Sending
from outreach.domain.errors import ConfigurationError
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Outgoing, ProviderRecord, ResultKind, SendResult

API = "https://api.sendgrid.com"
_NEVER_LEFT: tuple[type[BaseException], ...] = (
    ConnectionRefusedError,
    socket.gaierror,
    ssl.SSLCertVerificationError,
)


@dataclass(frozen=True, slots=True)
class SendGridConfig:
    """An API key, the sender, and where a patient unsubscribes."""

    api_key: str = field(repr=False)
    from_email: str
    from_name: str
    public_url: str
    base_url: str = API
    timeout_seconds: float = 10.0
    threads: int = THREADS
    reply_to: str | None = None
    """Where answers go, if anybody reads them."""


class SendGridEmail:
    """The email channel through SendGrid. Safe to make before a fork."""

    kind = ChannelKind.EMAIL

    def __init__(self, config: SendGridConfig) -> None:
        if not config.api_key:
            raise ConfigurationError("SendGrid needs an API key: set it, or use SMTP.")
        # At DEBUG this logger prints the payload and the API key.
        logging.getLogger("python_http_client.client").disabled = True
        self._config = config
        self.capacity = 2 * config.threads
        self._client = SendGridAPIClient(api_key=config.api_key, host=config.base_url)
        self._client.client.timeout = config.timeout_seconds
        self._pool = SendingPool(self._send_one, config.threads)

    def send(self, batch: Sequence[Outgoing]) -> Sending:
        """Begins at once."""
        return self._pool.send(batch)

    def find(self, to: str, since: datetime) -> list[ProviderRecord] | None:
        """None: SendGrid offers no look-up."""
        return None

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        """None: SendGrid offers no look-up."""
        return None

    def close(self) -> None:
        """Ends this process's threads, after what is under way."""
        self._pool.close()

    def _send_one(self, outgoing: Outgoing) -> SendResult:
        message_id = outgoing.message_id
        if not is_mailbox(outgoing.to):
            return SendResult(
                message_id, ResultKind.REJECTED, error_code=NOT_A_MAILBOX, detail="NotAMailbox"
            )
        try:
            response = self._client.send(self._mail(outgoing))
        except HTTPError as error:
            return _refused(outgoing, error)
        except URLError as error:
            # urllib wraps a failure to connect and a failure to write alike.
            reason = error.reason
            kind = ResultKind.NOT_SENT if isinstance(reason, _NEVER_LEFT) else ResultKind.UNKNOWN
            return SendResult(message_id, kind, detail=type(reason).__name__)
        provider_id = response.headers.get("X-Message-Id")
        if response.status_code != 202:
            return SendResult(
                message_id,
                ResultKind.UNKNOWN,
                http_status=response.status_code,
                detail="UnreadableAnswer",
            )
        return SendResult(
            message_id,
            ResultKind.ACCEPTED,
            provider_id=provider_id,
            status="accepted",
            sender=self._config.from_email,
            http_status=202,
        )

    def _mail(self, outgoing: Outgoing) -> Mail:
        mail = Mail(from_email=Email(self._config.from_email, self._config.from_name))
        if self._config.reply_to is not None:
            mail.reply_to = ReplyTo(self._config.reply_to, self._config.from_name)
        mail.subject = Subject(outgoing.subject)
        recipient = Personalization()
        recipient.add_to(To(outgoing.to))
        recipient.add_custom_arg(CustomArg("message_id", outgoing.message_id.hex))
        mail.add_personalization(recipient)
        mail.add_content(Content("text/plain", outgoing.text))
        if outgoing.html:
            mail.add_content(Content("text/html", outgoing.html))
        headers = outgoing_headers(self._config.public_url, outgoing.message_id)
        for name, value in headers.items():
            mail.add_header(Header(name, value))
        # Tracking rewrites links and adds a pixel: it would tell a third party who reads what.
        tracking = TrackingSettings()
        tracking.click_tracking = ClickTracking(enable=False, enable_text=False)
        tracking.open_tracking = OpenTracking(enable=False)
        mail.tracking_settings = tracking
        return mail


def _refused(outgoing: Outgoing, error: HTTPError) -> SendResult:
    status = int(error.status_code)
    if status == 429:
        kind = ResultKind.NOT_SENT
    elif status >= 500 or status == 408:
        kind = ResultKind.UNKNOWN
    else:
        kind = ResultKind.REJECTED
    return SendResult(
        outgoing.message_id,
        kind,
        http_status=status,
        retry_after=_seconds(error),
        detail=type(error).__name__,
    )


def _seconds(error: HTTPError) -> float | None:
    text = str((error.headers or {}).get("Retry-After", ""))
    return float(text) if text.isdigit() else None
