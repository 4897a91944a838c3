"""Twilio's webhooks of texts: how one fared, and what a patient wrote. Stored, then answered."""

import re
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.domain.pictures import MOST_FILES
from outreach.domain.states import ChannelKind
from outreach.domain.triage.keywords import Keyword
from outreach.pipeline import reply
from outreach.pipeline.receipt import Reported
from outreach.web.edge import Edge
from outreach.web.webhooks.twilio_forms import (
    ADDRESS,
    CODE,
    SID,
    STATUS,
    Form,
    field,
    message_id_in,
    signed_form,
)

STATUS_PATH = "/webhooks/twilio/status"
INBOUND_PATH = "/webhooks/twilio/inbound"

_EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Nothing to say here: answers go out on the normal road."""
_URL = re.compile(r"https?://[!-~]{1,500}")
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
        code, named = form.get("ErrorCode", ""), request.path_params.get("message_id")
        reported = Reported(
            provider_id=field(form, SID, "MessageSid", "SmsSid"),
            status=field(form, STATUS, "MessageStatus", "SmsStatus"),
            error_code=int(code) if CODE.fullmatch(code) else None,
            message_id=None if named is None else message_id_in(named),
        )
        await self._edge.receipts(reported)
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
            media=min(int(media), 99) if CODE.fullmatch(media) else 0,
            keyword=_CARRIER_KEYWORDS.get(form.get("OptOutType", "").upper()),
            media_urls=_media_urls(form),
        )
        await self._edge.run(partial(reply.receive, self._edge.world, inbound))
        return Response(_EMPTY_ANSWER, media_type="text/xml")


def _media_urls(form: Form) -> tuple[str, ...]:
    """Where the pictures are, as many as a message can have; who fetches them checks the place."""
    found = (form.get(f"MediaUrl{number}", "") for number in range(MOST_FILES))
    return tuple(url for url in found if _URL.fullmatch(url))
