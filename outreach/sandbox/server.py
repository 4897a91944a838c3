"""Runs a sandbox on a port, in a server that can cut a connection without a word."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from outreach.domain.errors import Unavailable
from outreach.sandbox.app import create_sandbox
from outreach.sandbox.config import SandboxConfig

_KEEP_ALIVE_SECONDS = 75
"""Longer than any client's, as a provider's is."""


class _LendsTransport(H11Protocol):
    """Puts the connection's transport into the request's state, for ``hanging.hang_up``."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class SandboxServer(uvicorn.Server):
    """Stops at once even while clients are left hanging or look at the phones."""

    def __init__(self, config: SandboxConfig, host: str, port: int) -> None:
        self._app = create_sandbox(config)
        super().__init__(
            uvicorn.Config(
                self._app,
                host=host,
                port=port,
                http=_LendsTransport,
                ws="none",
                access_log=False,
                log_level="warning",
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=2,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets go of who waits, then closes as any server does."""
        carrier = self._app.state.carrier
        carrier.closing.set()
        carrier.bell.ring()
        await super().shutdown(sockets)


def serve(config: SandboxConfig, host: str = "127.0.0.1", port: int = 8091) -> None:
    """Serves until interrupted (SIGINT or SIGTERM). Listen on a public address at no time:
    who reaches the sandbox may read its record.
    """
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after an orderly end
        SandboxServer(config, host, port).run()


@contextmanager
def running_sandbox(config: SandboxConfig, port: int = 0) -> Iterator[str]:
    """A sandbox in a thread of this process, on a free port of loopback; its address.

    Raises:
        Unavailable: it did not come up within ten seconds, or the port is taken.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            raise Unavailable(
                f"Port {port} is in use: stop what uses it, or name another."
            ) from None
        server = SandboxServer(config, "127.0.0.1", listener.getsockname()[1])
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox")
        thread.start()
        try:
            _await_start(server, thread)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=15)


def _await_start(server: SandboxServer, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 10
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise Unavailable("The sandbox did not start: look at its record file and its log.")
        time.sleep(0.005)
