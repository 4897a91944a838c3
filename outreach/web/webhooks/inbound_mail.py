"""SendGrid's Inbound Parse: an email to the clinic is a reply like a text, stored and then read.

Believed by its signature (ECDSA over timestamp and raw body), by the secret at the end of the
address, or by both where both are set.
"""

import hmac

import structlog
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.channels.signatures import (
    SENDGRID_SIGNATURE_HEADER,
    SENDGRID_TIMESTAMP_HEADER,
    verify_sendgrid,
)
from outreach.domain.errors import ConfigurationError
from outreach.pipeline import reply
from outreach.web.bodies import read_body
from outreach.web.edge import Edge
from outreach.web.multipart import parts_of
from outreach.web.problems import Refused
from outreach.web.webhooks.parsed_mail import inbound_of

log = structlog.get_logger(__name__)

MAIL_PATH = "/webhooks/sendgrid/inbound"
MOST_BYTES = 31_000_000
"""SendGrid passes on 30 MB, files and all."""
_MOST_PARTS = 120
_AT_ONCE = 2
"""Emails in memory: each may be as large as that."""


class InboundMail:
    """The one route, with and without the secret."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._turns = CapacityLimiter(_AT_ONCE)
        key = edge.config.inbound_mail_key
        try:
            if key is not None:
                verify_sendgrid(key, b"", "", "", edge.world.machine_clock)
        except ValueError:
            raise ConfigurationError(
                "SENDGRID_INBOUND_PUBLIC_KEY is not a verification key. "
                "Copy it from the security policy of your Inbound Parse setting."
            ) from None

    def routes(self) -> list[Route]:
        """The webhook."""
        return [
            Route(MAIL_PATH, self.mail, methods=["POST"]),
            Route(f"{MAIL_PATH}/{{secret}}", self.mail, methods=["POST"]),
        ]

    async def mail(self, request: Request) -> Response:
        """One email: an empty 200 once it is stored."""
        self._check_address(request)
        async with self._turns:
            body = await read_body(request, MOST_BYTES)
            self._check_signature(request, body)
            kind = request.headers.get("content-type", "")
            await self._edge.run(lambda: self._store(kind, body))
        return Response()

    def _store(self, content_type: str, body: bytes) -> None:
        """Off the loop: a large email takes long to read."""
        inbound = inbound_of(parts_of(content_type, body, _MOST_PARTS))
        reply.receive(self._edge.world, inbound)

    def _check_address(self, request: Request) -> None:
        """What can be checked before the body is taken."""
        config = self._edge.config
        if config.inbound_mail_key is None and config.inbound_mail_secret is None:
            raise _refused("nothing is set")
        if config.inbound_mail_secret is not None:
            given = str(request.path_params.get("secret", ""))
            if not hmac.compare_digest(given.encode(), config.inbound_mail_secret.encode()):
                raise _refused("secret")
        if config.inbound_mail_key is not None and not request.headers.get(
            SENDGRID_SIGNATURE_HEADER
        ):
            raise _refused("signature missing")

    def _check_signature(self, request: Request, body: bytes) -> None:
        key = self._edge.config.inbound_mail_key
        if key is None:
            return
        signature = request.headers.get(SENDGRID_SIGNATURE_HEADER, "")
        timestamp = request.headers.get(SENDGRID_TIMESTAMP_HEADER, "")
        clock = self._edge.world.machine_clock
        if not verify_sendgrid(key, body, signature, timestamp, clock):
            raise _refused("signature wrong")


def _refused(why: str) -> Refused:
    log.warning("webhook.refused", provider="sendgrid inbound", why=why)
    return Refused(
        403,
        "This email is not believed. Compare SENDGRID_INBOUND_PUBLIC_KEY and "
        "OUTREACH_INBOUND_MAIL_SECRET with the Inbound Parse setting at SendGrid.",
    )
