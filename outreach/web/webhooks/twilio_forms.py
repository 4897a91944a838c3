"""Twilio's forms: signed over the public address that Twilio was told, and bounded.

Host and X-Forwarded headers are whatever a stranger likes: the address comes from our settings.
"""

import re
from urllib.parse import parse_qsl
from uuid import UUID

import structlog
from starlette.requests import Request

from outreach.channels.signatures import TWILIO_SIGNATURE_HEADER, verify_twilio
from outreach.web.bodies import read_body
from outreach.web.edge import Edge
from outreach.web.problems import Refused

log = structlog.get_logger(__name__)

SID = re.compile(r"[A-Za-z0-9]{2,80}")
ADDRESS = re.compile(r"[!-~]{1,40}")
"""A number, a short code or a sender name: printable and short."""
STATUS = re.compile(r"[A-Za-z_-]{1,40}")
CODE = re.compile(r"[0-9]{1,9}")
_MOST_FIELDS = 200

Form = dict[str, str]


async def signed_form(edge: Edge, request: Request) -> Form:
    """The fields of a form that Twilio signed.

    Raises:
        Refused: it is not signed by one of our tokens (403), or is no form (400).
    """
    signature = request.headers.get(TWILIO_SIGNATURE_HEADER, "")
    if not signature:
        raise _unsigned("missing")
    body = await read_body(request, edge.config.max_body_bytes)
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
    if not verify_twilio(edge.config.twilio_tokens, _signed_url(edge, request), pairs, signature):
        raise _unsigned("wrong")
    return dict(pairs)


def _signed_url(edge: Edge, request: Request) -> str:
    """The address as Twilio was told it: ours, with the path and query of this request."""
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    return f"{edge.config.base_url}{path}{'?' + query if query else ''}"


def _unsigned(what: str) -> Refused:
    log.warning("webhook.refused", provider="twilio", signature=what)
    return Refused(
        403,
        f"The signature is {what}. "
        "Compare TWILIO_AUTH_TOKEN and OUTREACH_PUBLIC_URL with Twilio's.",
    )


def field(form: Form, shape: re.Pattern[str], *names: str) -> str:
    """The first of these fields that is there.

    Raises:
        Refused: none is, or it cannot be what it says.
    """
    value = next((form[name].strip() for name in names if form.get(name)), "")
    if not shape.fullmatch(value):
        raise Refused(400, f"The field {names[0]} is missing or malformed.")
    return value


def message_id_in(text: str) -> UUID:
    """The id at the end of an address. Raises Refused where it is none."""
    try:
        return UUID(text)
    except ValueError:
        raise Refused(400, "The address does not end in a message id.") from None
