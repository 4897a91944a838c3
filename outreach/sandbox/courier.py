"""Carries signed webhooks to the app, and tries again as the address's own fragment asks."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urldefrag, urlencode

from outreach.channels.signatures import (
    SENDGRID_SIGNATURE_HEADER,
    SENDGRID_TIMESTAMP_HEADER,
    TWILIO_SIGNATURE_HEADER,
    sendgrid_key_from_seed,
    sign_sendgrid,
    twilio_signature,
)
from outreach.sandbox.config import SandboxConfig
from outreach.sandbox.inbound_email import InboundEmail
from outreach.sandbox.poster import NoAnswer, Poster, Unreachable

Form = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Twilio's connection overrides: how often, and after which failures."""

    retries: int = 1
    after: frozenset[str] = frozenset({"ct"})
    """``ct`` failed connections, ``rt`` no answer in time, ``4xx``, ``5xx``, or ``all``."""

    @classmethod
    def of(cls, fragment: str) -> "RetryPolicy":
        """``rc=3&rp=5xx,ct,rt`` as it stands behind the ``#`` of a webhook's address."""
        named = parse_qs(fragment)
        count = named.get("rc", ["1"])[0]
        causes = named.get("rp", ["ct"])[0]
        return cls(min(int(count), 5) if count.isdigit() else 1, frozenset(causes.split(",")))

    def covers(self, cause: str) -> bool:
        """Whether a failure of this kind is tried again."""
        return cause in self.after or "all" in self.after


class Courier:
    """One pool of connections to the app. Never raises for an app that is down or refuses."""

    def __init__(self, config: SandboxConfig) -> None:
        self._config = config
        self._key = sendgrid_key_from_seed(config.sendgrid_seed)
        self._poster: Poster | None = None
        self.delivered = 0
        self.lost = 0
        """Webhooks given up after the last retry."""

    async def open(self) -> None:
        """Inside the loop that will use it."""
        self._poster = Poster(self._config.webhook_timeout_seconds)

    async def close(self) -> None:
        """Ends the connections; nothing more is carried."""
        if self._poster is not None:
            poster, self._poster = self._poster, None
            await poster.close()

    async def form(self, address: str, form: Form) -> None:
        """A form as Twilio posts it, signed over the address without its fragment."""
        url, fragment = urldefrag(address)
        headers = self._signed(url, form)
        await self._post(url, urlencode(form).encode(), headers, RetryPolicy.of(fragment))

    async def document(self, address: str, form: Form) -> bytes | None:
        """What the app answers to such a form, as it is asked for TwiML; None where it fails."""
        url, _ = urldefrag(address)
        if self._poster is None:
            return None
        try:
            status, body = await self._poster.ask(
                url, urlencode(form).encode(), self._signed(url, form)
            )
        except (Unreachable, NoAnswer):
            return None
        return body if status == 200 else None

    def _signed(self, url: str, form: Form) -> dict[str, str]:
        return {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            TWILIO_SIGNATURE_HEADER: twilio_signature(self._config.auth_token, url, form),
        }

    async def mail(self, url: str, email: InboundEmail) -> None:
        """An email as SendGrid's Inbound Parse posts it, signed as its security policy has it."""
        boundary = uuid.uuid4().hex
        body = email.multipart(boundary)
        timestamp = str(int(self._config.clock.now().timestamp()))
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            SENDGRID_TIMESTAMP_HEADER: timestamp,
            SENDGRID_SIGNATURE_HEADER: sign_sendgrid(self._key, timestamp, body),
        }
        await self._post(url, body, headers, RetryPolicy(3, frozenset({"ct", "rt", "5xx"})))

    async def events(self, url: str, body: bytes) -> None:
        """A JSON array as SendGrid's event webhook posts it."""
        timestamp = str(int(self._config.clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            SENDGRID_TIMESTAMP_HEADER: timestamp,
            SENDGRID_SIGNATURE_HEADER: sign_sendgrid(self._key, timestamp, body),
        }
        await self._post(url, body, headers, RetryPolicy(3, frozenset({"all"})))

    async def _post(
        self, url: str, body: bytes, headers: dict[str, str], policy: RetryPolicy
    ) -> None:
        for attempt in range(policy.retries + 1):
            cause = await self._try(url, body, headers)
            if cause is None:
                self.delivered += 1
                return
            if not policy.covers(cause):
                break
            if attempt < policy.retries:
                await asyncio.sleep(self._config.webhook_pause_seconds * 2**attempt)
        self.lost += 1

    async def _try(self, url: str, body: bytes, headers: dict[str, str]) -> str | None:
        """None when it was taken, else the kind of failure in the words of ``RetryPolicy``."""
        if self._poster is None:
            return "closed"
        try:
            status = await self._poster.post(url, body, headers)
        except Unreachable:
            return "ct"
        except NoAnswer:
            return "rt"
        return None if status < 400 else f"{status // 100}xx"
