"""``python -m outreach.embedded.with_postgres PROGRAM ARGUMENT...``: lends a throw-away PostgreSQL.

Starts a server, replaces ``{url}`` in the arguments by its address, runs the program and ends with
its exit code; the server is gone afterwards.
"""

import subprocess
import sys

from outreach.domain.errors import OutreachError
from outreach.embedded.postgres_server import start_postgres


def main(words: list[str]) -> int:
    """The program's exit code; 2 when there is nothing to run or no server to lend."""
    if not words:
        return _refuse("with_postgres needs a program to run")
    try:
        server = start_postgres()
    except OutreachError as error:
        return _refuse(str(error))
    if server is None:
        return _refuse("no PostgreSQL found: run 'make test' once, or install PostgreSQL")
    with server:
        command = [word.replace("{url}", server.url()) for word in words]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - what we were told


def _refuse(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
