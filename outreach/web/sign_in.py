"""Who may see the follow-up list: staff with the token, or, where none is set, this machine alone.

The token is entered once; a signed cookie stands for it until the shift is over. Nothing about
sessions is stored here, so a new token ends them all.
"""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from outreach.domain.clock import Clock
from outreach.domain.errors import OutreachError
from outreach.web.config import WebConfig
from outreach.web.edge import Edge
from outreach.web.forms import Form, read_form
from outreach.web.pages import page
from outreach.web.problems import Refused

log = structlog.get_logger(__name__)

COOKIE = "outreach_staff"
LIST_PATH = "/followups"
SIGN_IN_PATH = "/sign-in"
SESSION_SECONDS = 12 * 3600
"""A long shift, in machine time."""
AT_THIS_MACHINE = "staff at this machine"
_LONGEST_NAME = 60
_WRONG_TOKEN_SECONDS = 0.5
"""How long a wrong token takes: guessing becomes slow, and nobody is ever locked out."""
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class SignInNeeded(OutreachError):
    """The page is for staff, and the request carries no session."""


@dataclass(frozen=True, slots=True)
class Session:
    """One person at one browser. ``value`` is the cookie: signed, and no secret in it."""

    name: str
    value: str
    fresh: bool = False
    """Made for this request: the answer must carry the cookie."""


class StaffDoor:
    """Checks tokens, cookies and the origin of forms, all in constant time."""

    def __init__(self, config: WebConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        token = config.staff_token
        self._key = secrets.token_bytes(32) if token is None else self._derived(token)

    @staticmethod
    def _derived(token: str) -> bytes:
        return hmac.digest(token.encode(), b"outreach staff session 1", hashlib.sha256)

    def fits(self, token: str) -> bool:
        """Whether this is the staff token."""
        ours = self._config.staff_token
        return ours is not None and hmac.compare_digest(ours.encode(), token.encode())

    def new_session(self, name: str) -> Session:
        """A session that begins now."""
        facts = {"n": name, "t": int(self._clock.now().timestamp()), "r": secrets.token_hex(8)}
        text = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()
        return Session(name, f"{text}.{self._sign('cookie', text)}", fresh=True)

    def admit(self, request: Request) -> Session:
        """The session of a request for a staff page.

        Raises:
            SignInNeeded: it has none, or an old one.
            Refused: no token is set and the request comes from elsewhere (403).
        """
        if self._config.staff_token is None:
            self._check_local(request)
        session = self._session_of(request)
        if session is not None:
            return session
        if self._config.staff_token is not None:
            raise SignInNeeded("Sign in with the staff token.")
        return self.new_session(AT_THIS_MACHINE)

    def form_token(self, session: Session) -> str:
        """What every form of this session carries, so that no other site can post it."""
        return self._sign("form", session.value)

    def is_own_form(self, session: Session, form: Form) -> bool:
        """Whether a form was made for this session."""
        given = form.get("form_token", "")
        return hmac.compare_digest(self.form_token(session).encode(), given.encode())

    def remember(self, response: Response, session: Session) -> Response:
        """Puts a fresh session's cookie on an answer."""
        if session.fresh:
            response.set_cookie(
                COOKIE,
                session.value,
                max_age=SESSION_SECONDS,
                secure=self._config.is_encrypted,
                httponly=True,
                samesite="strict",
            )
        return response

    def forget(self, response: Response) -> Response:
        """Takes the cookie back."""
        response.delete_cookie(
            COOKIE, secure=self._config.is_encrypted, httponly=True, samesite="strict"
        )
        return response

    def _sign(self, use: str, text: str) -> str:
        return hmac.new(self._key, f"{use}\0{text}".encode(), hashlib.sha256).hexdigest()

    def _session_of(self, request: Request) -> Session | None:
        value = request.cookies.get(COOKIE, "")
        text, _, signature = value.partition(".")
        if not hmac.compare_digest(self._sign("cookie", text).encode(), signature.encode()):
            return None
        facts = json.loads(base64.urlsafe_b64decode(text))  # ours: the signature says so
        age = self._clock.now().timestamp() - facts["t"]
        return Session(facts["n"], value) if 0 <= age + 60 <= SESSION_SECONDS else None

    def _check_local(self, request: Request) -> None:
        """Only a browser on this machine, addressing it by a local name, with nothing between.

        A page elsewhere that has its name resolve to 127.0.0.1, or a proxy on this machine, would
        otherwise be let in.
        """
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        client = request.client.host if request.client else ""
        passed_on = any(name in request.headers for name in _FORWARDED)
        places = (host, client, self._config.public_host)
        if passed_on or not all(_is_local(place) for place in places):
            raise Refused(
                403,
                "The follow-up list is shown on this machine alone. "
                "Set OUTREACH_STAFF_TOKEN to see it from elsewhere.",
            )


def _is_local(place: str) -> bool:
    if place == "localhost":
        return True
    try:
        return ipaddress.ip_address(place).is_loopback
    except ValueError:
        return False


def check_own_site(request: Request) -> None:
    """Refuses a form that the browser says comes from another site.

    Raises:
        Refused: it does (403).
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refused(403, "This form was sent from another site.")


async def ask_to_sign_in(request: Request, _error: Exception) -> Response:
    """The answer to ``SignInNeeded``.

    A browser that follows a link from elsewhere (a page in a mailbox) holds back a strict cookie,
    so it is first sent to the same address again by ourselves.
    """
    if request.method == "GET" and request.headers.get("sec-fetch-site") == "cross-site":
        return page("again", {"address": request.url.path})
    return RedirectResponse(SIGN_IN_PATH, status_code=303)


def sign_in_routes(edge: Edge, door: StaffDoor) -> APIRouter:
    """Signing in and out."""
    router = APIRouter(include_in_schema=False)
    clinic = edge.world.clinic

    def form_page(status: int = 200, *, wrong: str = "", name: str = "") -> Response:
        context = {"clinic": clinic, "wrong": wrong, "name": name, "name_limit": _LONGEST_NAME}
        return page("sign_in", context, status)

    @router.get(SIGN_IN_PATH)
    async def sign_in_form() -> Response:
        if edge.config.staff_token is None:
            return RedirectResponse(LIST_PATH, status_code=303)
        return form_page()

    @router.post(SIGN_IN_PATH)
    async def sign_in(request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
        check_own_site(request)
        name = "".join(char for char in form.get("name", "") if char.isprintable()).strip()
        if not name or len(name) > _LONGEST_NAME:
            return form_page(400, wrong="Say who you are: your name or initials.")
        if not door.fits(form.get("token", "")):
            log.warning("staff.wrong_token")
            await asyncio.sleep(_WRONG_TOKEN_SECONDS)
            return form_page(403, wrong="That is not the staff token.", name=name)
        session = door.new_session(name)
        log.info("staff.signed_in")
        return door.remember(RedirectResponse(LIST_PATH, status_code=303), session)

    @router.post("/sign-out")
    async def sign_out(request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
        check_own_site(request)
        session = door.admit(request)
        answer = RedirectResponse(SIGN_IN_PATH, status_code=303)
        return door.forget(answer) if door.is_own_form(session, form) else answer

    return router
