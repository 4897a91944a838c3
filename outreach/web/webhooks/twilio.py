"""Twilio's two webhooks: how a text fared, and what a patient wrote. Stored, then acknowledged.

The signature is checked over the configured public address: Host and X-Forwarded headers are
whatever a stranger likes.
"""

import re
from functools import partial
from urllib.parse import parse_qsl
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.channels.signatures import TWILIO_SIGNATURE_HEADER, verify_twilio
from outreach.domain.states import ChannelKind
from outreach.domain.triage.keywords import Keyword
from outreach.pipeline import receipt, reply
from outreach.web.bodies import read_body
from outreach.web.edge import Edge
from outreach.web.problems import Refused

log = structlog.get_logger(__name__)

STATUS_PATH = "/webhooks/twilio/status"
INBOUND_PATH = "/webhooks/twilio/inbound"

_EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Nothing to say here: answers go out on the normal road."""
_MOST_FIELDS = 200
_SID = re.compile(r"[A-Za-z0-9]{2,80}")
_STATUS = re.compile(r"[A-Za-z_-]{1,40}")
_ADDRESS = re.compile(r"[!-~]{1,40}")
"""A number, a short code or a sender name: printable and short."""
_CODE = re.compile(r"[0-9]{1,9}")
_CARRIER_KEYWORDS: dict[str, Keyword] = {"STOP": "stop", "START": "start", "HELP": "help"}

Form = dict[str, str]


class TwilioWebhooks:
    """The two routes."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def routes(self) -> list[Route]:
        """The status webhook, with and without our message id in its path, and the inbound one."""
        return [
            Route(STATUS_PATH, self.status, methods=["POST"]),
            Route(f"{STATUS_PATH}/{{message_id}}", self.status, methods=["POST"]),
            Route(INBOUND_PATH, self.inbound, methods=["POST"]),
        ]

    async def status(self, request: Request) -> Response:
        """One delivery report: 204 once it is stored."""
        form = await self._signed_form(request)
        code = form.get("ErrorCode", "")
        store = partial(
            receipt.receive,
            self._edge.world,
            provider_id=_field(form, _SID, "MessageSid", "SmsSid"),
            status=_field(form, _STATUS, "MessageStatus", "SmsStatus"),
            error_code=int(code) if _CODE.fullmatch(code) else None,
            message_id=_message_id(request.path_params.get("message_id")),
        )
        await self._edge.run(store)
        return Response(status_code=204)

    async def inbound(self, request: Request) -> Response:
        """One text from a patient: an empty answer once it is stored, and a STOP obeyed."""
        form = await self._signed_form(request)
        media = form.get("NumMedia", "")
        inbound = reply.Inbound(
            provider_id=_field(form, _SID, "MessageSid", "SmsSid"),
            channel=ChannelKind.SMS,
            sender=_field(form, _ADDRESS, "From"),
            recipient=_field(form, _ADDRESS, "To"),
            body=form.get("Body", ""),
            media=min(int(media), 99) if _CODE.fullmatch(media) else 0,
            keyword=_CARRIER_KEYWORDS.get(form.get("OptOutType", "").upper()),
        )
        await self._edge.run(partial(reply.receive, self._edge.world, inbound))
        return Response(_EMPTY_ANSWER, media_type="text/xml")

    async def _signed_form(self, request: Request) -> Form:
        signature = request.headers.get(TWILIO_SIGNATURE_HEADER, "")
        if not signature:
            raise _unsigned("missing")
        body = await read_body(request, self._edge.config.max_body_bytes)
        try:
            pairs = parse_qsl(
                body.decode(),
                keep_blank_values=True,  # blank fields are signed too
                max_num_fields=_MOST_FIELDS,
            )
        except ValueError:
            raise Refused(
                400, "The body is not a form in UTF-8 with a sane number of fields."
            ) from None
        tokens = self._edge.config.twilio_tokens
        if not verify_twilio(tokens, self._signed_url(request), pairs, signature):
            raise _unsigned("wrong")
        return dict(pairs)

    def _signed_url(self, request: Request) -> str:
        """The address as Twilio was told it: ours, with the path and query of this request."""
        path = request.scope["raw_path"].decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        return f"{self._edge.config.base_url}{path}{'?' + query if query else ''}"


def _unsigned(what: str) -> Refused:
    log.warning("webhook.refused", provider="twilio", signature=what)
    return Refused(
        403,
        f"The signature is {what}. "
        "Compare TWILIO_AUTH_TOKEN and OUTREACH_PUBLIC_URL with Twilio's.",
    )


def _field(form: Form, shape: re.Pattern[str], *names: str) -> str:
    """The first of these fields that is there.

    Raises:
        Refused: none is, or it cannot be what it says.
    """
    value = next((form[name].strip() for name in names if form.get(name)), "")
    if not shape.fullmatch(value):
        raise Refused(400, f"The field {names[0]} is missing or malformed.")
    return value


def _message_id(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Refused(400, "The address does not end in a message id.") from None
