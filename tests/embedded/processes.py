"""Small programs to run as children, and whether a process still runs."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

SLEEPER = [sys.executable, "-c", "import time; print('asleep', flush=True); time.sleep(600)"]

# Says in its file argument who its own child is; neither of the two obeys SIGTERM.
STUBBORN = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    note = pathlib.Path(sys.argv[1])
    note.with_suffix(".new").write_text(str(child))
    note.with_suffix(".new").rename(note)
time.sleep(600)
"""


def stubborn(note: Path) -> list[str]:
    """A program with a child of its own, whose process id it writes to ``note``."""
    return [sys.executable, "-c", STUBBORN, str(note)]


def runs(pid: int) -> bool:
    """True while the process exists and is not merely waiting to be collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return not Path("/proc/self").exists()


def eventually(condition: Callable[[], bool], within: float = 10.0) -> bool:
    """True as soon as ``condition`` holds; False when it did not ``within`` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
