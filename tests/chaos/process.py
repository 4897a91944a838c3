"""``python -m tests.chaos.process WORDS``: a part of the program, on a clock that may jump.

It is ``outreach WORDS`` but for two things. Its machine clock is the machine's plus what stands in
the file ``CHAOS_SKEW``: this program asks one class for the time (``clocks.SystemClock``), so that
moving that class is as near as one comes to moving the clock of a machine that others use too. And
the waits after a failed try, and before a provider is asked for a report that did not come, are
short, so that a drill takes seconds.
"""

import mmap
import os
import struct
import sys
from datetime import datetime, timedelta
from pathlib import Path

from outreach.cli.app import main
from outreach.clocks import SystemClock
from outreach.domain import receipts, retries

SKEW = "CHAOS_SKEW"
SHORT_WAITS = (timedelta(seconds=0.2), timedelta(seconds=2))
UNREACHABLE = timedelta(seconds=4)
"""Hours in the open: a phone that is out of reach would keep a drill from coming to rest."""
ASKED = (timedelta(seconds=3), timedelta(minutes=10))
"""Longer than the carrier takes, so that it is asked about few whose report is on its way."""
_SECONDS = struct.Struct("<d")


def set_skew(path: Path, seconds: float) -> None:
    """From now on every part's machine clock is so far ahead (or, below zero, behind)."""
    if not path.exists():
        path.write_bytes(_SECONDS.pack(0.0))
    with path.open("r+b") as file:
        file.write(_SECONDS.pack(seconds))


def _skew_the_clock(path: Path) -> None:
    true_now = SystemClock.now
    with path.open("rb") as file:
        shared = mmap.mmap(file.fileno(), _SECONDS.size, access=mmap.ACCESS_READ)

    def now(self: SystemClock) -> datetime:
        return true_now(self) + timedelta(seconds=_SECONDS.unpack_from(shared)[0])

    SystemClock.now = now  # type: ignore[method-assign]


def _shorten_the_waits() -> None:
    retries._FIRST, retries._SLOWEST = SHORT_WAITS
    retries.UNREACHABLE_WAIT = UNREACHABLE
    receipts.FIRST_ASK, receipts.LAST_ASK = ASKED


if __name__ == "__main__":
    _skew_the_clock(Path(os.environ[SKEW]))
    _shorten_the_waits()
    sys.argv[0] = "outreach"
    main()
