"""Starts again what has died, as a container engine would, and does nothing else for a system."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from outreach.domain.errors import Unavailable
from outreach.embedded.children import Children
from outreach.embedded.program import Program
from outreach.embedded.reaper import group_exists
from tests.chaos.machine import children_of, state_of

_RESTART_PAUSE = 0.2
_LONGEST_STEP = 1.5
"""Seconds that a step of the supervisor may take when it runs; starting a server takes one."""


class Supervisor:
    """Parts by name; a system says how each is started, and in which family of children."""

    children: Children

    def __init__(self) -> None:
        self.restarts: Counter[str] = Counter()
        self.awake = 0.0
        """Seconds in which this process could run: what patience is measured by."""
        self.asleep = 0.0
        """Seconds in which it could not, because somebody stopped it or the machine was full."""
        self._held: Counter[str] = Counter()
        self._starts: dict[str, Callable[[], Program]] = {}
        self._running: dict[str, Program] = {}
        self._dead_since: dict[str, float] = {}
        self._left: list[Program] = []

    def tend(self) -> None:
        """Starts again what has died and is not held down, as a container engine would."""
        now = time.monotonic()
        for name, program in list(self._running.items()):
            if program.exit_code is None or self._held[name]:
                self._dead_since.pop(name, None)
                continue
            if now - self._dead_since.setdefault(name, now) < _RESTART_PAUSE:
                continue
            del self._dead_since[name]
            self._forget(program)
            self.restarts[name] += 1
            with suppress(Unavailable):  # it is tried again: what it left may still be in its way
                self._begin(name)
        self._let_go()

    def live(self, seconds: float) -> None:
        """Time passes under the supervisor."""
        end = time.monotonic() + seconds
        while (began := time.monotonic()) < end:
            self.tend()
            time.sleep(0.02)
            took = time.monotonic() - began
            self.awake += min(took, _LONGEST_STEP)
            if took > 2 * _LONGEST_STEP:
                self.asleep += took

    def stopped(self) -> list[str]:
        """Parts with a process that somebody has stopped (SIGSTOP), for a report."""
        return [
            name for name in self._running if any(state_of(pid) == "T" for pid in self.tree(name))
        ]

    def hold(self, name: str) -> None:
        """Keeps a part down once it is dead."""
        self._held[name] += 1

    def release(self, name: str) -> None:
        self._held[name] -= 1

    def _forget(self, program: Program) -> None:
        """What it left behind in its group lives on, as orphans of a killed parent do."""
        if program in self.children._programs:
            self.children._programs.remove(program)
            self._left.append(program)

    def _let_go(self) -> None:
        """A group that has ended is nobody's any more: another may be given its number."""
        for program in [one for one in self._left if not group_exists(one.pid)]:
            self._left.remove(program)
            self.children._tell(f"-{program.pid}")

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def tree(self, name: str) -> list[int]:
        """The processes of a part, its leader first."""
        found, ahead = [], [self.pid(name)]
        while ahead:
            pid = ahead.pop(0)
            found.append(pid)
            ahead += children_of(pid)
        return found

    def kill(self, name: str) -> None:
        """SIGKILL to a part and all its processes: a container that is killed."""
        self._signal(self.tree(name), signal.SIGKILL)

    @staticmethod
    def _signal(pids: list[int], number: signal.Signals) -> None:
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue  # it has ended meanwhile

    def signal(self, pids: list[int], number: signal.Signals) -> None:
        self._signal(pids, number)

    def _begin(self, name: str) -> None:
        self._running[name] = self._starts[name]()
        if name in {"redis", "postgres"}:
            self._keep(name, self._running[name])

    def _keep(self, name: str, program: Program) -> None:
        self._running[name] = self.children.adopt(program)
