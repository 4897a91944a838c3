"""The phones page: what simulated patients see, live, with a field to reply as one of them."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from outreach.sandbox.carrier import Carrier
from outreach.sandbox.message import Message, Origin
from outreach.sandbox.patients import Patient
from outreach.sandbox.twilio_resource import parse_form

_TEMPLATES = Path(__file__).parent.parent / "templates" / "sandbox"
_PHONES = 24
_MESSAGES = 40
_HEARTBEAT_SECONDS = 15.0
_LONGEST_BODY = 1600
_PAGE_POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
_EMAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on a phone."""

    id: str
    side: str
    """``theirs`` (the clinic's), ``mine`` (the patient's) or ``carrier``."""
    channel: str
    subject: str
    body: str
    has_html: bool
    at: str
    status: str


@dataclass(slots=True)
class PhoneView:
    """One phone. ``number`` is empty for a mailbox nobody's phone is known for."""

    anchor: str
    name: str
    number: str
    email: str
    opted_out: bool = False
    bubbles: list[Bubble] = field(default_factory=list)
    last: int = 0
    """``seq`` of the latest message: who is shown when there are too many."""


def phone_routes(carrier: Carrier) -> APIRouter:
    """``/phones``, its stream, its reply form, and the HTML of an email."""
    router = APIRouter(include_in_schema=False)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )

    @router.get("/phones", response_class=HTMLResponse)
    async def phones() -> HTMLResponse:
        views = _views(
            await carrier.record.threads(_PHONES, _MESSAGES), carrier.patients.all(), carrier
        )
        page = environment.get_template("phones.html.j2").render(
            phones=views,
            count=await carrier.record.total(),
            now=_clock_text(carrier),
            version=carrier.bell.version,
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": _PAGE_POLICY})

    @router.post("/phones/reply")
    async def reply(request: Request) -> RedirectResponse:
        form = parse_form(await request.body())
        phone, body = form.get("from", ""), form.get("body", "").strip()[:_LONGEST_BODY]
        if body and any(phone == patient.phone for patient in await _known(carrier)):
            await carrier.inbound(phone, carrier.config.numbers[0], body)
        return RedirectResponse(f"/phones#{quote(_anchor(phone))}", status_code=303)

    @router.get("/phones/email/{sid}", response_class=HTMLResponse)
    async def email(sid: str) -> HTMLResponse:
        message = await carrier.record.message(sid)
        if message is None or not message.html:
            return HTMLResponse("There is no such email.", 404)
        return HTMLResponse(message.html, headers={"Content-Security-Policy": _EMAIL_POLICY})

    @router.get("/phones/stream")
    async def stream() -> StreamingResponse:
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(_changes(carrier), media_type="text/event-stream", headers=headers)

    return router


async def _changes(carrier: Carrier) -> AsyncIterator[str]:
    """Server-sent events: the version of what the page shows, whenever it rises."""
    told = -1
    while not carrier.closing.is_set():
        if carrier.bell.version != told:
            told = carrier.bell.version
            yield f"data: {told}\n\n"
        else:
            yield ": still here\n\n"
        await carrier.bell.wait(_HEARTBEAT_SECONDS)


async def _known(carrier: Carrier) -> list[Patient]:
    """Described patients and everybody who ever got or wrote a text."""
    threads = await carrier.record.threads(_PHONES, 1)
    strangers = [Patient(m.patient, "") for m in threads if m.channel != "email"]
    return carrier.patients.all() + strangers


def _views(
    messages: Iterable[Message], patients: Iterable[Patient], carrier: Carrier
) -> list[PhoneView]:
    """Described patients first, in their order, then other addresses as they turned up; of very
    many those with the latest messages.
    """
    views: dict[str, PhoneView] = {}
    by_email: dict[str, PhoneView] = {}
    for patient in patients:
        view = PhoneView(_anchor(patient.phone), patient.name, patient.phone, patient.email)
        views[patient.phone] = view
        if patient.email:
            by_email[patient.email.casefold()] = view
    for message in messages:
        view_or_none = views.get(message.patient) or by_email.get(message.patient.casefold())
        if view_or_none is None:
            is_text = message.channel != "email"
            view_or_none = views[message.patient] = PhoneView(
                _anchor(message.patient),
                "",
                message.patient if is_text else "",
                "" if is_text else message.patient,
            )
        view_or_none.bubbles.append(_bubble(message, carrier))
        view_or_none.last = message.seq
    for view in views.values():
        view.opted_out = carrier.patients.has_opted_out(view.number)
    busiest = sorted(views.values(), key=lambda view: view.last, reverse=True)[:_PHONES]
    return [view for view in views.values() if view in busiest]


def _bubble(message: Message, carrier: Carrier) -> Bubble:
    sides = {Origin.APP: "theirs", Origin.PATIENT: "mine", Origin.CARRIER: "carrier"}
    at = message.shown_at.astimezone(carrier.config.display_zone)
    return Bubble(
        id=message.sid,
        side=sides[message.origin],
        channel=message.channel,
        subject=message.subject,
        body=message.body,
        has_html=bool(message.html),
        at=f"{at:%a} {at.day} {at:%b}, {at:%H:%M}",
        status=message.status,
    )


def _clock_text(carrier: Carrier) -> str:
    now = carrier.shown_now().astimezone(carrier.config.display_zone)
    return f"{now:%A} {now.day} {now:%B} {now.year}, {now:%H:%M}"


def _anchor(address: str) -> str:
    return "phone-" + "".join(char if char.isalnum() else "-" for char in address)
