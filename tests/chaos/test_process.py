"""The clock of a part really jumps: a drill whose fault does nothing would prove nothing."""

import subprocess
import sys
from pathlib import Path

from tests.chaos.process import set_skew
from tests.cli.conftest import REPOSITORY

_TELL = """
import pathlib, sys
from datetime import UTC, datetime
from outreach.clocks import SystemClock
from tests.chaos import process

path = pathlib.Path(sys.argv[1])
process._skew_the_clock(path)
for seconds in (90.0, -30.0, 0.0):
    process.set_skew(path, seconds)
    print(round((SystemClock().now() - datetime.now(UTC)).total_seconds()))
"""


def test_a_part_reads_the_skew_whenever_it_asks_for_the_time(tmp_path: Path) -> None:
    set_skew(tmp_path / "skew", 0.0)
    done = subprocess.run(
        [sys.executable, "-c", _TELL, str(tmp_path / "skew")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["90", "-30", "0"]
