"""The call list, beside the follow-up list: who must be phoned, why, and how often it was tried."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from outreach.domain.calls import SENTENCES
from outreach.domain.errors import IllegalTransition, NotFound
from outreach.domain.events import ContactRole
from outreach.domain.people import WHOSE
from outreach.domain.states import FollowUpStatus
from outreach.pipeline import calls
from outreach.pipeline.world import World
from outreach.rendering import local_time
from outreach.web.edge import Edge
from outreach.web.followup_view import dialled, moment, readable, time_left
from outreach.web.followups import REFRESH_SECONDS
from outreach.web.forms import read_form
from outreach.web.pages import page
from outreach.web.problems import Refused
from outreach.web.sign_in import Session, StaffDoor, check_own_site

CALLS_PATH = "/calls"
MOST_SHOWN = 200
_NOTICES = {
    "noted": "Not reached: noted. The call stays on the list.",
    "stale": "That page was out of date, so nothing was changed. Please try again.",
    "changed": "Somebody else has closed it already.",
}


@dataclass(frozen=True, slots=True)
class Number:
    """One phone that may ring."""

    shown: str
    link: str
    whose: str
    """Empty for the patient's own."""


@dataclass(frozen=True, slots=True)
class CallView:
    """One call, in words and clinic time."""

    code: str
    priority: str
    why: str
    interpreter: str
    summary: str
    patient: str
    numbers: tuple[Number, ...]
    due: str
    left: str
    late: bool
    taken_by: str
    """Empty while nobody has taken it."""
    attempts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallList:
    """The list and the figures above it."""

    items: tuple[CallView, ...]
    late: int
    more: bool
    now: str


def call_list(world: World) -> CallList:
    """Who waits for a call, the earliest due first.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with world.db.read() as unit:
        found = calls.worklist(unit, world, MOST_SHOWN + 1)
        items = tuple(_view(world, call) for call in found[:MOST_SHOWN])
    now = world.clinic_now().astimezone(world.clinic.zone)
    return CallList(
        items=items,
        late=sum(item.late for item in items),
        more=len(found) > MOST_SHOWN,
        now=f"{local_time.day(now, 'en')}, {local_time.clock(now, 'en')}",
    )


def _view(world: World, call: calls.Call) -> CallView:
    row, now, zone = call.item, world.clinic_now(), world.clinic.zone
    names = (call.patient.given, call.patient.family)
    return CallView(
        code=row.code,
        priority=row.priority.value,
        why=SENTENCES[call.reason],
        interpreter=call.interpreter,
        summary=readable(row.summary),
        patient=readable(" ".join(part for part in names if part)),
        numbers=tuple(
            Number(
                dialled(one.address, world.clinic.region),
                one.address,
                "" if one.role is ContactRole.SELF else WHOSE[one.role],
            )
            for one in call.numbers
        ),
        due=moment(row.due_at, now, zone),
        left=time_left(row.due_at - now),
        late=row.due_at < now,
        taken_by="" if row.status is FollowUpStatus.OPEN else readable(row.assignee or "staff"),
        attempts=tuple(
            readable(
                f"{moment(one.at, now, zone)} by {one.who}" + (f": {one.note}" if one.note else "")
            )
            for one in call.attempts
        ),
    )


class CallPages:
    """The list, and the form for a call that nobody took."""

    def __init__(self, edge: Edge, door: StaffDoor) -> None:
        self._edge = edge
        self._door = door

    def routes(self) -> list[Route]:
        """All of them under ``/calls``."""
        return [
            Route(CALLS_PATH, self.show_list),
            Route(f"{CALLS_PATH}/{{code}}/not-reached", self.not_reached, methods=["POST"]),
        ]

    async def show_list(self, request: Request) -> Response:
        """Who waits for a call; renews itself."""
        session = self._door.admit(request)
        found = await self._edge.run(partial(call_list, self._edge.world))
        return self._page(session, request, list=found, refresh=REFRESH_SECONDS)

    async def not_reached(self, request: Request) -> Response:
        """Nobody answered: noted, with the time and who phoned."""
        code, world = request.path_params["code"], self._edge.world
        form = await read_form(request)
        check_own_site(request)
        session = self._door.admit(request)
        if not self._door.is_own_form(session, form):
            return _back("stale")
        try:
            await self._edge.run(
                partial(calls.not_reached, world, code, session.name, form.get("note", ""))
            )
        except NotFound:
            raise Refused(404, "No follow-up has this code.") from None
        except IllegalTransition:
            return _back("changed")
        return _back("noted")

    def _page(self, session: Session, request: Request, **context: object) -> Response:
        common = {
            "clinic": self._edge.world.clinic,
            "who": session.name,
            "signed_in": self._edge.config.staff_token is not None,
            "form_token": self._door.form_token(session),
            "notice": _NOTICES.get(request.query_params.get("notice", ""), ""),
            "phones_url": self._edge.config.phones_url,
        }
        return self._door.remember(page("calls", {**common, **context}), session)


def _back(notice: str) -> Response:
    return RedirectResponse(f"{CALLS_PATH}?notice={quote(notice)}", status_code=303)
