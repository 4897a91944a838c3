"""Twilio's webhooks of a call to staff: what it says, which key was pressed, and how it fared.

The words are TwiML. A call names an item by its code and nobody by name.
"""

from functools import partial
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.channels.twilio_calls import CALL_STATUS_PATH, PAGE_CALL_PATH
from outreach.pipeline.followup import by_phone
from outreach.pipeline.followup.by_phone import Spoken
from outreach.pipeline.receipt import Reported
from outreach.web.edge import Edge
from outreach.web.problems import Refused
from outreach.web.webhooks.twilio_forms import CODE, SID, STATUS, field, message_id_in, signed_form

_WAIT_SECONDS = 8
"""For a key, after the words were said twice."""
_VOICES = {"en": "en-US", "es": "es-US"}
"""Our language -> the one Twilio speaks."""


class TwilioPages:
    """The three routes."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def routes(self) -> list[Route]:
        """All of them end in our message id."""
        return [
            Route(f"{PAGE_CALL_PATH}{{message_id}}", self.answered, methods=["POST"]),
            Route(f"{PAGE_CALL_PATH}{{message_id}}/key", self.pressed, methods=["POST"]),
            Route(f"{CALL_STATUS_PATH}{{message_id}}", self.status, methods=["POST"]),
        ]

    async def answered(self, request: Request) -> Response:
        """Somebody, or a mailbox, has answered."""
        await signed_form(self._edge, request)
        name = message_id_in(request.path_params["message_id"])
        return self._says(
            name.hex, await self._edge.run(partial(by_phone.answered, self._edge.world, name))
        )

    async def pressed(self, request: Request) -> Response:
        """A key was pressed: 1 takes the item, once that is stored."""
        form = await signed_form(self._edge, request)
        name = message_id_in(request.path_params["message_id"])
        keys = form.get("Digits", "")
        return self._says(
            name.hex, await self._edge.run(partial(by_phone.pressed, self._edge.world, name, keys))
        )

    async def status(self, request: Request) -> Response:
        """One report of a call: 204 once it is stored."""
        form = await signed_form(self._edge, request)
        code = form.get("ErrorCode", "")
        reported = Reported(
            provider_id=field(form, SID, "CallSid"),
            status=field(form, STATUS, "CallStatus"),
            error_code=int(code) if CODE.fullmatch(code) else None,
            message_id=message_id_in(request.path_params["message_id"]),
        )
        await self._edge.receipts(reported)
        return Response(status_code=204)

    def _says(self, name: str, spoken: Spoken | None) -> Response:
        if spoken is None:
            raise Refused(404, "No call has this id.")
        voice = _VOICES.get(spoken.language.split("-")[0], "en-US")
        said = f"<Say language={quoteattr(voice)}>{escape(spoken.text)}</Say>"
        if spoken.asks:
            action = f"{self._edge.config.base_url}{PAGE_CALL_PATH}{name}/key"
            said = (
                f'<Gather numDigits="1" timeout="{_WAIT_SECONDS}" method="POST"'
                f' action={quoteattr(action)}>{said}<Pause length="2"/>{said}</Gather>'
            )
        document = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
        return Response(document, media_type="text/xml")
