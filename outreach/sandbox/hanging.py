"""Ways not to answer: to wait in silence, and to cut the connection."""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

DEFAULT_SECONDS = 60.0


class HungUp(Exception):
    """The sandbox closes: whoever still waits for an answer gets none."""


async def linger(closing: asyncio.Event, seconds: float) -> None:
    """Waits in silence; 0 means a minute.

    Raises:
        HungUp: the sandbox is closing.
    """
    try:
        await asyncio.wait_for(closing.wait(), seconds or DEFAULT_SECONDS)
    except TimeoutError:
        return
    raise HungUp


def hang_up(request: Request) -> Response:
    """Cuts the connection before a single byte of an answer."""
    return _Cut(_transport(request.scope))


def _transport(scope: Scope) -> asyncio.Transport | None:
    state: Mapping[str, object] = scope.get("state") or {}
    transport = state.get("transport")
    return transport if isinstance(transport, asyncio.Transport) else None


class _Cut(Response):
    """Answers nothing. Under a server that does not lend its transport (see ``server``) it breaks
    off after the headers, which a client cannot read as a success either.
    """

    def __init__(self, transport: asyncio.Transport | None) -> None:
        super().__init__()
        self._transport = transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        if self._transport is not None:
            self._transport.abort()
            return
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
