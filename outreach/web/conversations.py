"""A conversation with one patient, as a person of the clinic reads it and writes in it."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from outreach.domain.errors import BadInput, NotFound
from outreach.domain.states import MessageStatus
from outreach.pipeline.replies import staff_message, takeover
from outreach.pipeline.replies.staff_message import Draft, Warned
from outreach.pipeline.world import World
from outreach.web.edge import Edge
from outreach.web.followup_view import moment, readable
from outreach.web.forms import Form, read_form
from outreach.web.pages import page
from outreach.web.problems import Refused
from outreach.web.sign_in import LIST_PATH, Session, StaffDoor, check_own_site

_MOST_SHOWN = 60
_LONGEST = 1600
_NOTICES = {
    "sent": "On its way. What the patient answers is yours until you give the conversation back.",
    "released": "Given back: the questions asked before are open again.",
    "nobody": "Nobody has taken this conversation over.",
    "stale": "That page was out of date, so nothing was sent. Please try again.",
}
_STANDS = {
    MessageStatus.DELIVERED: "delivered",
    MessageStatus.UNDELIVERED: "not delivered",
    MessageStatus.FAILED: "failed",
    MessageStatus.SKIPPED: "not sent",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One message of either side."""

    at: str
    theirs: bool
    by: str
    text: str
    stands: str


@dataclass(frozen=True, slots=True)
class Thread:
    """What was said, and whose the conversation is."""

    code: str
    patient: str
    lines: tuple[Line, ...]
    taken_by: str
    """Empty while it is nobody's."""
    until: str
    asked: tuple[str, ...]
    """The questions that are suspended by it."""


def thread(world: World, code: str) -> Thread:
    """The last messages of both sides, the newest last.

    Raises:
        NotFound: no item has this code, or it stands for no patient.
    """
    with world.db.read() as unit:
        if unit.followups.by_code(code.strip().upper()) is None:
            raise NotFound("No follow-up has this code.")
        patient = staff_message.addressee(unit, world, code).patient
        now, zone = world.clinic_now(), world.clinic.zone
        found: list[tuple[datetime, Line]] = []
        replies = unit.replies.of_patient(patient.id)[-_MOST_SHOWN:]
        for reply in replies:
            at = moment(reply.received_at, now, zone)
            line = Line(at, theirs=True, by="", text=readable(reply.body), stands="")
            found.append((reply.received_at, line))
        messages = unit.messages.of_patient(patient.id)[-_MOST_SHOWN:]
        words = unit.takeovers.words_of([row.id for row in messages])
        for row in messages:
            word = words.get(row.id)
            text = row.body or (None if word is None else word.words)
            if text is None:
                continue
            by = "Outreach" if word is None else word.who
            stands = _STANDS.get(row.status, "on its way" if row.accepted_at is None else "sent")
            at = moment(row.created_at, now, zone)
            line = Line(at, theirs=False, by=readable(by), text=readable(text), stands=stands)
            found.append((row.created_at, line))
        found.sort(key=lambda pair: pair[0])
        holding = [
            row
            for row in unit.takeovers.of_patient(patient.id)
            if row.ended_at is None and row.ends_at > now
        ]
        asked = {
            question.prompt.value.replace("_", " ")
            for row in holding
            for question in unit.takeovers.suspended(row.address_index, now)
        }
        names = (patient.given, patient.family)
        return Thread(
            code=code.strip().upper(),
            patient=readable(" ".join(part for part in names if part)),
            lines=tuple(line for _, line in found[-_MOST_SHOWN:]),
            taken_by=", ".join(sorted({readable(row.nurse) for row in holding})),
            until=moment(max(row.ends_at for row in holding), now, zone) if holding else "",
            asked=tuple(sorted(asked)),
        )


class ConversationPages:
    """The thread, and the two forms: to write, and to give it back."""

    def __init__(self, edge: Edge, door: StaffDoor) -> None:
        self._edge = edge
        self._door = door

    def routes(self) -> list[Route]:
        """All of them under the page of an item."""
        path = f"{LIST_PATH}/{{code}}/conversation"
        return [
            Route(path, self.show),
            Route(f"{path}/send", self.send, methods=["POST"]),
            Route(f"{path}/release", self.release, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The thread; stands still, because somebody may be writing."""
        session = self._door.admit(request)
        return await self._page(request, session)

    async def send(self, request: Request) -> Response:
        """Somebody writes. With warnings, the page shows them and asks once more."""
        code = request.path_params["code"]
        form, session = await self._own_form(request)
        if form is None:
            return _back(code, "stale")
        text = form.get("text", "")
        work = partial(
            staff_message.say,
            self._edge.world,
            code.strip().upper(),
            text,
            who=session.name,
            token=form.get("token", ""),
            anyway=form.get("anyway") == "yes",
        )
        try:
            await self._edge.run(work)
        except Warned as warned:
            return await self._page(request, session, text=text, draft=warned.draft)
        except NotFound:
            raise _unknown() from None
        except BadInput as error:
            return await self._page(request, session, text=text, refused=error.message)
        return _back(code, "sent")

    async def release(self, request: Request) -> Response:
        """Somebody gives the conversation back."""
        code, world = request.path_params["code"], self._edge.world
        form, session = await self._own_form(request)
        if form is None:
            return _back(code, "stale")

        def work() -> int:
            with world.db.read() as unit:
                patient = staff_message.addressee(unit, world, code).patient
            return takeover.release(world, patient.id, session.name)

        try:
            await self._edge.run(work)
        except NotFound:
            return _back(code, "nobody")
        return _back(code, "released")

    async def _own_form(self, request: Request) -> tuple[Form | None, Session]:
        form = await read_form(request)
        check_own_site(request)
        session = self._door.admit(request)
        return (form if self._door.is_own_form(session, form) else None), session

    async def _page(
        self,
        request: Request,
        session: Session,
        *,
        text: str = "",
        draft: Draft | None = None,
        refused: str = "",
    ) -> Response:
        code = request.path_params["code"]
        try:
            found = await self._edge.run(partial(thread, self._edge.world, code))
        except NotFound:
            raise _unknown() from None
        context = {
            "clinic": self._edge.world.clinic,
            "who": session.name,
            "signed_in": self._edge.config.staff_token is not None,
            "form_token": self._door.form_token(session),
            "notice": _NOTICES.get(request.query_params.get("notice", ""), ""),
            "phones_url": self._edge.config.phones_url,
            "thread": found,
            "token": secrets.token_hex(16),
            "text": text,
            "text_limit": _LONGEST,
            "draft": draft,
            "refused": refused,
        }
        return self._door.remember(page("conversation", context), session)


def _unknown() -> Refused:
    return Refused(404, "No follow-up of a patient has this code.")


def _back(code: str, notice: str) -> Response:
    address = f"{LIST_PATH}/{quote(code)}/conversation?notice={notice}"
    return RedirectResponse(address, status_code=303)
