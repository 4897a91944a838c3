"""A small HTTP/1.1 client that can only POST: a webhook must cost less than the text it is about.

Connections are kept and used again; an answer whose length is not told ends its connection.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_CONNECT_SECONDS = 5.0
_AT_ONCE = 32
_IDLE = 32


class Unreachable(Exception):
    """No connection could be made: nothing was sent."""


class NoAnswer(Exception):
    """The connection broke, or no answer came in time."""


@dataclass(slots=True)
class _Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool = False


class Poster:
    """At most 32 requests at a time, over all hosts. Made inside the loop that uses it."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self._idle: dict[tuple[str, str], list[_Line]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer; redirects are not followed.

        Raises:
            Unreachable: no connection within five seconds.
            NoAnswer: the connection broke or the answer took too long.
        """
        status, _ = await self.ask(url, body, headers)
        return status

    async def ask(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer; the body is empty where its length is not told.

        Raises:
            Unreachable, NoAnswer: as ``post``.
        """
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        request = "\r\n".join(lines).encode("latin-1") + body
        async with self._slots:
            return await self._exchange((parts.scheme, parts.netloc), request)

    async def close(self) -> None:
        """Ends the connections that are idle."""
        idle = [line.writer for lines in self._idle.values() for line in lines]
        self._idle.clear()
        for writer in idle:
            writer.close()
        farewells = (writer.wait_closed() for writer in idle)
        await asyncio.gather(*farewells, return_exceptions=True)

    async def _exchange(self, place: tuple[str, str], request: bytes) -> tuple[int, bytes]:
        while True:
            line = await self._line(place)
            try:
                async with asyncio.timeout(self._answer_seconds):
                    line.writer.write(request)
                    status, reusable, content = await _answer(line.reader)
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
                line.writer.close()
                if line.used and not isinstance(error, TimeoutError):
                    continue  # the app had closed an idle connection: take another
                raise NoAnswer from None
            except asyncio.CancelledError:
                line.writer.close()
                raise
            self._put_back(place, line, reusable)
            return status, content

    async def _line(self, place: tuple[str, str]) -> _Line:
        idle = self._idle.get(place)
        if idle:
            return idle.pop()
        parts = urlsplit(f"{place[0]}://{place[1]}")
        secure = ssl.create_default_context() if parts.scheme == "https" else None
        port = parts.port or (443 if secure else 80)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure)
        except OSError:
            raise Unreachable from None
        return _Line(reader, writer)

    def _put_back(self, place: tuple[str, str], line: _Line, reusable: bool) -> None:
        idle = self._idle.setdefault(place, [])
        if reusable and len(idle) < _IDLE:
            line.used = True
            idle.append(line)
        else:
            line.writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool, bytes]:
    """Status, whether the connection may be used again, and the body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].partition(" ")[2][:3])
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
    }
    kept = headers.get("connection", "").lower() != "close"
    if status == 204:
        return status, kept, b""
    length = headers.get("content-length", "")
    if not length.isdigit():
        return status, False, b""
    return status, kept, await reader.readexactly(int(length))
