"""Twilio's webhooks of texts: how one fared, and what a patient wrote. Stored, then answered."""

import re
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.domain.pictures import MOST_FILES
from outreach.domain.states import ChannelKind
from outreach.domain.triage.keywords import Keyword
from outreach.pipeline import receipt, reply
from outreach.web.edge import Edge
from outreach.web.problems import Refused
from outreach.web.webhooks.twilio_forms import ADDRESS, SID, Form, field, signed_form

STATUS_PATH = "/webhooks/twilio/status"
INBOUND_PATH = "/webhooks/twilio/inbound"

_EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Nothing to say here: answers go out on the normal road."""
_STATUS = re.compile(r"[A-Za-z_-]{1,40}")
_URL = re.compile(r"https?://[!-~]{1,500}")
_CODE = re.compile(r"[0-9]{1,9}")
_CARRIER_KEYWORDS: dict[str, Keyword] = {"STOP": "stop", "START": "start", "HELP": "help"}


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
        form = await signed_form(self._edge, request)
        code = form.get("ErrorCode", "")
        store = partial(
            receipt.receive,
            self._edge.world,
            provider_id=field(form, SID, "MessageSid", "SmsSid"),
            status=field(form, _STATUS, "MessageStatus", "SmsStatus"),
            error_code=int(code) if _CODE.fullmatch(code) else None,
            message_id=_message_id(request.path_params.get("message_id")),
        )
        await self._edge.run(store)
        return Response(status_code=204)

    async def inbound(self, request: Request) -> Response:
        """One text from a patient: an empty answer once it is stored, and a STOP obeyed."""
        form = await signed_form(self._edge, request)
        media = form.get("NumMedia", "")
        inbound = reply.Inbound(
            provider_id=field(form, SID, "MessageSid", "SmsSid"),
            channel=ChannelKind.SMS,
            sender=field(form, ADDRESS, "From"),
            recipient=field(form, ADDRESS, "To"),
            body=form.get("Body", ""),
            media=min(int(media), 99) if _CODE.fullmatch(media) else 0,
            keyword=_CARRIER_KEYWORDS.get(form.get("OptOutType", "").upper()),
            media_urls=_media_urls(form),
        )
        await self._edge.run(partial(reply.receive, self._edge.world, inbound))
        return Response(_EMPTY_ANSWER, media_type="text/xml")


def _media_urls(form: Form) -> tuple[str, ...]:
    """Where the pictures are, as many as a message can have; who fetches them checks the place."""
    found = (form.get(f"MediaUrl{number}", "") for number in range(MOST_FILES))
    return tuple(url for url in found if _URL.fullmatch(url))


def _message_id(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Refused(400, "The address does not end in a message id.") from None
