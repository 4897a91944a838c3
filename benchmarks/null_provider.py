"""A provider that costs nothing: just enough Twilio to be sent to, in a process of its own.

It takes every message at once, or after ``--latency-ms``, and counts: ``GET /count`` tells how many
requests came and how many different messages were in them, ``GET /taken`` when each message came.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import time
from urllib.request import urlopen
from uuid import UUID, uuid4

from benchmarks.children import free_port, listens, running

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MESSAGE = re.compile(rb"status%2F([0-9a-f]{32})")
_TAKEN: dict[str, object] = {
    "status": "queued",
    "to": "+12025550123",
    "from": "+12025550100",
    "body": "",
    "num_segments": "1",
    "num_media": "0",
    "direction": "outbound-api",
    "api_version": "2010-04-01",
    "messaging_service_sid": None,
    "date_created": "Mon, 01 Mar 2027 15:00:00 +0000",
    "date_updated": "Mon, 01 Mar 2027 15:00:00 +0000",
    "date_sent": None,
    "error_code": None,
    "error_message": None,
    "price": None,
    "price_unit": "USD",
    "account_sid": "AC" + "5a" * 16,
    "uri": None,
    "subresource_uris": {},
}
_TAIL = json.dumps(_TAKEN).encode()[1:]


@dataclass(slots=True)
class _Book:
    requests: int = 0
    messages: dict[bytes, float] = field(default_factory=dict)
    """When each came for the first time, in seconds of the epoch."""
    numbers: Iterator[int] = field(default_factory=lambda: count(uuid4().int >> 32 << 32))
    """No two providers of one run give out the same id."""


class _Connection(asyncio.Protocol):
    def __init__(self, book: _Book, latency: float) -> None:
        self._book, self._latency = book, latency
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._received, 0, end + 2)
            whole = end + 4 + (int(length.group(1)) if length else 0)
            if len(self._received) < whole:
                return
            request, self._received = self._received[:whole], self._received[whole:]
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        if request.startswith(b"GET /count"):
            told = {"requests": self._book.requests, "messages": len(self._book.messages)}
            self._write(b"200 OK", json.dumps(told).encode())
            return
        if request.startswith(b"GET /taken"):
            times = {name.decode(): at for name, at in self._book.messages.items()}
            self._write(b"200 OK", json.dumps(times).encode())
            return
        self._book.requests += 1
        named = _MESSAGE.search(request)
        if named:
            self._book.messages.setdefault(named.group(1), time())
        body = b'{"sid": "SM%032x", ' % next(self._book.numbers) + _TAIL
        if self._latency:
            loop = asyncio.get_running_loop()
            loop.call_later(self._latency, self._write, b"201 Created", body)
        else:
            self._write(b"201 Created", body)

    def _write(self, status: bytes, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (status, len(body), body)
            )


async def _serve(port: int, latency: float) -> None:
    book = _Book()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(book, latency), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


@dataclass(frozen=True, slots=True)
class NullProvider:
    """One that runs."""

    url: str

    def counted(self) -> tuple[int, int]:
        """Requests taken, and different messages in them, since it started."""
        with urlopen(f"{self.url}/count", timeout=10) as answer:  # noqa: S310 - our own child
            told = json.load(answer)
        return told["requests"], told["messages"]

    def taken(self) -> dict[UUID, float]:
        """When each message came for the first time, in seconds of the epoch."""
        with urlopen(f"{self.url}/taken", timeout=60) as answer:  # noqa: S310 - our own child
            return {UUID(name): at for name, at in json.load(answer).items()}


@contextmanager
def null_provider(log: Path, latency_ms: int = 0) -> Iterator[NullProvider]:
    """A provider that answers after ``latency_ms``."""
    port = free_port()
    words = ["benchmarks.null_provider", "--port", str(port), "--latency-ms", str(latency_ms)]
    with running(f"provider-{latency_ms}", words, log) as program:
        program.wait_ready(lambda: listens(port))
        yield NullProvider(f"http://127.0.0.1:{port}")


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-ms", type=int, default=0)
    asked = parser.parse_args()
    asyncio.run(_serve(asked.port, asked.latency_ms / 1000))


if __name__ == "__main__":
    main()
