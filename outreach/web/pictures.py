"""Pictures that patients sent: to staff who are signed in, and never as anything but a picture."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.domain.pictures import HEIC
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, FollowUpNote, Media, MediaStatus, Reply
from outreach.storage.unit import Unit
from outreach.web.edge import Edge
from outreach.web.problems import Refused
from outreach.web.sign_in import LIST_PATH, StaffDoor

log = structlog.get_logger(__name__)

_ALONE = "sandbox; default-src 'none'"
"""Opened by itself, it can run nothing and fetch nothing."""
_WORDS = {
    MediaStatus.WAITING: "A picture is still being fetched. Look again in a moment.",
    MediaStatus.STORED: "A picture from the patient",
    MediaStatus.REFUSED: "A file came that is no picture, or too large. Ask the patient about it.",
    MediaStatus.FAILED: "A picture could not be fetched. Ask the patient for it again.",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture."""

    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PictureView:
    """One picture on the page of an item: its address once it is here, else where it is."""

    path: str
    """Empty where there is nothing to show."""
    is_shown: bool
    """Whether a browser shows it; else it is a file to open elsewhere."""
    words: str


class Pictures:
    """The one route: a picture is reached by an item that its reply made."""

    def __init__(self, edge: Edge, door: StaffDoor) -> None:
        self._edge = edge
        self._door = door

    def routes(self) -> list[Route]:
        """A picture of an item."""
        return [Route(f"{LIST_PATH}/{{code}}/pictures/{{picture}}", self.show)]

    async def show(self, request: Request) -> Response:
        """The bytes, under the type that they were found to have."""
        self._door.admit(request)
        params = request.path_params
        try:
            media_id = UUID(params["picture"])
        except ValueError:
            raise _unknown() from None
        find = partial(picture_of, self._edge.world, params["code"], media_id)
        found = await self._edge.run(find)
        if found is None:
            raise _unknown()
        log.info("picture.shown", media_id=str(media_id))
        way = "attachment" if found.kind == HEIC else "inline"
        headers = {
            "Content-Security-Policy": _ALONE,
            "Content-Disposition": f'{way}; filename="picture"',
        }
        return Response(found.content, media_type=found.kind, headers=headers)


def picture_of(world: World, code: str, media_id: UUID) -> Picture | None:
    """A picture that came with one of the replies of an item; None where there is none such.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with world.db.read() as unit:
        item = unit.followups.by_code(code.strip().upper())
        file = unit.inbound.media(media_id)
        if item is None or file is None or file.kind is None:
            return None
        known = _replies_of(item, unit.followups.notes_of(item.id))
        content = unit.inbound.content_of(media_id) if file.reply_id in known else None
        return None if content is None else Picture(file.kind, content)


def pictures_of(
    unit: Unit, item: FollowUp, reply: Reply | None, notes: list[FollowUpNote]
) -> tuple[PictureView, ...]:
    """What came with the replies of an item, and what is not here of the last of them."""
    if not notes and (reply is None or not reply.media):
        return ()
    replies = _replies_of(item, notes)
    files = unit.inbound.media_of(replies) if replies else []
    own = sum(reply is not None and file.reply_id == reply.id for file in files)
    lost = 0 if reply is None else max(0, reply.media - own)
    missing = PictureView("", is_shown=False, words=_WORDS[MediaStatus.FAILED])
    return (*(_view(item, file) for file in files), *([missing] * lost))


def _replies_of(item: FollowUp, notes: list[FollowUpNote]) -> set[UUID]:
    ids = {item.reply_id, *(note.reply_id for note in notes)}
    return {reply_id for reply_id in ids if reply_id is not None}


def _view(item: FollowUp, file: Media) -> PictureView:
    stored = file.status is MediaStatus.STORED
    path = f"{LIST_PATH}/{item.code}/pictures/{file.id.hex}" if stored else ""
    return PictureView(path, is_shown=stored and file.kind != HEIC, words=_WORDS[file.status])


def _unknown() -> Refused:
    return Refused(404, "There is no such picture.")
