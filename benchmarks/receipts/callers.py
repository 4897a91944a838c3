"""The carrier's side: callbacks signed beforehand, sent over connections that are kept open."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from uuid import UUID

from benchmarks.twilio_requests import ask, signed_request
from outreach.bootstrap import SANDBOX_ACCOUNT, SANDBOX_NUMBER

_STATUSES = ("sent", "delivered")


@dataclass(slots=True)
class Calls:
    """What the callers saw; times in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


def requests_for(known: Sequence[tuple[UUID, str]], port: int) -> list[bytes]:
    """Two reports about each message, all first ones before all second ones, as bytes to send."""
    return [
        _request(message_id, provider_id, status, port)
        for status in _STATUSES
        for message_id, provider_id in known
    ]


def call_all(requests: Sequence[bytes], port: int, connections: int) -> Calls:
    """Sends them all, one after another on each connection.

    Raises:
        RuntimeError: an answer was not 204.
    """
    return asyncio.run(_call_all(requests, port, connections))


async def _call_all(requests: Sequence[bytes], port: int, connections: int) -> Calls:
    calls, waiting = Calls(), iter(requests)
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    began = perf_counter()
    await asyncio.gather(*(_caller(*pair, waiting, calls) for pair in opened))
    calls.seconds = perf_counter() - began
    for _, writer in opened:
        writer.close()
        await writer.wait_closed()
    return calls


async def _caller(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    waiting: Iterator[bytes],
    calls: Calls,
) -> None:
    for request in waiting:
        began = perf_counter()
        await ask(reader, writer, request, b"204")
        calls.latencies.append(perf_counter() - began)


def _request(message_id: UUID, provider_id: str, status: str, port: int) -> bytes:
    path = f"/webhooks/twilio/status/{message_id.hex}"
    form = [
        ("SmsSid", provider_id),
        ("SmsStatus", status),
        ("MessageStatus", status),
        ("To", "+12025550123"),
        ("MessageSid", provider_id),
        ("AccountSid", SANDBOX_ACCOUNT),
        ("From", SANDBOX_NUMBER),
        ("ApiVersion", "2010-04-01"),
        ("ErrorCode", ""),
    ]
    return signed_request(path, form, port)
