"""Twilio's bulk consents, as its documentation has them: 25 in a call, an answer for each."""

import json
import re
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.carrier import Carrier
from outreach.sandbox.twilio_auth import Door
from outreach.sandbox.twilio_errors import refusal

_PATH = "/v1/Consents/Bulk"
_MOST = 25
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_BAD_ITEM = 1
"""A stand-in: the documentation says no more than that it is not 0."""


class ConsentsApi:
    """The one route."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._door = Door(carrier.config)

    def routes(self) -> list[Route]:
        """Where an app tells of opt-outs that the carrier does not know."""
        return [Route(_PATH, self.upsert, methods=["POST"])]

    async def upsert(self, request: Request) -> Response:
        """Blocks or frees each number."""
        if (refused := self._door.stranger(request)) is not None:
            return refused
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        items = [value for name, value in pairs if name == "Items"]
        if not 0 < len(items) <= _MOST:
            return refusal(30400)
        return JSONResponse({"items": [await self._one(item) for item in items]}, 201)

    async def _one(self, text: str) -> dict[str, object]:
        config = self._carrier.config
        item = json.loads(text)
        senders = {*config.numbers, *config.service_sids}
        phone, status = str(item.get("contact_id", "")), item.get("status")
        rules = (
            ("contact_id", _PHONE.fullmatch(phone) is not None),
            ("sender_id", item.get("sender_id") in senders),
            ("status", status in {"opt-in", "opt-out"}),
        )
        wrong = [name for name, right in rules if not right]
        if not wrong and status == "opt-out":
            await self._carrier.patients.opt_out(phone)
        elif not wrong:
            await self._carrier.patients.opt_in(phone)
        self._carrier.bell.ring()
        return {
            "correlation_id": item.get("correlation_id"),
            "error_code": _BAD_ITEM if wrong else 0,
            "error_messages": [f"invalid {name}" for name in wrong],
        }
