"""A sandbox on a real port for each test, and an app that receives its webhooks."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from outreach.sandbox import Pace, SandboxConfig, running_sandbox

from .receiver import Receiver, running_receiver

QUICK = Pace(queued=0.01, sending=0.01, sent=0.01)


class MachineClock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


class Elsewhere(TwilioHttpClient):  # type: ignore[misc]
    """The official client's own HTTP client, pointed at another host and nothing else."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=5.0)
        self._base_url = base_url

    def request(self, method: str, url: str, **rest: Any) -> Response:
        return super().request(
            method, url.replace("https://api.twilio.com", self._base_url), **rest
        )


class Sandbox:
    """What a test holds of a running sandbox."""

    def __init__(self, url: str, config: SandboxConfig) -> None:
        self.url = url
        self.config = config
        self.http = httpx.Client(base_url=url, timeout=10)
        self._elsewhere = Elsewhere(url)
        self.twilio = Client(config.account_sid, config.auth_token, http_client=self._elsewhere)

    @property
    def number(self) -> str:
        return self.config.numbers[0]

    def text(self, to: str = "+12025550123", body: str = "Hello", **rest: Any) -> Any:
        return self.twilio.messages.create(to=to, from_=self.number, body=body, **rest)

    def fault(self, **order: object) -> None:
        self.http.post("/sandbox/faults", json=order).raise_for_status()

    def count(self) -> dict[str, Any]:
        counts: dict[str, Any] = self.http.get("/sandbox/record/count").json()
        return counts

    def record(self, **params: Any) -> dict[str, Any]:
        record: dict[str, Any] = self.http.get("/sandbox/record", params=params).json()
        return record

    def close(self) -> None:
        self.http.close()
        self._elsewhere.session.close()


StartSandbox = Callable[..., Sandbox]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def config(tmp_path: Path) -> SandboxConfig:
    return SandboxConfig(
        record_path=tmp_path / "carrier.sqlite3",
        clock=MachineClock(),
        pace=QUICK,
        webhook_pause_seconds=0.02,
        late_seconds=0.2,
    )


@pytest.fixture
def start(config: SandboxConfig) -> Iterator[StartSandbox]:
    """Starts a sandbox with changes to the usual configuration."""
    with ExitStack() as stack:

        def start_one(**changes: Any) -> Sandbox:
            changed = replace(config, **changes)
            sandbox = Sandbox(stack.enter_context(running_sandbox(changed)), changed)
            stack.callback(sandbox.close)
            return sandbox

        yield start_one


@pytest.fixture
def sandbox(start: StartSandbox) -> Sandbox:
    return start()
