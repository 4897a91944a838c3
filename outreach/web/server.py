"""Runs the web part in uvicorn: no access log (addresses hold ids), no trust in proxy headers."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from outreach.domain.errors import Unavailable

_KEEP_ALIVE_SECONDS = 75
"""Longer than any client's, so that no client writes into a connection we have just closed."""
_HEAD_SECONDS = 15.0
"""For the first line and the headers of a request."""
_MOST_CONNECTIONS = 2000
_STOP_SECONDS = 10


class _Impatient(H11Protocol):
    """Hangs up on who opens a connection and does not say what they want."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """The timer runs from the first byte (or the connection) until the headers are whole."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_watching()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(_HEAD_SECONDS, self._hang_up)

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _hang_up(self) -> None:
        self._head_timer = None
        if (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
            self.transport.close()


def _server(app: FastAPI) -> uvicorn.Server:
    options: dict[str, Any] = {
        "http": _Impatient,
        "ws": "none",
        "access_log": False,
        "log_level": "warning",
        "proxy_headers": False,
        "server_header": False,
        "limit_concurrency": _MOST_CONNECTIONS,
        "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": _STOP_SECONDS,
    }
    return uvicorn.Server(uvicorn.Config(app, **options))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise Unavailable(
            f"Cannot listen on {host} port {port} ({error.strerror}): "
            "stop what uses it, or name another."
        ) from None


def serve(app: FastAPI, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serves until interrupted (SIGINT or SIGTERM), then finishes what is under way.

    Raises:
        Unavailable: the port is taken.
    """
    with _listen(host, port) as listener:
        _server(app).run(sockets=[listener])


@contextmanager
def running(app: FastAPI, port: int = 0) -> Iterator[str]:
    """The application in a thread of this process, on loopback; its address.

    Raises:
        Unavailable: it did not come up within ten seconds, or the port is taken.
    """
    with _listen("127.0.0.1", port) as listener:
        server = _server(app)
        thread = threading.Thread(target=server.run, args=([listener],), name="web")
        thread.start()
        try:
            _await_start(server, thread)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=_STOP_SECONDS + 5)


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 10
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise Unavailable("The web part did not start: look at its log.")
        time.sleep(0.005)
