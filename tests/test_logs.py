"""A log that cannot be written never stops the work that it tells of."""

import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import REPOSITORY

_TELL = """
from outreach.logs import configure_logs
import structlog
configure_logs()
structlog.get_logger("a").warning("something.happened", of="a task")
print("the work went on")
"""


def test_a_full_disk_costs_the_line_and_not_the_work() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", _TELL],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
        )
    assert done.stdout == "the work went on\n"


def test_a_line_is_written_where_there_is_room() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TELL], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert '"event": "something.happened"' in done.stderr
