"""The HTTP client we hand to Twilio's SDK: timeouts, no retries, headers kept, address switchable.

The SDK's own asynchronous client posts again after a 500 and ignores its timeout: both would
double texts. One request here is one request on the wire.
"""

import base64
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

API = "https://api.twilio.com"
_LOGGERS = ("twilio.http_client", "twilio.async_http_client", "twilio.request_validator")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and headers of one answer; the SDK's exceptions drop the headers."""

    status: int
    headers: Mapping[str, str]

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, when the provider named them as a number."""
        text = self.headers.get("Retry-After", "")
        try:
            seconds = float(text)
        except ValueError:
            return None
        return seconds if 0 <= seconds < 86_400 else None


LAST_ANSWER: ContextVar[Answer | None] = ContextVar("last_answer", default=None)
"""The last answer seen by the present coroutine's task; None while a request is under way."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Seconds and counts of one process's connections to the provider."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0
    """For one request from its first byte to the last of its answer, whatever happens."""
    in_flight: int = 64
    keep_alive_seconds: float = 4.0
    """Shorter than any server's, so that no request leaves on a connection about to close."""


def silence_sdk() -> None:
    """Twilio's loggers print phone numbers and texts at INFO: they never speak again."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.disabled = True
        logger.propagate = False


class OneShotHttpClient(AsyncHttpClient):
    """Sends each request once. Made and used inside one event loop.

    Errors of the network arrive as aiohttp raises them; ``twilio_outcomes`` reads them.
    """

    def __init__(self, base_url: str, limits: HttpLimits) -> None:
        super().__init__(logging.getLogger(_LOGGERS[1]), is_async=True)
        self._base = URL(base_url.rstrip("/"))
        self._authorization: dict[tuple[str, str], str] = {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=limits.in_flight, keepalive_timeout=limits.keep_alive_seconds
            ),
            timeout=aiohttp.ClientTimeout(
                total=limits.total_seconds,
                connect=limits.connect_seconds,
                sock_connect=limits.connect_seconds,
                sock_read=limits.read_seconds,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self.concurrent_requests: int | None = None
        """Twilio's count of our requests in flight, from its last answer that told it."""

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  the SDK's signature; ours are fixed
        allow_redirects: bool = False,  # ignored: a redirected POST would be a second one
    ) -> Response:
        """One request, as the SDK asks for it; its ``timeout`` is ignored in favour of ours."""
        del timeout
        LAST_ANSWER.set(None)
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = self._basic(auth)
        async with self._session.request(
            method.upper(),
            self._address(uri),
            params=None if not params else {name: str(value) for name, value in params.items()},
            data=urlencode(data, doseq=True).encode() if data else None,
            headers=sent,
            allow_redirects=False,
        ) as response:
            answer = Answer(response.status, response.headers)
            LAST_ANSWER.set(answer)
            self._note_concurrency(answer)
            return Response(response.status, await response.text(), response.headers)

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()

    def _address(self, uri: str) -> URL:
        parts = urlsplit(uri)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        return URL(str(self._base) + target, encoded=True)

    def _basic(self, auth: tuple[str, str]) -> str:
        if auth not in self._authorization:
            token = base64.b64encode(f"{auth[0]}:{auth[1]}".encode()).decode()
            self._authorization[auth] = f"Basic {token}"
        return self._authorization[auth]

    def _note_concurrency(self, answer: Answer) -> None:
        text = answer.headers.get("Twilio-Concurrent-Requests", "")
        if text.isdigit():
            self.concurrent_requests = int(text)
