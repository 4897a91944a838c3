"""Whatever ends a supervisor, nothing it started is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from outreach.domain.errors import Unavailable
from outreach.embedded.children import Children, StopRequested
from outreach.embedded.program import Program
from tests.embedded.processes import SLEEPER, eventually, runs, stubborn


class Supervised:
    """A supervisor in a process of its own, with its children up."""

    def __init__(self, data: Path, *wishes: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.supervisor", str(data), *wishes],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        pids = data / "pids.json"
        assert eventually(pids.exists, within=30)
        self.pids: dict[str, int] = json.loads(pids.read_text())

    def output(self) -> str:
        """What it printed; waits for its end."""
        return self.process.communicate(timeout=20)[0]

    def left_behind(self) -> list[str]:
        """The children that still run, once they had ten seconds to end."""
        eventually(lambda: not any(map(runs, self.pids.values())))
        return [name for name, pid in self.pids.items() if runs(pid)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    place = tmp_path / "a place with spaces"
    place.mkdir()
    return place


@pytest.fixture
def supervised(data: Path) -> Iterator[Supervised]:
    supervisor = Supervised(data)
    yield supervisor
    supervisor.process.kill()
    supervisor.output()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_every_child_and_grandchild(
    supervised: Supervised, number: signal.Signals
) -> None:
    assert all(map(runs, supervised.pids.values()))
    supervised.process.send_signal(number)
    assert supervised.output() == f"stopped by {number.name}\n"
    assert supervised.process.returncode == 0
    assert supervised.left_behind() == []


def test_an_impatient_second_ctrl_c_does_not_disturb_the_stopping(supervised: Supervised) -> None:
    supervised.process.send_signal(signal.SIGINT)
    for _ in range(5):
        time.sleep(0.05)
        supervised.process.send_signal(signal.SIGINT)
    assert supervised.output() == "stopped by SIGINT\n"
    assert supervised.left_behind() == []


def test_a_killed_supervisor_leaves_nothing_behind(supervised: Supervised) -> None:
    supervised.process.kill()
    supervised.output()
    assert supervised.left_behind() == []


def test_a_child_that_dies_early_is_named_in_one_line_with_its_log(data: Path) -> None:
    supervisor = Supervised(data, "exits")
    assert supervisor.output() == (
        f"short ended with exit code 3; see {data / 'logs' / 'short.log'}\n"
    )
    assert supervisor.process.returncode == 1
    assert supervisor.left_behind() == []


def test_children_stop_in_reverse_order(data: Path) -> None:
    order = data / "order"
    obey = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    with open(sys.argv[1], 'a') as order: order.write(sys.argv[2] + ' ')\n"
        "    raise SystemExit\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path(sys.argv[1] + sys.argv[2]).touch()\n"
        "time.sleep(600)\n"
    )
    with Children(data) as children:
        for name in ("first", "second", "third"):
            children.start(
                name,
                [sys.executable, "-c", obey, str(order), name],
                ready=Path(f"{order}{name}").exists,
            )
    assert order.read_text() == "third second first "


def test_what_a_child_prints_is_in_its_log(data: Path) -> None:
    with Children(data) as children:
        program = children.start("sleeper", SLEEPER)
        assert eventually(lambda: b"asleep" in program.log.read_bytes())
    assert program.log == data / "logs" / "sleeper.log"
    assert program.exit_code == -signal.SIGTERM


def test_a_child_that_never_gets_ready_is_an_error(data: Path) -> None:
    with (
        pytest.raises(Unavailable, match=r"sleeper was not ready in 0\.1 s; see .*sleeper\.log"),
        Children(data) as children,
    ):
        children.start("sleeper", SLEEPER, ready=lambda: False, within=0.1)


def test_a_child_killed_from_outside_is_noticed_with_the_signal(data: Path) -> None:
    with Children(data) as children:
        os.kill(children.start("sleeper", SLEEPER).pid, signal.SIGKILL)
        with pytest.raises(Unavailable, match="sleeper was ended by SIGKILL"):
            children.watch(seconds=10)


def test_a_program_that_does_not_exist_is_an_error_with_a_reason_in_the_log(data: Path) -> None:
    with pytest.raises(Unavailable), Children(data) as children:
        children.start("ghost", ["/nowhere/ghost"], ready=lambda: False)
    assert "cannot run /nowhere/ghost" in (data / "logs" / "ghost.log").read_text()


def test_one_child_can_be_stopped_ahead_of_the_others(data: Path) -> None:
    with Children(data) as children:
        first = children.start("first", SLEEPER)
        second = children.start("second", SLEEPER)
        children.forget(first)
        assert first.exit_code is not None
        children.watch(seconds=0.2)
        assert runs(second.pid)


def test_a_program_started_elsewhere_is_stopped_too(data: Path) -> None:
    program = Program("sleeper", SLEEPER, log=data / "sleeper.log")
    with Children(data) as children:
        children.adopt(program)
    assert program.exit_code is not None


def test_a_signal_during_a_start_waits_until_the_child_is_written_down(data: Path) -> None:
    started = []

    def start_interrupted() -> None:
        with Children(data) as children, children._undisturbed():
            signal.raise_signal(signal.SIGTERM)
            started.append(Program("sleeper", SLEEPER, log=data / "sleeper.log"))
            children._keep(started[0])

    with pytest.raises(StopRequested):
        start_interrupted()
    assert started[0].exit_code is not None


def test_handlers_are_put_back(data: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with Children(data):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_stopping_kills_a_stubborn_program_and_its_child(data: Path) -> None:
    note = data / "grandchild"
    program = Program("stubborn", stubborn(note), log=data / "log")
    program.wait_ready(note.exists)
    grandchild = int(note.read_text())
    program.stop(grace=0.2)
    assert program.exit_code == -signal.SIGKILL
    assert eventually(lambda: not runs(grandchild))
