"""Pages as signed HTTP requests, for a pager or a chat of the clinic's own.

Only addresses that stand in the roster are posted to, redirects are not followed, and of the
answer nothing but its status is looked at: nobody can point this at another machine.
"""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException
from typing import Any

from outreach.channels.pooled import SendingPool
from outreach.channels.sending import Sending
from outreach.domain.clock import Clock
from outreach.domain.errors import ConfigurationError
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Outgoing, ProviderRecord, ResultKind, SendResult

SIGNATURE_HEADER = "Outreach-Signature"
_SHORTEST_SECRET = 16
_THREADS = 4


@dataclass(frozen=True, slots=True)
class PageWebhookConfig:
    """Which addresses may be posted to, and what signs it.

    Raises:
        ConfigurationError: the secret can be guessed.
    """

    secret: str = field(repr=False)
    addresses: Callable[[], Collection[str]] = field(repr=False)
    """Those in the roster as it is now."""
    timeout_seconds: float = 10.0

    def __post_init__(self) -> None:
        if len(self.secret) < _SHORTEST_SECRET:
            raise ConfigurationError(
                f"OUTREACH_PAGE_SECRET is too easy to guess: give it {_SHORTEST_SECRET} characters"
                " or more."
            )


def sign_page(secret: str, timestamp: str, body: bytes) -> str:
    """``t=<seconds since 1970>,v1=<hex>``: HMAC-SHA-256 over timestamp, a dot and the raw body."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"t={timestamp},v1={digest.hexdigest()}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class PageWebhook:
    """The webhook channel. A repeat carries the same ``id``, so it is safe to try again."""

    kind = ChannelKind.WEBHOOK

    def __init__(self, config: PageWebhookConfig, clock: Clock) -> None:
        """``clock`` is the machine's: receivers compare it with their own."""
        self._config = config
        self._clock = clock
        self.capacity = 2 * _THREADS
        # No proxy of the environment's: what is signed goes where the roster says.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
        self._pool = SendingPool(self._send_one, _THREADS)

    def send(self, batch: Sequence[Outgoing]) -> Sending:
        """Begins at once."""
        return self._pool.send(batch)

    def find(self, to: str, since: datetime) -> list[ProviderRecord] | None:
        """None: nothing is asked of a receiver."""
        return None

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        """None: nothing is asked of a receiver."""
        return None

    def close(self) -> None:
        """Ends this process's threads, after what is under way."""
        self._pool.close()

    def _send_one(self, outgoing: Outgoing) -> SendResult:
        name = outgoing.message_id
        if outgoing.to not in self._config.addresses():
            return SendResult(name, ResultKind.REJECTED, detail="NotInTheRoster")
        try:
            with self._opener.open(
                self._request(outgoing), timeout=self._config.timeout_seconds
            ) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            status = int(error.code)
        except (OSError, HTTPException) as error:
            return SendResult(name, ResultKind.NOT_SENT, detail=type(error).__name__)
        if 200 <= status < 300:
            return SendResult(
                name,
                ResultKind.ACCEPTED,
                provider_id=f"WH{name.hex}",
                status="delivered",
                http_status=status,
            )
        again = status == 429 or status >= 500
        kind = ResultKind.NOT_SENT if again else ResultKind.REJECTED
        return SendResult(name, kind, http_status=status, detail=f"HTTP {status}")

    def _request(self, outgoing: Outgoing) -> urllib.request.Request:
        now = self._clock.now()
        body = json.dumps(
            {
                "id": outgoing.message_id.hex,
                "type": "page",
                "code": outgoing.code,
                "url": outgoing.link,
                "text": outgoing.text,
                "sent_at": now.isoformat(timespec="seconds"),
            }
        ).encode()
        signature = sign_page(self._config.secret, str(int(now.timestamp())), body)
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature}
        return urllib.request.Request(outgoing.to, body, headers, method="POST")  # noqa: S310
