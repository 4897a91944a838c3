"""An installation to command: its environment, its database, and commands run in this process."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outreach.cli.app import run
from outreach.clocks import SharedClock, SystemClock
from tests.worlds import START, Bench, make_bench

REPOSITORY = Path(__file__).parents[2]
KEYS = "k1:" + base64.b64encode(bytes(range(32))).decode()
INDEX_KEY = base64.b64encode(bytes(range(32, 64))).decode()
"""Those of ``tests.worlds``, so that a bench and a command read one database."""


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Outreach = Callable[..., Said]


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to stand in, with nothing of ours in the environment but where data goes."""
    for name in list(os.environ):
        if name.startswith(("OUTREACH_", "TWILIO_", "SENDGRID_")) and name != "OUTREACH_TEST_RUN":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTREACH_DATA_DIR", str(tmp_path / "var"))
    # Where setproctitle is installed, Celery names its processes; without this the title is written
    # over their environment in /proc, by which the tests know whose they are.
    monkeypatch.setenv("SPT_NOENV", "1")
    return tmp_path


@pytest.fixture
def outreach(clean: Path, capsys: pytest.CaptureFixture[str]) -> Outreach:
    """Runs a command line in this process."""

    def call(*words: object) -> Said:
        code = run([str(word) for word in words])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return call


@pytest.fixture
def bench(database_url: str, clean: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench on a database that commands use too, at the same standing clock."""
    clock = SharedClock(clean / "clock", SystemClock())
    clock.set(START)
    monkeypatch.setenv("OUTREACH_CLOCK_FILE", str(clean / "clock"))
    monkeypatch.setenv("OUTREACH_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTREACH_KEYS", KEYS)
    monkeypatch.setenv("OUTREACH_INDEX_KEY", INDEX_KEY)
    made = make_bench(database_url)
    yield made
    made.world.db.close()


def as_process(
    *words: str, stdin: bytes = b"", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Runs a command line as a user does; it stands in the repository."""
    return subprocess.run(
        [sys.executable, "-m", "outreach.cli", *words],
        input=stdin,
        capture_output=True,
        cwd=REPOSITORY,
        env={**os.environ, **(environment or {})},
        timeout=60,
        check=False,
    )
