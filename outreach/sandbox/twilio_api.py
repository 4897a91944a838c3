"""Twilio's ``Messages`` and ``Calls`` endpoints, close enough that its own client cannot tell."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.calls import CallOrder
from outreach.sandbox.carrier import Carrier, TextOrder
from outreach.sandbox.faults import Fault, FaultKind
from outreach.sandbox.hanging import HungUp, hang_up, linger
from outreach.sandbox.message import FINAL
from outreach.sandbox.twilio_auth import Door
from outreach.sandbox.twilio_errors import Refusal, refusal
from outreach.sandbox.twilio_resource import (
    page,
    parse_form,
    read_call,
    read_order,
    read_query,
    shown,
    shown_call,
)

_COLLECTION = "/2010-04-01/Accounts/{account}/Messages.json"
_CALLS = "/2010-04-01/Accounts/{account}/Calls.json"
_CALL = "/2010-04-01/Accounts/{account}/Calls/{sid}.json"
_ITEM = "/2010-04-01/Accounts/{account}/Messages/{sid}.json"


Accept = Callable[[Fault], Awaitable[Response]]
"""What a fault does to a request that is accepted all the same."""


class TwilioApi:
    """Plain Starlette routes: a create costs a fraction of what FastAPI's machinery would."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._door = Door(carrier.config)

    def routes(self) -> list[Route]:
        """In the order in which they are matched."""
        return [
            Route(_COLLECTION, self.create, methods=["POST"]),
            Route(_COLLECTION, self.list, methods=["GET"]),
            Route(_ITEM, self.update, methods=["POST"]),
            Route(_ITEM, self.fetch, methods=["GET"]),
            Route(_ITEM, self.delete, methods=["DELETE"]),
            Route(_CALLS, self.call, methods=["POST"]),
            Route(_CALL, self.fetch_call, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Sends a text."""
        if (refused := self._door.stranger(request)) is not None:
            return refused
        try:
            order = read_order(parse_form(await request.body()), self._carrier)
        except Refusal as error:
            return refusal(error.code)
        fault = self._carrier.faults.take(order.to, order.service or order.sender)
        if fault is not None:
            return await self._misbehave(fault, partial(self._accept, order), request)
        return await self._accept(order, None)

    async def call(self, request: Request) -> Response:
        """Makes a call."""
        if (refused := self._door.stranger(request)) is not None:
            return refused
        raw = await request.body()
        events = [value for name, value in parse_qsl(raw.decode()) if name == "StatusCallbackEvent"]
        try:
            order = read_call(parse_form(raw), events, self._carrier)
        except Refusal as error:
            return refusal(error.code)
        fault = self._carrier.faults.take(order.to)
        if fault is not None:
            return await self._misbehave(fault, partial(self._ring, order), request)
        return await self._ring(order, None)

    async def fetch_call(self, request: Request) -> Response:
        """One call."""
        if (refused := self._door.stranger(request)) is not None:
            return refused
        call = await self._carrier.record.message(request.path_params["sid"])
        if call is None or call.channel != "voice":
            return refusal(20404)
        return JSONResponse(shown_call(call, self._carrier.config))

    async def list(self, request: Request) -> Response:
        """Texts by recipient, sender and day, newest first."""
        if (refused := self._door.stranger(request)) is not None:
            return refused
        params = request.query_params
        try:
            query = read_query(params)
        except Refusal as error:
            return refusal(error.code)
        messages = await self._carrier.record.listed(query)
        return JSONResponse(page(messages, params, query, self._carrier.config))

    async def fetch(self, request: Request) -> Response:
        """One text."""
        if (refused := self._door.stranger(request)) is not None:
            return refused
        message = await self._carrier.record.message(request.path_params["sid"])
        if message is None or message.channel != "sms":
            return refusal(20404)
        return JSONResponse(shown(message, self._carrier.config))

    async def update(self, request: Request) -> Response:
        """Redacts (``Body=``) or cancels (``Status=canceled``)."""
        if (refused := self._door.stranger(request)) is not None:
            return refused
        sid, form = request.path_params["sid"], parse_form(await request.body())
        record = self._carrier.record
        message = await record.message(sid)
        if message is None or message.channel != "sms":
            return refusal(20404)
        if form.get("Status") == "canceled" and "Body" not in form:
            if message.status not in ("accepted", "queued") or not await record.advance(
                sid, "canceled", self._carrier.config.clock.now()
            ):
                return refusal(30409)
        elif form.get("Body") == "" and "Status" not in form:
            if message.status not in FINAL:
                return refusal(20009)
            await record.mark(sid, "redacted")
        else:
            return refusal(30400)
        self._carrier.bell.ring()
        return await self.fetch(request)

    async def delete(self, request: Request) -> Response:
        """Takes a finished text out of the account; the independent record keeps it."""
        if (refused := self._door.stranger(request)) is not None:
            return refused
        message = await self._carrier.record.message(request.path_params["sid"])
        if message is None or message.channel != "sms":
            return refusal(20404)
        if message.status not in FINAL:
            return refusal(20009)
        await self._carrier.record.mark(message.sid, "deleted")
        return Response(status_code=204)

    async def _accept(self, order: TextOrder, fault: Fault | None) -> Response:
        message = await self._carrier.accept_text(order, fault)
        return JSONResponse(shown(message, self._carrier.config, fresh=True), 201)

    async def _ring(self, order: CallOrder, _fault: Fault | None) -> Response:
        call = await self._carrier.accept_call(order)
        return JSONResponse(shown_call(call, self._carrier.config), 201)

    async def _misbehave(self, fault: Fault, accept: Accept, request: Request) -> Response:
        match fault.kind:
            case FaultKind.TOO_MANY:
                wait = fault.retry_after
                return refusal(20429, None if wait is None else {"Retry-After": f"{wait:g}"})
            case FaultKind.REFUSED:
                return refusal(fault.code)
            case FaultKind.SERVER_ERROR:
                if fault.accept:
                    await accept(fault)
                return refusal(20500)
            case FaultKind.ACCEPT_THEN_DROP:
                await accept(fault)
                return hang_up(request)
            case FaultKind.ACCEPT_THEN_HANG:
                answer = await accept(fault)
                try:
                    await linger(self._carrier.closing, fault.seconds)
                except HungUp:
                    return hang_up(request)
                return answer
            case FaultKind.LATENCY:
                await asyncio.sleep(fault.seconds)
        return await accept(fault)
