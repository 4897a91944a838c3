"""SendGrid's event webhook: how emails fared, and who wants none any more."""

import json
import re
from functools import partial
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.channels.mailbox import is_mailbox
from outreach.channels.signatures import (
    SENDGRID_SIGNATURE_HEADER,
    SENDGRID_TIMESTAMP_HEADER,
    verify_sendgrid,
)
from outreach.domain.clock import Clock
from outreach.domain.errors import ConfigurationError
from outreach.pipeline.outcomes import mail_events
from outreach.pipeline.outcomes.mail_events import MailEvent
from outreach.web.bodies import read_body
from outreach.web.edge import Edge
from outreach.web.problems import Refused

log = structlog.get_logger(__name__)

EVENTS_PATH = "/webhooks/sendgrid/events"

_WORD = re.compile(r"[a-z_]{1,40}")
_PROVIDER_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


class SendGridWebhook:
    """The one route."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        _check_keys(edge.config.sendgrid_public_keys, edge.world.machine_clock)

    def routes(self) -> list[Route]:
        """The event webhook."""
        return [Route(EVENTS_PATH, self.events, methods=["POST"])]

    async def events(self, request: Request) -> Response:
        """A batch of events: 204 once all that concerns us is stored, in one unit."""
        body = await read_body(request, self._edge.config.max_body_bytes)
        self._check_signature(request, body)
        events = read_events(body)
        if events:
            await self._edge.run(partial(mail_events.receive, self._edge.world, events))
        return Response(status_code=204)

    def _check_signature(self, request: Request, body: bytes) -> None:
        signature = request.headers.get(SENDGRID_SIGNATURE_HEADER, "")
        timestamp = request.headers.get(SENDGRID_TIMESTAMP_HEADER, "")
        clock = self._edge.world.machine_clock
        for key in self._edge.config.sendgrid_public_keys:
            if verify_sendgrid(key, body, signature, timestamp, clock):
                return
        log.warning("webhook.refused", provider="sendgrid")
        raise Refused(
            403,
            "The signature is missing, wrong or older than five minutes. "
            "Compare SENDGRID_WEBHOOK_PUBLIC_KEY with SendGrid's, and this machine's clock.",
        )


def read_events(body: bytes) -> list[MailEvent]:
    """The events that concern us; others (another program's mail) are left out.

    Raises:
        Refused: the body is not a JSON array.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON.") from None
    if not isinstance(found, list):
        raise Refused(400, "The body is not a JSON array of events.")
    read = [_read(entry) for entry in found if isinstance(entry, dict)]
    return [event for event in read if event is not None]


def _read(entry: dict[str, object]) -> MailEvent | None:
    """One event. ``sg_message_id`` begins with the id we were given when the email was taken."""
    status = _text(entry, "event")
    provider_id = _text(entry, "sg_message_id").partition(".")[0]
    mailbox = _text(entry, "email").strip()
    message_id = _message_id(_text(entry, "message_id"))
    if not _WORD.fullmatch(status):
        return None
    if message_id is not None and _PROVIDER_ID.fullmatch(provider_id):
        known = provider_id
    elif status in mail_events.OPT_OUTS:
        known = ""
    else:
        return None
    return MailEvent(
        provider_id=known,
        status=status,
        message_id=message_id,
        mailbox=mailbox if is_mailbox(mailbox) else "",
    )


def _text(entry: dict[str, object], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _message_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _check_keys(keys: tuple[str, ...], clock: Clock) -> None:
    for key in keys:
        try:
            verify_sendgrid(key, b"", "", "", clock)
        except ValueError:
            raise ConfigurationError(
                "SENDGRID_WEBHOOK_PUBLIC_KEY is not a verification key. "
                "Copy it from SendGrid's settings under Event Webhook, Signature Verification."
            ) from None
