"""Keeps one PostgreSQL running for as long as any worker of a test run uses it.

Run as ``python -m tests.postgres_keeper DIRECTORY``; returns once the server answers and stays in
the background. Users hold a shared lock on ``DIRECTORY/users``; the kernel releases it when they
end, however they end, and when the last is gone the keeper gets the lock, stops the server and
removes its files.
"""

import fcntl
import os
import shutil
import signal
import sys
from pathlib import Path

from outreach.embedded.postgres_server import start_postgres

USERS = "users"
KEEPER = "keeper"
CLUSTER = "cluster"


def keep(directory: Path, ready: int) -> None:
    """Serves until the users are gone; closes ``ready`` with a byte in it once it serves."""
    with (directory / KEEPER).open("a") as alive, (directory / USERS).open("a") as users:
        fcntl.flock(alive, fcntl.LOCK_EX)  # held for our whole life: see ``servers.wait_for_end``
        server = start_postgres(directory / CLUSTER)
        if server is None:
            raise SystemExit("no PostgreSQL found: neither its wheel nor the system's")
        os.write(ready, b"1")
        os.close(ready)
        try:
            fcntl.flock(users, fcntl.LOCK_EX)
        finally:
            server.stop()
            shutil.rmtree(directory / CLUSTER, ignore_errors=True)


def main(directory: Path) -> int:
    """Splits in two: one half reports to the caller, the other serves in a session of its own."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return 0 if os.read(reading, 1) else 1
    os.close(reading)
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep(directory, writing)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
