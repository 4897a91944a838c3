"""Wires between processes that can be stalled, slowed and cut: a proxy on a port or a socket."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from outreach.channels.loop_thread import LoopThread

_CHUNK = 65536
_NOT = struct.pack("ii", 1, 0)
"""Linger for no time: the other side hears of a reset, not of an end."""
_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[_Ends]]


class Wire:
    """One proxied address. A wire that stalls takes new connections and says nothing on them."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._flows = asyncio.Event()
        self._flows.set()
        self._pause = 0.0
        self._open: set[asyncio.StreamWriter] = set()
        self.address = ""
        """``host:port``, or the path of a socket."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it or the wire is cut."""
        self._open.add(writer)
        try:
            far_reader, far_writer = await self._dial()
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(far_writer)
        ways = [
            asyncio.create_task(self._carry(reader, far_writer)),
            asyncio.create_task(self._carry(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, far_writer):
                self._open.discard(end)
                end.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self._pause:
                await asyncio.sleep(self._pause)
            await self._flows.wait()
            writer.write(data)
            await writer.drain()

    def stall(self) -> None:
        self._flows.clear()

    def slow(self, seconds: float) -> None:
        """Each piece of data comes so much later."""
        self._pause = seconds

    def mend(self) -> None:
        self._pause = 0.0
        self._flows.set()

    def cut(self) -> None:
        """Resets every connection; new ones are taken as before."""
        for end in list(self._open):
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOT)
            end.transport.abort()


class Wires:
    """A context manager: the loop that all wires run in."""

    def __enter__(self) -> Self:
        self._loop = LoopThread("wires")
        self._servers: list[asyncio.Server] = []
        self._made: list[Wire] = []
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.submit(self._close()).result(timeout=10)
        self._loop.close()

    def to_port(self, port: int) -> Wire:
        """A wire on a free port of this machine, to another port of it."""
        wire = Wire(lambda: asyncio.open_connection("127.0.0.1", port))
        self._loop.submit(self._listen(wire, None)).result(timeout=10)
        return wire

    def to_socket(self, near: Path, far: Path) -> Wire:
        """A wire on the Unix socket ``near``, to the one that is called ``far``."""
        wire = Wire(lambda: asyncio.open_unix_connection(str(far)))
        self._loop.submit(self._listen(wire, near)).result(timeout=10)
        return wire

    def call(self, work: Callable[[], None]) -> None:
        """Runs ``work`` on a wire where wires live, and waits for it."""

        async def done() -> None:
            work()

        self._loop.submit(done()).result(timeout=10)

    async def _listen(self, wire: Wire, near: Path | None) -> None:
        if near is None:
            server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
            host, port = server.sockets[0].getsockname()[:2]
            wire.address = f"{host}:{port}"
        else:
            server = await asyncio.start_unix_server(wire.serve, str(near))
            wire.address = str(near)
        self._servers.append(server)
        self._made.append(wire)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for wire in self._made:
            wire.mend()
            wire.cut()
        await asyncio.sleep(0.05)  # the connections' own ends
