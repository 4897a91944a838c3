"""Pictures of simulated patients: kept by the carrier, and given to whoever has its credentials.

Like Twilio, the address in a webhook asks for credentials and answers with another one, which asks
for none: an app must leave its credentials behind.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from outreach.sandbox.journal import Journal
from outreach.sandbox.message import new_sid
from outreach.sandbox.twilio_auth import Door
from outreach.sandbox.twilio_errors import refusal

_ITEM = "/2010-04-01/Accounts/{account}/Messages/{message}/Media/{sid}"
_STORE = "/store/{sid}"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a message."""

    kind: str
    """What its sender calls it."""
    content: bytes


class MediaStore:
    """Every query about pictures."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def add(self, message: str, files: Sequence[File]) -> list[str]:
        """Keeps the files of a message; their ids."""
        rows = [(new_sid("ME"), message, file.kind, file.content) for file in files]

        def work(db: sqlite3.Connection) -> None:
            db.executemany("INSERT INTO media VALUES (?, ?, ?, ?)", rows)

        await self._journal.run(work)
        return [row[0] for row in rows]

    async def find(self, sid: str, message: str | None = None) -> File | None:
        """One file; of a message, where that is named."""

        def work(db: sqlite3.Connection) -> File | None:
            row = db.execute("SELECT * FROM media WHERE sid = ?", (sid,)).fetchone()
            if row is None or message not in {None, row["message"]}:
                return None
            return File(row["kind"], bytes(row["content"]))

        return await self._journal.run(work)


def media_path(account: str, message: str, sid: str) -> str:
    """Where Twilio says that a file is."""
    return _ITEM.format(account=account, message=message, sid=sid)


def media_routes(store: MediaStore, door: Door) -> list[Route]:
    """The address that asks for credentials, and the one behind it."""

    async def item(request: Request) -> Response:
        if (refused := door.stranger(request)) is not None:
            return refused
        sid = request.path_params["sid"]
        if await store.find(sid, request.path_params["message"]) is None:
            return refusal(20404)
        return RedirectResponse(_STORE.format(sid=quote(sid)), 307)

    async def stored(request: Request) -> Response:
        file = await store.find(request.path_params["sid"])
        if file is None:
            return Response(status_code=404)
        return Response(file.content, media_type=file.kind)

    return [Route(_ITEM, item, methods=["GET"]), Route(_STORE, stored, methods=["GET"])]
