"""A beat that dies inside a worker node is started again: without it nothing becomes due."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from outreach.cli.environment import child_environment
from outreach.storage.migrate import upgrade
from tests.cli.conftest import REPOSITORY
from tests.embedded.processes import eventually
from tests.settings import settings_for

pytestmark = [pytest.mark.celery, pytest.mark.redis, pytest.mark.timeout(120)]


def beats_of(parent: int) -> list[int]:
    """The children of a worker that only tick: those that are named so."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [pid for pid in map(int, children) if b"beat" in command(pid)]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_a_killed_beat_is_started_again_and_ends_with_its_worker(
    tmp_path: Path, redis_url: str
) -> None:
    url = f"sqlite:///{tmp_path / 'outreach.db'}"
    upgrade(url)
    settings = settings_for(data_dir=tmp_path, database_url=url, broker_url=redis_url)
    ready = tmp_path / "ready"
    words = ["worker", "--queues", "tick", "--concurrency", "1", "--beat"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "outreach.cli", *words, "--ready-file", str(ready)],
        cwd=REPOSITORY,
        env=child_environment(settings, os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert eventually(ready.exists, within=60)
        assert eventually(lambda: len(beats_of(worker.pid)) == 1)
        first = beats_of(worker.pid)
        os.kill(first[0], signal.SIGKILL)
        assert eventually(lambda: len(set(beats_of(worker.pid)) - set(first)) == 1, within=20)
        (second,) = set(beats_of(worker.pid)) - set(first)
        worker.terminate()
        assert worker.wait(60) == 0
        assert eventually(lambda: b"beat" not in command(second))
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
