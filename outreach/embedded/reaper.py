"""Ends what a killed supervisor left behind.

Run as a script by ``children``, which writes ``+PID SIGNAL`` for each process group it starts and
``-PID`` for each that has ended. The end of input means that the supervisor is gone: groups still
named are ended. Covers what the kernel's death signal does not: a child's own children, and
systems other than Linux. Imports the standard library alone: it runs under ``-S``.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

_POLL_SECONDS = 0.05


def read_groups(lines: Iterable[str]) -> dict[int, int]:
    """The groups still alive when the input ends: process group -> its polite signal."""
    groups: dict[int, int] = {}
    for line in lines:
        if line.startswith("+"):
            group, polite = line[1:].split()
            groups[int(group)] = int(polite)
        else:
            groups.pop(int(line[1:]), None)
    return groups


def group_exists(group: int) -> bool:
    """True while any process, even one not yet waited for, is in ``group``."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end_groups(groups: dict[int, int], grace: float) -> None:
    """Asks each group's leader to end, waits up to ``grace`` seconds, then kills the groups."""
    for leader, polite in groups.items():
        if sys.platform != "linux":  # there the kernel has sent it already
            _signal(leader, polite)
    deadline = time.monotonic() + grace
    while any(map(group_exists, groups)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for group in groups:
        _signal(-group, signal.SIGKILL)


def _signal(target: int, number: int) -> None:
    try:
        os.kill(target, number)
    except ProcessLookupError:
        return  # ended by itself, which is what we want


def main(arguments: list[str]) -> None:
    """``arguments``: the grace in seconds."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # we end by the end of input, never before
    end_groups(read_groups(sys.stdin), float(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
