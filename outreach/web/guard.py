"""The outermost layer: headers every answer carries, and faults that end in one calm sentence."""

import traceback
from pathlib import Path

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outreach.web.problems import problem

log = structlog.get_logger(__name__)

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_ENCRYPTED_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
_PACKAGE = Path(__file__).parents[1]


class Guard:
    """ASGI middleware. An exception's text may hold what a caller sent, so it is never shown."""

    def __init__(self, app: ASGIApp, *, encrypted: bool) -> None:
        self._app = app
        self._headers = {**_HEADERS, **(_ENCRYPTED_ONLY if encrypted else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001  the last place that could still answer
            log.error("web.failed", error=type(error).__name__, at=_place(error))  # noqa: TRY400
            if not begun:
                answer = problem(500, "Something went wrong here. The operator has been told.")
                await answer(scope, receive, send_with_headers)


def _place(error: Exception) -> str:
    """The innermost line of this program that an exception passed: enough to find the fault."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_PACKAGE):
            return f"{path.relative_to(_PACKAGE)}:{frame.lineno}"
    return "outside this program"
