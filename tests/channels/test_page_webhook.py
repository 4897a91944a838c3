"""Pages as signed requests: to addresses of the roster alone, and never led anywhere else."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest

from outreach.channels.page_webhook import PageWebhook, PageWebhookConfig
from outreach.clocks import ManualClock
from outreach.domain.errors import ConfigurationError
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Outgoing, ResultKind, SendResult
from tests.channels.conftest import bare_server, free_port, http_answer, only

SECRET = "a-secret-of-the-pager"
NOW = datetime(2027, 3, 1, 15, tzinfo=UTC)


def page(url: str) -> Outgoing:
    return Outgoing(
        uuid4(),
        ChannelKind.WEBHOOK,
        url,
        "Urgent item K7M2Q waits.",
        code="K7M2Q",
        link="https://outreach.example.org/followups/K7M2Q",
    )


def send(outgoing: Outgoing, *addresses: str) -> SendResult:
    config = PageWebhookConfig(SECRET, lambda: addresses, timeout_seconds=1.0)
    channel = PageWebhook(config, ManualClock(NOW))
    try:
        return only(channel, outgoing)
    finally:
        channel.close()


@contextmanager
def pager() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Its address, and each page it took: its signature and its body."""
    seen: list[tuple[str, bytes]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.headers["Outreach-Signature"], body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the screen of a test."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", seen
        finally:
            server.shutdown()
            thread.join()


def test_a_page_is_signed_over_its_time_and_its_body() -> None:
    with pager() as (url, seen):
        outgoing = page(url)
        result = send(outgoing, outgoing.to)
    assert result.kind is ResultKind.ACCEPTED
    ((signature, body),) = seen
    assert json.loads(body) == {
        "id": outgoing.message_id.hex,
        "type": "page",
        "code": "K7M2Q",
        "url": "https://outreach.example.org/followups/K7M2Q",
        "text": "Urgent item K7M2Q waits.",
        "sent_at": "2027-03-01T15:00:00+00:00",
    }
    at = str(int(NOW.timestamp()))
    digest = hmac.new(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert signature == f"t={at},v1={digest}"


def test_an_address_that_is_not_in_the_roster_is_never_spoken_to() -> None:
    with bare_server(http_answer("204 No Content", "")) as (port, seen):
        outgoing = page(f"http://127.0.0.1:{port}/hook")
        result = send(outgoing, f"http://127.0.0.1:{port}/another")
    assert (result.kind, seen) == (ResultKind.REJECTED, [])


def test_a_redirect_is_not_followed() -> None:
    with bare_server(http_answer("200 OK", "")) as (inner, inner_seen):
        there = f"Location: http://127.0.0.1:{inner}/inside"
        with bare_server(http_answer("307 Temporary Redirect", "", there)) as (port, _):
            outgoing = page(f"http://127.0.0.1:{port}/hook")
            result = send(outgoing, outgoing.to, f"http://127.0.0.1:{inner}/inside")
    assert (result.kind, inner_seen) == (ResultKind.REJECTED, [])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("404 Not Found", ResultKind.REJECTED),
        ("401 Unauthorized", ResultKind.REJECTED),
        ("429 Too Many Requests", ResultKind.NOT_SENT),
        ("503 Service Unavailable", ResultKind.NOT_SENT),
    ],
)
def test_what_may_pass_is_tried_again(status: str, kind: ResultKind) -> None:
    with bare_server(http_answer(status, "")) as (port, _):
        outgoing = page(f"http://127.0.0.1:{port}/hook")
        assert send(outgoing, outgoing.to).kind is kind


def test_a_receiver_that_is_down_or_silent_is_tried_again() -> None:
    gone = page(f"http://127.0.0.1:{free_port()}/hook")
    assert send(gone, gone.to).kind is ResultKind.NOT_SENT
    with bare_server(None) as (port, _):
        silent = page(f"http://127.0.0.1:{port}/hook")
        assert send(silent, silent.to).kind is ResultKind.NOT_SENT


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="OUTREACH_PAGE_SECRET"):
        PageWebhookConfig("short", list)
