"""The client that carries webhooks: one answer or one clear failure, whatever the app does."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from outreach.sandbox.poster import NoAnswer, Poster, Unreachable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def posting(serve: Served, times: int = 1, answer_seconds: float = 2.0) -> list[int]:
    """The statuses of so many posts, one after another, to an app that behaves like this."""

    async def run() -> list[int]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?a=1"
        poster = Poster(answer_seconds)
        try:
            statuses = []
            for _ in range(times):
                statuses.append(await poster.post(url, b"Body=hello", {"X-Test": "1"}))
                await asyncio.sleep(0.02)
            return statuses
        finally:
            await poster.close()
            server.close()
            await asyncio.sleep(0.05)  # the app's side of each connection ends, too

    return asyncio.run(run())


class App:
    """Counts connections and requests; answers each request with the same bytes."""

    def __init__(self, answer: bytes, requests_per_connection: int = 100) -> None:
        self.answer = answer
        self.patience = requests_per_connection
        self.connections = 0
        self.requests: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            for _ in range(self.patience):
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head + await reader.readexactly(10))
                writer.write(self.answer)
                await writer.drain()
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


def test_a_connection_is_used_again() -> None:
    app = App(OK)
    assert posting(app, times=3) == [200, 200, 200]
    assert app.connections == 1
    assert app.requests[0].startswith(b"POST /hook?a=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert app.requests[0].endswith(b"\r\n\r\nBody=hello")


def test_a_connection_the_app_closed_meanwhile_costs_nothing() -> None:
    app = App(OK, requests_per_connection=1)
    assert posting(app, times=3) == [200, 200, 200]
    assert len(app.requests) == app.connections == 3


@pytest.mark.parametrize(
    ("answer", "status", "connections"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, 1),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 500, 1),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 200, 2),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, 2),
    ],
)
def test_answers_of_every_kind(answer: bytes, status: int, connections: int) -> None:
    app = App(answer)
    assert posting(app, times=2) == [status, status]
    assert app.connections == connections


@pytest.mark.parametrize("answer", [b"hello\r\n\r\n", b"HTTP/1.1 2"])
def test_what_is_no_answer_is_told_as_none(answer: bytes) -> None:
    with pytest.raises(NoAnswer):
        posting(App(answer, requests_per_connection=1))


def test_silence_ends_after_its_time() -> None:
    with pytest.raises(NoAnswer):
        posting(App(b""), answer_seconds=0.1)


def test_nobody_there_is_told_apart() -> None:
    async def run() -> None:
        await Poster(1.0).post("http://127.0.0.1:9/x", b"", {})

    with pytest.raises(Unreachable):
        asyncio.run(run())
