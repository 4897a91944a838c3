"""One child process: started in a session of its own, logged to a file, waited for, stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from outreach.domain.errors import Unavailable
from outreach.embedded import launch

_POLL_SECONDS = 0.02


class Program:
    """A child process that is ended with its starter.

    Start it from a thread that lives as long as the child should (as a rule the main thread):
    Linux sends the death signal when the *thread* that started a child ends.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Starts ``command`` (its first word an absolute path); both outputs are added to ``log``.

        ``environment`` is the child's whole environment; None hands on ours. ``user`` is for
        root: whose rights the child has.
        """
        self.name = name
        self.log = log
        self.stop_signal = stop_signal
        starter = [sys.executable, "-I", "-S", launch.__file__]
        facts = [str(os.getpid()), str(int(stop_signal)), user or launch.NO_USER]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
                [*starter, *facts, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=directory,
                start_new_session=True,  # Ctrl-C reaches the starter alone, which stops in order
            )

    @property
    def pid(self) -> int:
        """The process id, which is also its process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number when a signal ended it."""
        return self._process.poll()

    def wait_ready(self, ready: Callable[[], bool], within: float = 30.0) -> None:
        """Returns as soon as ``ready()`` is true; asked about every 20 ms.

        Raises:
            Unavailable: it ended instead, or was not ready ``within`` seconds.
        """
        deadline = time.monotonic() + within
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise Unavailable(f"{self.name} was not ready in {within:g} s; see {self.log}")
            time.sleep(_POLL_SECONDS)
        self.check()

    def check(self) -> None:
        """Raises Unavailable, naming the log file, when the process has ended."""
        code = self.exit_code
        if code is not None:
            raise Unavailable(f"{self.name} {_ending(code)}; see {self.log}")

    def stop(self, grace: float = 10.0) -> None:
        """Asks it to end, kills it after ``grace`` seconds, and kills what is left of its group."""
        if self.exit_code is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self._kill_group()
        self._kill_group()
        self._process.wait()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # nobody is left


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"
