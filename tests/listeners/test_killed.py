"""The real program, killed again and again: what it acknowledged is applied exactly once."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outreach.bootstrap import Parts, build_world
from outreach.cli.environment import child_environment
from outreach.pipeline.world import World
from outreach.settings import Settings
from outreach.storage.models import Appointment, InboxEvent, InboxStatus
from tests.listeners.conftest import arrivals, statuses
from tests.listeners.engine import Engine, siu
from tests.settings import settings_for
from tests.worlds import CONFIG

MESSAGES = 300
KILL_AT = (60, 140, 220)
"""How many messages are stored when it is killed: under way, on a fast machine and a slow one."""


class Program:
    """``outreach mllp`` as a child process."""

    def __init__(self, settings: Settings, port: int, log: Path) -> None:
        self.port = port
        self._command = [sys.executable, "-m", "outreach.cli", "mllp"]
        self._command += ["--interface", "scheduling", "--port", str(port)]
        self._environment = child_environment(settings, os.environ)
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=output, stderr=output
            )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(
        data_dir=tmp_path, database_url=database_url, config_dir=CONFIG, sandbox=True
    )


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    world = build_world(settings, Parts(channels={}))
    yield world
    world.db.close()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number


@contextmanager
def killing(program: Program, stored: Callable[[], int]) -> Iterator[list[int]]:
    """Kills and restarts the program at each mark of ``KILL_AT`` while the block runs."""
    done, kills = threading.Event(), list[int]()

    def run() -> None:
        for mark in KILL_AT:
            while stored() < mark:
                if done.wait(0.01):
                    return
            program.kill()
            kills.append(mark)
            program.start()
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and not _listens(program.port):
                time.sleep(0.05)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield kills
    finally:
        done.set()
        thread.join()


def _stored(world: World) -> int:
    with world.db.read() as unit:
        return unit._session.query(InboxEvent).count()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def send_all(port: int, numbers: range, slowly: threading.Event) -> int:
    """Sends each message until it is accepted, over as many connections as it takes."""
    accepted = tries = 0
    waiting = [siu(number) for number in numbers]
    deadline = time.monotonic() + 90
    while waiting and time.monotonic() < deadline:
        try:
            with Engine(port) as engine:
                while waiting:
                    tries += 1
                    assert engine.send(waiting[0]).code == "AA"
                    waiting.pop(0)
                    accepted += 1
                    slowly.wait(0.005)
        except OSError:
            time.sleep(0.05)  # it is being restarted
    return accepted


@pytest.mark.timeout(180)
def test_what_was_acknowledged_is_applied_exactly_once(
    settings: Settings, world: World, port: int, tmp_path: Path
) -> None:
    program = Program(settings, port, tmp_path / "mllp.log")
    never = threading.Event()
    try:
        while not _listens(port):
            time.sleep(0.05)
        with killing(program, lambda: _stored(world)) as kills:
            half = MESSAGES // 2
            other: list[int] = []
            second = threading.Thread(
                target=lambda: other.append(send_all(port, range(half, MESSAGES), never))
            )
            second.start()
            accepted = send_all(port, range(half), never)
            second.join()
        assert kills == list(KILL_AT)
        assert [accepted, *other] == [half, MESSAGES - half]
    finally:
        code = program.stop()
    assert code == 0, (tmp_path / "mllp.log").read_text()[-2000:]
    assert len(arrivals(world)) == MESSAGES
    assert statuses(world) == {InboxStatus.APPLIED.value: MESSAGES}
    with world.db.read() as unit:
        assert unit._session.query(Appointment).count() == MESSAGES


def test_log_lines_hold_nothing_of_a_message(settings: Settings, port: int, tmp_path: Path) -> None:
    log = tmp_path / "mllp.log"
    program = Program(settings, port, log)
    try:
        while not _listens(port):
            time.sleep(0.05)
        with Engine(port) as engine:
            assert engine.send(siu(1, name="Quillfeather^Mira")).code == "AA"
            assert engine.send(siu(1, name="Quillfeather^Nora")).code == "AA"
            engine.write(b"\x0bMSH|^~\\&|Quillfeather")
    finally:
        assert program.stop() == 0
    text = log.read_text()
    assert "mllp.listening" in text
    assert "mllp.control_id_again" in text
    assert "Quillfeather" not in text
