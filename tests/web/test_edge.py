"""What holds for every route: a store that is down, faults, headers, slow and broken callers."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog
from httpx import Client

from outreach.domain.errors import ConfigurationError, OutreachError, Unavailable
from outreach.domain.events import ParsedItem
from outreach.domain.states import ChannelKind
from outreach.pipeline import reply
from outreach.storage.database import Database
from outreach.web import bodies, server
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.server import running
from outreach.web.threads import DatabaseThreads
from tests.web.callers import PUBLIC_URL, SID, caller, inbound, post_event, sendgrid, twilio
from tests.worlds import KEYRING, Bench


@pytest.fixture(params=["sqlite", "postgres"])
def gone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database that is not there: a folder that was unmounted, a server that was stopped."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/unmounted/outreach.db"
    else:
        with socket.create_server(("127.0.0.1", 0)) as free:
            url = f"postgresql://outreach@127.0.0.1:{free.getsockname()[1]}/outreach"
    database = Database(url, KEYRING)
    yield database
    database.close()


def test_while_the_store_is_down_everybody_is_asked_to_come_again(
    bench: Bench, config: WebConfig, gone: Database
) -> None:
    world = replace(bench.world, db=gone)
    with running(create_app(world, config)) as url, caller(url) as client:
        report = {"MessageSid": SID, "MessageStatus": "sent"}
        unsubscribed = {"event": "unsubscribe", "email": "a@b.example"}
        for answer in (
            twilio(client, "/webhooks/twilio/status", report),
            twilio(client, "/webhooks/twilio/inbound", inbound("3 bad headache")),
            sendgrid(client, [unsubscribed]),
            post_event(client, json.dumps({"id": "1"})),
        ):
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["content-type"] == "application/problem+json"
            assert "outreach@" not in answer.text
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["database"] == "unreachable"
        assert client.get("/health/live").status_code == 200
    assert bench.wakes.stages == []


def test_a_page_says_so_in_words_and_tries_again(bench: Bench, gone: Database) -> None:
    config = WebConfig("http://127.0.0.1:8000")
    with running(create_app(replace(bench.world, db=gone), config)) as url, caller(url) as client:
        answer = client.get("/followups", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert 'http-equiv="refresh"' in answer.text


def test_ready_says_what_works(client: Client, bench: Bench) -> None:
    assert client.get("/health/ready").json() == {
        "ready": True,
        "reason": "",
        "database": "ok",
        "broker": "not asked",
        "waiting": [],
        "stopped": [],
    }
    post_event(client, json.dumps({"id": "1"}))
    assert client.get("/health/ready").json()["waiting"] == ["ingest"]


def test_a_dead_broker_is_told_and_harmless(bench: Bench, config: WebConfig) -> None:
    with running(create_app(bench.world, config, lambda: False)) as url, caller(url) as client:
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["broker"]) == (200, "unreachable")


def test_a_database_without_tables_is_not_ready(
    bench: Bench, config: WebConfig, tmp_path: Path
) -> None:
    empty = Database(f"sqlite:///{tmp_path}/empty.db", KEYRING)
    world = replace(bench.world, db=empty)
    with running(create_app(world, config)) as url, caller(url) as client:
        ready = client.get("/health/ready")
        event = post_event(client, json.dumps({"id": "1"}))
    empty.close()
    assert (ready.status_code, ready.json()["database"]) == (503, "not migrated")
    assert event.status_code == 503


def test_a_fault_of_ours_is_one_calm_sentence_and_one_line_in_the_log(
    bench: Bench, config: WebConfig, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(
        raw: bytes, content_type: str, source: str, received_at: datetime
    ) -> list[ParsedItem]:
        raise RuntimeError("Robin Testcase, +12025550123")

    world = replace(bench.world, parse=broken)
    app = create_app(world, config)
    with structlog.testing.capture_logs() as logs, running(app) as url, caller(url) as client:
        answer = post_event(client, json.dumps({"id": "1"}))
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
    [line] = [line for line in logs if line["event"] == "web.failed"]
    assert (line["error"], line["at"].partition(":")[0]) == ("RuntimeError", "web/api/events.py")
    assert "Robin" not in answer.text + json.dumps(logs) + "".join(capfd.readouterr())


def test_every_answer_carries_the_strict_headers(client: Client) -> None:
    for path in ("/", "/health/live", "/static/web.css", "/nowhere", "/followups"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" in headers
        assert "server" not in headers


def test_the_front_door_leads_to_the_list(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/followups")


def test_what_is_not_there_is_told_to_each_in_their_way(client: Client) -> None:
    machine = client.get("/wp-login.php")
    assert machine.status_code == 404
    assert machine.headers["content-type"] == "application/problem+json"
    person = client.get("/wp-login.php", headers={"Accept": "text/html"})
    assert person.status_code == 404
    assert person.headers["content-type"].startswith("text/html")


def address_of(client: Client) -> tuple[str, int]:
    return client.base_url.host, client.base_url.port or 80


def raw_exchange(client: Client, sent: bytes, seconds: float = 10.0) -> bytes:
    """What comes back for these bytes until the server closes."""
    found = b""
    with socket.create_connection(address_of(client), timeout=seconds) as line:
        line.sendall(sent)
        while chunk := line.recv(65536):
            found += chunk
    return found


def test_who_never_finishes_the_headers_is_hung_up_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_HEAD_SECONDS", 0.2)
    assert raw_exchange(client, b"") == b""
    assert raw_exchange(client, b"POST /events HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
    with socket.create_connection(address_of(client), timeout=10) as line:
        line.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in line.recv(65536)
        line.sendall(b"GET /health/live HTTP/1.1\r\n")
        while line.recv(65536):
            continue


def test_who_never_finishes_the_body_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_SECONDS", 0.2)
    head = (
        b"POST /webhooks/twilio/inbound HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"X-Twilio-Signature: x\r\nContent-Length: 100\r\n\r\nBody=h"
    )
    assert raw_exchange(client, head).startswith(b"HTTP/1.1 408")


def test_a_caller_who_hangs_up_halfway_leaves_no_trace(client: Client, bench: Bench) -> None:
    for _ in range(3):
        with socket.create_connection(address_of(client)) as line:
            line.sendall(
                b"POST /webhooks/twilio/inbound HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\n"
                b"Content-Length: 100\r\n\r\nBody=h"
            )
    assert client.get("/health/live").status_code == 200
    with bench.world.db.read() as unit:
        assert unit.replies.everything() == []


def test_the_loop_stays_free_while_the_database_is_slow(bench: Bench, config: WebConfig) -> None:
    held = threading.Event()
    parse = bench.world.parse

    def slow(raw: bytes, content_type: str, source: str, received_at: datetime) -> list[ParsedItem]:
        held.wait(10)
        return parse(raw, content_type, source, received_at)

    app = create_app(replace(bench.world, parse=slow), config)
    with running(app) as url, caller(url) as client, caller(url) as other:
        waiting = threading.Thread(target=post_event, args=(client, json.dumps({"id": "1"})))
        waiting.start()
        assert other.get("/health/live").status_code == 200
        held.set()
        waiting.join(10)


def test_who_would_wait_too_long_for_a_thread_is_sent_away_and_what_runs_is_finished() -> None:
    done: list[str] = []
    begun = threading.Event()

    def slow() -> str:
        begun.set()
        time.sleep(0.4)
        done.append("slow")
        return "slow"

    async def both() -> tuple[object, object]:
        run = DatabaseThreads(threads=1, patience=0.1)
        first = asyncio.create_task(run(slow))
        await asyncio.to_thread(begun.wait, 10)
        return await asyncio.gather(first, run(slow), return_exceptions=True)

    first, second = asyncio.run(both())
    assert (first, done) == ("slow", ["slow"])
    assert isinstance(second, Unavailable)


def test_a_port_that_is_taken_is_said_in_one_line(bench: Bench, config: WebConfig) -> None:
    app = create_app(bench.world, config)
    with running(app) as url, pytest.raises(Unavailable, match="Cannot listen"):
        server.serve(app, "127.0.0.1", urlsplit(url).port or 0)


@pytest.mark.parametrize(
    "url", ["", "outreach.example.org", "ftp://x.example", "https://", "https://x?y"]
)
def test_a_public_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match="OUTREACH_PUBLIC_URL"):
        WebConfig(url)


def test_secrets_are_not_shown() -> None:
    config = WebConfig(PUBLIC_URL, ("tok-1",), (), ("key-1",), staff_token="a-staff-token")
    assert not any(secret in repr(config) for secret in ("tok-1", "key-1", "a-staff"))
    with pytest.raises(OutreachError, match="OUTREACH_STAFF_TOKEN"):
        WebConfig(PUBLIC_URL, staff_token="short")


@pytest.mark.parametrize("stage", ["triage", "followup"])
def test_work_that_nobody_takes_up_for_a_minute_is_told(
    client: Client, bench: Bench, stage: str
) -> None:
    if stage == "triage":
        message = reply.Inbound("SM1", ChannelKind.SMS, "+12025550123", "+12025550100", "hello")
        reply.receive(bench.world, message)
    else:
        bench.says("chest pain, cannot breathe")
    bench.clock.advance(timedelta(seconds=60))
    assert client.get("/health/ready").status_code == 200
    bench.clock.advance(timedelta(seconds=1))
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert f"Work for '{stage}' has waited 61 s." in ready.json()["reason"]
    bench.run()
    assert client.get("/health/ready").status_code == 200
