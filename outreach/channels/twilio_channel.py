"""What every channel through Twilio's official SDK shares: many requests in flight, each sent once.

One event loop and one connection pool per process, made when first used and so after any fork.
"""

import asyncio
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from outreach.channels.in_flight import START, InFlight
from outreach.channels.loop_thread import LoopThread
from outreach.channels.sending import Sending
from outreach.channels.twilio_http import (
    API,
    LAST_ANSWER,
    HttpLimits,
    OneShotHttpClient,
    silence_sdk,
)
from outreach.channels.twilio_outcomes import failed, is_congestion
from outreach.domain.errors import ConfigurationError, Unavailable
from outreach.pipeline.ports import Outgoing, ResultKind, SendResult

T = TypeVar("T")

RETRY_RECEIPTS = "#rc=3&rp=5xx,ct,rt"
"""Twilio retries only failed connections unless told otherwise; the fragment is not signed."""
_NO_ENVIRONMENT = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
"""The SDK reads os.environ unless it is handed a mapping that is not empty."""


@dataclass(frozen=True, slots=True)
class TwilioConfig:
    """An account, a sender and where receipts go."""

    account_sid: str
    auth_token: str = field(repr=False)
    public_url: str
    """Where Twilio reaches this program, without a trailing slash."""
    messaging_service_sid: str | None = None
    from_number: str | None = None
    staff_number: str | None = None
    """Pages go from here, so that what befalls the patients' sender does not befall them."""
    base_url: str = API
    limits: HttpLimits = field(default_factory=HttpLimits)

    def __post_init__(self) -> None:
        if not self.account_sid or not self.auth_token:
            raise ConfigurationError("Twilio needs the account SID and the auth token: set both.")
        if (self.messaging_service_sid is None) == (self.from_number is None):
            raise ConfigurationError(
                "Twilio needs one sender: set either the Messaging Service SID or the number."
            )
        if "_" in (urlsplit(self.public_url).hostname or ""):
            raise ConfigurationError(
                "The host name of the public URL has an underscore, which Twilio refuses: "
                "use another name."
            )


class Connection:
    """What one process holds: the loop, the SDK client, and the bound on requests in flight."""

    def __init__(self, config: TwilioConfig) -> None:
        self.loop = LoopThread("twilio")
        self.http, self.slots = self.loop.submit(self._open(config)).result()
        self.client = Client(
            config.account_sid,
            config.auth_token,
            http_client=self.http,
            environment=_NO_ENVIRONMENT,
        )

    @staticmethod
    async def _open(config: TwilioConfig) -> tuple[OneShotHttpClient, InFlight]:
        limits = config.limits
        return OneShotHttpClient(config.base_url, limits), InFlight(limits.in_flight)

    def close(self) -> None:
        """Ends what is under way and the thread."""
        self.loop.cancel_all()  # first: a text that meets a closed session would be an unknown
        self.loop.submit(self.http.close()).result(timeout=10)
        self.loop.close()


class TwilioChannel(ABC):
    """A way out through one account. Safe to make before a fork and to use from several threads."""

    def __init__(self, config: TwilioConfig) -> None:
        silence_sdk()
        self._config = config
        # By process id. A parent's connection is kept, untouched, in a forked child: were it
        # collected there, it would take the parent's sockets out of the epoll set they share.
        self._connections: dict[int, Connection] = {}

    @abstractmethod
    async def _create(self, client: Client, outgoing: Outgoing) -> SendResult:
        """One request; whatever it raises is read as the outcome of a failed try."""

    def send(self, batch: Sequence[Outgoing]) -> Sending:
        """Begins at once.

        At most ``limits.in_flight`` requests of this process are under way, over all batches; fewer
        where the provider shows that it is too many (``in_flight.py``).
        """
        sending = Sending([outgoing.message_id for outgoing in batch])
        if batch:
            connection = self._connection()
            work = connection.loop.submit(self._send_all(connection, batch, sending))
            work.add_done_callback(
                lambda _: sending.abandon(ResultKind.UNKNOWN, detail="interrupted")
            )
        return sending

    @property
    def capacity(self) -> int:
        """Twice what may be under way now: more would wait too long for its turn."""
        connection = self._connections.get(os.getpid())
        known = START if connection is None else int(connection.slots.limit)
        return 2 * min(known, self._config.limits.in_flight)

    @property
    def concurrent_requests(self) -> int | None:
        """Twilio's own count of our requests in flight, as its last answer told it."""
        connection = self._connections.get(os.getpid())
        return None if connection is None else connection.http.concurrent_requests

    def close(self) -> None:
        """Ends this process's requests, connections and thread. Using it again opens new ones."""
        connection = self._connections.pop(os.getpid(), None)
        if connection is not None:
            connection.close()

    def _connection(self) -> Connection:
        pid = os.getpid()
        found = self._connections.get(pid)
        if found is None:
            made = Connection(self._config)
            # Atomic: of two threads that come here at once, one connection wins.
            found = self._connections.setdefault(pid, made)
            if found is not made:
                made.close()
        return found

    def _call(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        connection = self._connection()
        limits = self._config.limits
        patience = 10 * (limits.connect_seconds + limits.read_seconds)

        async def bounded() -> T:
            return await asyncio.wait_for(work(connection), patience)

        try:
            return connection.loop.submit(bounded()).result()
        except TwilioException as error:
            failure = f"HTTP {getattr(error, 'status', 'answer not understood')}"
        except Exception as error:  # noqa: BLE001  every failure of a look-up proves nothing
            failure = type(error).__name__
        # Outside the handler: the SDK's exceptions hold phone numbers and must not be chained.
        raise Unavailable(f"Twilio's look-up failed ({failure}); it will be tried again.")

    async def _send_all(
        self, connection: Connection, batch: Sequence[Outgoing], sending: Sending
    ) -> None:
        queue = iter(batch)  # shared: each message goes to the first idle worker
        loop = asyncio.get_running_loop()
        workers = [
            asyncio.create_task(self._work(connection, queue, sending))
            for _ in range(min(len(batch), self._config.limits.in_flight))
        ]

        def stop() -> None:
            for worker in workers:
                worker.cancel()

        sending.on_cancel(lambda: loop.call_soon_threadsafe(stop))
        try:
            await asyncio.gather(*workers)
        except asyncio.CancelledError:
            sending.cancelled = True
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(
        self, connection: Connection, queue: Iterator[Outgoing], sending: Sending
    ) -> None:
        for outgoing in queue:
            begun = False
            try:
                async with connection.slots as number:
                    if sending.may_begin(outgoing):
                        begun = True
                        sending.add(await self._send_one(connection, outgoing, number))
                        continue
            except asyncio.CancelledError:
                # Go on: the rest of the batch still wants its answers, all of them "not sent".
                sending.cancelled = True
            if begun:
                sending.add(SendResult(outgoing.message_id, ResultKind.UNKNOWN, detail="cancelled"))
            else:
                sending.not_begun(outgoing)

    async def _send_one(
        self, connection: Connection, outgoing: Outgoing, number: int
    ) -> SendResult:
        LAST_ANSWER.set(None)
        began = time.monotonic()
        try:
            result = await self._create(connection.client, outgoing)
        except Exception as error:  # noqa: BLE001  each message gets a result, whatever broke
            result = failed(outgoing.message_id, error, LAST_ANSWER.get())
        if is_congestion(result):
            connection.slots.congested(number)
        elif result.kind in {ResultKind.ACCEPTED, ResultKind.REJECTED}:
            connection.slots.answered(time.monotonic() - began)
        return result
