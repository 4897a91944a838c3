"""The supervisor behind ``outreach up`` and ``outreach demo``.

Starts named child processes with a log file each, tells the first that dies early, and stops all
in reverse order. Nothing it started outlives it, not even when it is killed itself: the kernel's
death signal ends each child, and ``reaper`` ends the children's children.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from outreach.embedded import reaper
from outreach.embedded.program import Program

_WATCH_SECONDS = 0.1
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(KeyboardInterrupt):
    """Somebody pressed Ctrl-C or sent SIGTERM or SIGHUP. Raised once, however often they did."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Children:
    """A context manager, for the main thread; leaving it stops every child.

    Inside it the first SIGINT, SIGTERM or SIGHUP raises ``StopRequested`` (which passes on to the
    caller after all are stopped); later ones are ignored, so that nothing disturbs the stopping.
    """

    def __init__(self, data: Path, *, grace: float = 10.0) -> None:
        """Log files go to ``data/logs``; a child has ``grace`` seconds to end before it is killed.

        A worker's ``grace`` must exceed the time it gives its running tasks.
        """
        self._logs = data / "logs"
        self._grace = grace
        self._programs: list[Program] = []
        self._previous: dict[signal.Signals, object] = {}
        self._requested: int | None = None
        self._busy = False

    def __enter__(self) -> Self:
        self._reaper = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", reaper.__file__, str(self._grace)],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for number in _STOP_SIGNALS:
            self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._busy = True  # from here on a signal is noted and changes nothing
        self.stop()
        self._reaper.communicate()
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as signal() returned it

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        ready: Callable[[], bool] | None = None,
        within: float = 30.0,
    ) -> Program:
        """Starts a child and waits until ``ready()``; see ``Program`` for the arguments.

        Raises:
            Unavailable: it ended or was not ready ``within`` seconds; names the log file.
            StopRequested: Ctrl-C or a stop signal came meanwhile.
        """
        with self._undisturbed():
            program = Program(
                name, command, log=self._logs / f"{name}.log", environment=environment
            )
            self._keep(program)
        if ready is not None:
            program.wait_ready(ready, within)
        return program

    def adopt(self, program: Program) -> Program:
        """Also watches and stops a process that was started elsewhere, such as a server."""
        with self._undisturbed():
            self._keep(program)
        return program

    def forget(self, program: Program) -> None:
        """Stops one child ahead of the others and watches it no longer."""
        with self._undisturbed():
            self._programs.remove(program)
            self._end(program)

    def watch(self, seconds: float | None = None) -> None:
        """Blocks for ``seconds``, or for ever, while all children live.

        Raises:
            Unavailable: a child ended; names it and its log file.
            StopRequested: Ctrl-C or a stop signal came.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while deadline is None or time.monotonic() < deadline:
            for program in self._programs:
                program.check()
            time.sleep(_WATCH_SECONDS)

    def stop(self) -> None:
        """Stops all children, the last started first. Safe to call again."""
        while self._programs:
            self._end(self._programs.pop())

    def _keep(self, program: Program) -> None:
        self._programs.append(program)
        self._tell(f"+{program.pid} {int(program.stop_signal)}")

    def _end(self, program: Program) -> None:
        program.stop(self._grace)
        self._tell(f"-{program.pid}")

    def _tell(self, line: str) -> None:
        assert self._reaper.stdin is not None  # noqa: S101 - opened as a pipe in __enter__
        try:
            self._reaper.stdin.write(line + "\n")
            self._reaper.stdin.flush()
        except BrokenPipeError:
            return  # somebody killed the reaper; the kernel's death signal still guards us

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._requested is None:
            self._requested = number
            if not self._busy:
                raise StopRequested(number)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Puts a stop signal off: a child is never started without being written down."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._requested is not None:
            raise StopRequested(self._requested)
