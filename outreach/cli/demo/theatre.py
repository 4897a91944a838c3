"""The stage the story is played on: all real parts of an installation, and a clock to turn.

Events go in by HTTP with an API key, replies come from the carrier's phones as signed webhooks, and
staff use the command line. Nothing is called behind the program's back except the clock.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from outreach.cli.stack import Stack
from outreach.clocks import SharedClock
from outreach.domain.errors import Unavailable
from outreach.domain.states import MessageStatus
from outreach.pipeline.world import World
from outreach.settings import Settings

_POLL = 0.03
_PATIENCE = 40.0
"""Seconds within which the road must come to rest at one moment of the clinic's time."""
FEEDS = Path(__file__).parents[3] / "examples" / "fortnight"
_CONTENT_TYPES = {".hl7": "x-application/hl7-v2+er7", ".json": "application/json"}


def demo_settings(data: Path, api_key: str) -> Settings:
    """Settings of a time-lapse: a shared clock, a quick tick, short waits at the provider.

    The environment's own account and database are never used: a demo texts nobody.
    """
    return Settings.model_construct(
        data_dir=data,
        config_dir=Settings.model_construct().config_path().absolute(),
        clock_file=data / "clock",
        api_key=SecretStr(api_key),
        sandbox=True,
        tick_seconds=0.25,
        request_seconds=4.0,
        lease_seconds=6.0,
        settle_first_seconds=1.0,
        settle_last_seconds=2.0,
    )


class Theatre:
    """Turns the clock and waits until the road has come to rest."""

    def __init__(self, stack: Stack, world: World, clock: SharedClock, api_key: str) -> None:
        self.stack, self.world, self.clock = stack, world, clock
        self._api_key = api_key
        self.seconds_per_day = 0.0
        """How long a clinic day lasts for the visitor; 0 does not wait."""
        self.on_rest: Callable[[datetime], None] = lambda _: None
        """Called whenever the road has come to rest at a moment."""

    def now(self) -> datetime:
        """Clinic time, UTC."""
        return self.clock.now()

    def advance(self, until: datetime) -> None:
        """Moves the clock to ``until`` by way of every moment at which something is due."""
        while True:
            moment = self._next_moment(until)
            self._glide(moment)
            self.rest()
            if moment >= until:
                return

    def _next_moment(self, until: datetime) -> datetime:
        now = self.now()
        with self.world.db.read() as unit:
            moments = [unit.ledger.next_due(), unit.messages.next_not_before(now)]
        return min([at for at in moments if at is not None and now < at < until], default=until)

    def _glide(self, moment: datetime) -> None:
        """Time passes visibly, a frame at a time, never beyond the moment."""
        if self.seconds_per_day > 0:
            frame = 0.2
            step = timedelta(days=1) * (frame / self.seconds_per_day)
            while self.now() + step < moment:
                self.clock.set(self.now() + step)
                self.watch(frame)
        self.clock.set(max(moment, self.now()))

    def watch(self, seconds: float) -> None:
        """Lets machine time pass; raises when a part of the stack dies meanwhile."""
        self.stack.watch(seconds)

    def rest(self) -> None:
        """Waits until no stage has work and nothing is under way at the provider.

        Raises:
            Unavailable: it does not come to rest.
        """
        self.until(self._at_rest, "the road to come to rest")
        self.on_rest(self.now())

    def _at_rest(self) -> bool:
        with self.world.db.read() as unit:
            if unit.work.waiting(self.now(), self.world.machine_now()):
                return False
            return not unit.messages.any_with({MessageStatus.CLAIMED, MessageStatus.UNKNOWN})

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for a condition of the world outside.

        Raises:
            Unavailable: it did not come true in time.
        """
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > _PATIENCE:
                raise Unavailable(
                    f"Waited {_PATIENCE:.0f} s for {what}. See {self.stack.data}/logs."
                )
            self.watch(_POLL)

    def feed(self, name: str) -> None:
        """Posts one of the example feeds to ``/events`` as a scheduling system would."""
        path = FEEDS / name
        self._request(
            f"{self.stack.web_url}/events",
            path.read_bytes(),
            {
                "Content-Type": _CONTENT_TYPES[path.suffix],
                "Authorization": f"Bearer {self._api_key}",
                "X-Source": "demo-ehr",
            },
        )
        self.rest()

    def text(self, phone: str, body: str) -> None:
        """A patient writes; the carrier posts a signed webhook to us."""
        with self.world.db.read() as unit:
            before = len(unit.replies.everything())
        self.carrier("inbound", {"from": phone, "body": body})
        self.until(lambda: self._replies() > before, "the reply to arrive")
        self.rest()

    def _replies(self) -> int:
        with self.world.db.read() as unit:
            return len(unit.replies.everything())

    def carrier(self, path: str, value: object | None = None) -> Any:
        """Talks to the sandbox's own switches under ``/sandbox``."""
        data = None if value is None else json.dumps(value).encode()
        headers = {"Content-Type": "application/json"}
        return self._request(f"{self.stack.sandbox_url}/sandbox/{path}", data, headers)

    def _request(self, url: str, data: bytes | None, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            body = answer.read()
        return json.loads(body) if body else None

    def outreach(self, *words: str) -> str:
        """Staff at the command line: runs ``outreach WORDS`` and returns what it printed.

        Raises:
            Unavailable: the command failed; holds its one-line error.
        """
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "outreach.cli", *words],
            env=self.stack.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Unavailable(f"outreach {words[0]} failed: {done.stderr.strip()}")
        return done.stdout
