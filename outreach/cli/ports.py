"""Ports on this machine that are ours from when they are chosen until a child listens there."""

import socket
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from outreach.domain.errors import Unavailable

HOST = "127.0.0.1"
_CAN_BE_SHARED = sys.platform.startswith("linux")
"""Elsewhere a port that is bound cannot be bound again, and is only looked at here."""


class HeldPorts:
    """Ports kept by sockets that are bound and never listen; leaving the context lets them go.

    A child can bind the same port and listen, also when it is started again, because both sockets
    allow it (SO_REUSEADDR). Nobody who asks for any free port is given it meanwhile.
    """

    def __init__(self, wanted: Iterable[int]) -> None:
        """Takes each of ``wanted``, and a free one for each 0.

        Raises:
            Unavailable: a port is in use.
        """
        self._sockets: list[socket.socket] = []
        try:
            self.numbers = [self._hold(port) for port in wanted]
        except Unavailable:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets them go. Safe to call again."""
        while self._sockets:
            self._sockets.pop().close()

    def _hold(self, wanted: int) -> int:
        holder = socket.socket()
        self._sockets.append(holder)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((HOST, wanted))
        except OSError:
            raise Unavailable(
                f"Port {wanted} is in use: stop what uses it, or name another."
            ) from None
        port: int = holder.getsockname()[1]
        if not _CAN_BE_SHARED:
            self.close()
        return port
