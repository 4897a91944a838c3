"""SendGrid's ``POST /v3/mail/send``: accepted emails are kept and their events sent, signed."""

import asyncio
import hmac
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.carrier import Carrier, EmailOrder
from outreach.sandbox.faults import Fault, FaultKind
from outreach.sandbox.hanging import HungUp, hang_up, linger


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class _Mailbox(_Wire):
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    name: str = ""


class _Recipients(_Wire):
    to: Annotated[list[_Mailbox], Field(min_length=1)]
    subject: str = ""
    custom_args: dict[str, str] = Field(default_factory=dict)


class _Content(_Wire):
    type: str
    value: Annotated[str, Field(min_length=1)]


class _Mail(_Wire):
    personalizations: Annotated[list[_Recipients], Field(min_length=1)]
    sender: Annotated[_Mailbox, Field(alias="from")]
    subject: str = ""
    content: Annotated[list[_Content], Field(min_length=1)]
    custom_args: dict[str, str] = Field(default_factory=dict)


class SendGridApi:
    """The one endpoint the program uses."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._authorization = f"Bearer {carrier.config.sendgrid_api_key}".encode()

    def routes(self) -> list[Route]:
        """The routes of this part."""
        return [Route("/v3/mail/send", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Sends one email to each recipient of each personalization."""
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, self._authorization):
            return _refusal(401, "The API key is wrong.")
        try:
            mail = _Mail.model_validate_json(await request.body())
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"])
            return _refusal(400, "A field is missing or wrong.", field)
        orders = _orders(mail)
        fault = self._carrier.faults.take(orders[0].to)
        if fault is not None:
            return await self._misbehave(fault, orders, request)
        return await self._accept(orders)

    async def _accept(self, orders: list[EmailOrder]) -> Response:
        batch = await self._carrier.accept_emails(orders)
        return Response(status_code=202, headers={"X-Message-Id": batch})

    async def _misbehave(
        self, fault: Fault, orders: list[EmailOrder], request: Request
    ) -> Response:
        match fault.kind:
            case FaultKind.TOO_MANY:
                answer = _refusal(429, "Too many requests at once.")
                if fault.retry_after is not None:
                    answer.headers["Retry-After"] = f"{fault.retry_after:g}"
                return answer
            case FaultKind.SERVER_ERROR:
                if fault.accept:
                    await self._carrier.accept_emails(orders)
                return _refusal(500, "Something broke.")
            case FaultKind.ACCEPT_THEN_DROP:
                await self._carrier.accept_emails(orders)
                return hang_up(request)
            case FaultKind.ACCEPT_THEN_HANG:
                answer = await self._accept(orders)
                try:
                    await linger(self._carrier.closing, fault.seconds)
                except HungUp:
                    return hang_up(request)
                return answer
            case FaultKind.LATENCY:
                await asyncio.sleep(fault.seconds)
        return await self._accept(orders)


def _orders(mail: _Mail) -> list[EmailOrder]:
    parts = {content.type: content.value for content in mail.content}
    return [
        EmailOrder(
            to=mailbox.email,
            sender=mail.sender.email,
            subject=recipients.subject or mail.subject,
            text=parts.get("text/plain", ""),
            html=parts.get("text/html", ""),
            custom_args={**mail.custom_args, **recipients.custom_args},
        )
        for recipients in mail.personalizations
        for mailbox in recipients.to
    ]


def _refusal(status: int, message: str, field: str | None = None) -> Response:
    error: dict[str, Any] = {"message": message, "field": field, "help": None}
    return JSONResponse({"errors": [error]}, status)
