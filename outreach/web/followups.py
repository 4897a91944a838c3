"""The follow-up list: what waits for staff, and the two things a person does with an item."""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from outreach.domain.errors import BadInput, IllegalTransition, NotFound
from outreach.domain.followups import ENDINGS, Ending
from outreach.pipeline import followup
from outreach.pipeline.ruling import DECISIONS
from outreach.web.edge import Edge
from outreach.web.followup_view import one, worklist
from outreach.web.forms import Form, read_form
from outreach.web.pages import page
from outreach.web.problems import Refused
from outreach.web.sign_in import LIST_PATH, Session, StaffDoor, check_own_site

REFRESH_SECONDS = 10
OUTCOMES = {ending.value: means for ending, means in ENDINGS.items()}
"""How an item may end. Not reaching somebody is no end: the item stays."""
NOTICES = {
    "taken": "You have taken it. Paging has stopped.",
    "closed": "It is closed.",
    "stale": "That page was out of date, so nothing was changed. Please try again.",
    "changed": "Somebody else has closed it already.",
    "outcome": "Choose how it ended; for something else, say what.",
}
_LONGEST_NOTE = 500
_DECIDED = {word: means for words in DECISIONS.values() for word, means in words.items()}


class FollowUpPages:
    """The list, one item, and the two forms."""

    def __init__(self, edge: Edge, door: StaffDoor) -> None:
        self._edge = edge
        self._door = door

    def routes(self) -> list[Route]:
        """All of them under ``/followups``."""
        return [
            Route(LIST_PATH, self.show_list),
            Route(f"{LIST_PATH}/{{code}}", self.show_item),
            Route(f"{LIST_PATH}/{{code}}/acknowledge", self.acknowledge, methods=["POST"]),
            Route(f"{LIST_PATH}/{{code}}/close", self.close, methods=["POST"]),
        ]

    async def show_list(self, request: Request) -> Response:
        """What waits; renews itself."""
        session = self._door.admit(request)
        found = await self._edge.run(partial(worklist, self._edge.world))
        return self._page("followups", session, request, list=found, refresh=REFRESH_SECONDS)

    async def show_item(self, request: Request) -> Response:
        """One item and its history; stands still, because somebody may be writing a note."""
        session = self._door.admit(request)
        code = request.path_params["code"]
        item = await self._edge.run(partial(one, self._edge.world, code))
        if item is None:
            raise _unknown()
        outcomes = DECISIONS.get(item.kind, OUTCOMES)
        return self._page(
            "followup", session, request, item=item, outcomes=outcomes, note_limit=_LONGEST_NOTE
        )

    async def acknowledge(self, request: Request) -> Response:
        """Somebody takes an item."""
        code, world = request.path_params["code"], self._edge.world
        form = await read_form(request)
        return await self._change(
            request, form, "taken", lambda who: followup.acknowledge(world, code, who)
        )

    async def close(self, request: Request) -> Response:
        """Somebody says how it ended."""
        code, world = request.path_params["code"], self._edge.world
        form = await read_form(request)
        said = _outcome(form)
        if said is None:
            return _ask_again(code)
        try:
            return await self._change(
                request,
                form,
                "closed",
                lambda who: followup.close(world, code, who, said, ending=_ending(form)),
            )
        except BadInput:  # the item asks for another choice than the form had
            return _ask_again(code)

    async def _change(
        self, request: Request, form: Form, done: str, work: Callable[[str], object]
    ) -> Response:
        """Runs ``work`` (given who does it) for a form of our own; then back to the list."""
        check_own_site(request)
        session = self._door.admit(request)
        if not self._door.is_own_form(session, form):
            return _back("stale")
        try:
            await self._edge.run(partial(work, session.name))
        except NotFound:
            raise _unknown() from None
        except IllegalTransition:
            return _back("changed")
        return _back(done)

    def _page(self, name: str, session: Session, request: Request, **context: object) -> Response:
        common = {
            "clinic": self._edge.world.clinic,
            "who": session.name,
            "signed_in": self._edge.config.staff_token is not None,
            "form_token": self._door.form_token(session),
            "notice": NOTICES.get(request.query_params.get("notice", ""), ""),
            "phones_url": self._edge.config.phones_url,
        }
        return self._door.remember(page(name, {**common, **context}), session)


def _unknown() -> Refused:
    return Refused(404, "No follow-up has this code.")


def _back(notice: str) -> Response:
    return RedirectResponse(f"{LIST_PATH}?notice={notice}", status_code=303)


def _ask_again(code: str) -> Response:
    return RedirectResponse(f"{LIST_PATH}/{quote(code)}?notice=outcome", status_code=303)


def _ending(form: Form) -> Ending | None:
    kind = form.get("outcome", "")
    return Ending(kind) if kind in OUTCOMES else None


def _outcome(form: Form) -> str | None:
    """How it ended, in words that begin with a decision's own; None when that was not said."""
    kind = form.get("outcome", "")
    note = form.get("note", "").strip()[:_LONGEST_NOTE]
    if kind in _DECIDED:
        return f"{kind}: {_DECIDED[kind]}. {note}".strip()
    if kind not in OUTCOMES or (kind == "other" and not note):
        return None
    return f"{OUTCOMES[kind]}. {note}".strip() if note else OUTCOMES[kind]
