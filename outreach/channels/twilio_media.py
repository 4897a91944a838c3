"""Pictures that patients sent, fetched from Twilio with the account's own credentials.

Only from the account's own message store; where that answers with another place, the credentials
stay behind, and only Twilio's own stores are followed.
"""

import asyncio
import base64
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp

from outreach.channels.twilio_http import API
from outreach.pipeline.ports import Fetched, FetchKind

_PATH = re.compile(
    r"/2010-04-01/Accounts/(?P<account>AC[0-9a-f]{32})/Messages/(SM|MM)[0-9a-f]{32}"
    r"/Media/ME[0-9a-f]{32}",
)
_STORES = (".twilio.com", ".twiliocdn.com", ".amazonaws.com")
"""Where Twilio sends who asks for a file."""
_MOST_STEPS = 3
_CHUNK = 65_536
_GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """An account, and how long one file may take."""

    account_sid: str
    auth_token: str = field(repr=False)
    base_url: str = API
    seconds: float = 15.0
    """For one file, from the first connection to its last byte."""


class TwilioMedia:
    """Fetches one file at a time; makes its connection anew, and so after any fork."""

    def __init__(self, config: MediaConfig) -> None:
        self._config = config

    def fetch(self, url: str, most_bytes: int) -> Fetched:
        """One file. Redirects are followed to Twilio's own stores alone."""
        try:
            if not self._is_ours(url):
                return Fetched(FetchKind.GONE, detail="NotOurs")
        except ValueError:  # no address at all
            return Fetched(FetchKind.GONE, detail="NotOurs")
        try:
            return asyncio.run(self._fetch(url, most_bytes))
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            return Fetched(FetchKind.LATER, detail=type(error).__name__)

    def _is_ours(self, url: str) -> bool:
        parts = urlsplit(url)
        found = _PATH.fullmatch(parts.path)
        same_place = f"{parts.scheme}://{parts.netloc}" == self._config.base_url
        ours = found is not None and found["account"] == self._config.account_sid
        return same_place and ours and not parts.query

    async def _fetch(self, url: str, most_bytes: int) -> Fetched:
        timeout = aiohttp.ClientTimeout(total=self._config.seconds)
        pair = f"{self._config.account_sid}:{self._config.auth_token}".encode()
        credentials = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        headers = credentials
        async with (
            asyncio.timeout(self._config.seconds),
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            for _ in range(_MOST_STEPS):
                async with session.get(url, headers=headers, allow_redirects=False) as answer:
                    if answer.status == 200:
                        return await _read(answer, most_bytes)
                    location = answer.headers.get("Location")
                    if answer.status not in {301, 302, 303, 307, 308} or location is None:
                        gone = answer.status in _GONE
                        kind = FetchKind.GONE if gone else FetchKind.LATER
                        return Fetched(kind, detail=f"HTTP {answer.status}")
                url = urljoin(url, location)
                if not self._may_follow(url):
                    return Fetched(FetchKind.GONE, detail="ElsewhereRefused")
                headers = credentials if _origin(url) == self._config.base_url else {}
        return Fetched(FetchKind.LATER, detail="TooManyRedirects")

    def _may_follow(self, url: str) -> bool:
        parts = urlsplit(url)
        if _origin(url) == self._config.base_url:
            return True
        at_home = f".{(parts.hostname or '').casefold()}".endswith(_STORES)
        return parts.scheme == "https" and parts.port in {None, 443} and at_home


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _read(answer: aiohttp.ClientResponse, most_bytes: int) -> Fetched:
    if (answer.content_length or 0) > most_bytes:
        return Fetched(FetchKind.TOO_LARGE)
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > most_bytes:
            return Fetched(FetchKind.TOO_LARGE)
    return Fetched(FetchKind.GOT, bytes(content))
