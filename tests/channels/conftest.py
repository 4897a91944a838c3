"""A real sandbox, and a bare server that answers whatever a test wants."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest

from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Channel, Outgoing, Sending, SendResult
from outreach.sandbox import Pace, SandboxConfig, running_sandbox

PUBLIC_URL = "http://127.0.0.1:9"
"""Nobody listens there: receipts are lost, which sending does not mind."""


class MachineClock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


@pytest.fixture
def sandbox_config(tmp_path: Path) -> SandboxConfig:
    return SandboxConfig(
        record_path=tmp_path / "carrier.sqlite3",
        clock=MachineClock(),
        pace=Pace(queued=0.01, sending=0.01, sent=0.01),
    )


@pytest.fixture
def sandbox(sandbox_config: SandboxConfig) -> Iterator[str]:
    with running_sandbox(sandbox_config) as url:
        yield url


def text(
    to: str = "+12025550123", body: str = "Hello", validity_seconds: int | None = None
) -> Outgoing:
    return Outgoing(uuid4(), ChannelKind.SMS, to, body, validity_seconds=validity_seconds)


def email(to: str = "ada@example.com") -> Outgoing:
    return Outgoing(
        uuid4(), ChannelKind.EMAIL, to, "Plain words", subject="A visit", html="<p>Rich words</p>"
    )


def groups(sending: Sending) -> Iterator[list[SendResult]]:
    """What a batch gives, as it comes."""
    came = Event()
    sending.tell(lambda _: came.set())
    while sending.left:
        assert came.wait(60)
        came.clear()
        if group := sending.take():
            yield group


def results(channel: Channel, *batch: Outgoing) -> dict[UUID, SendResult]:
    """One result per message, or the test fails."""
    found = [result for group in groups(channel.send(batch)) for result in group]
    assert sorted(r.message_id for r in found) == sorted(o.message_id for o in batch)
    return {result.message_id: result for result in found}


def only(channel: Channel, outgoing: Outgoing) -> SendResult:
    return results(channel, outgoing)[outgoing.message_id]


@contextmanager
def bare_server(answer: bytes | None) -> Iterator[tuple[int, list[bytes]]]:
    """Reads one request per connection, answers these bytes (None: nothing) and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                seen.append(connection.recv(65536))
                if answer is not None:
                    connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def http_answer(status: str, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
