"""Those who call the web part: Twilio, SendGrid, a scheduling system."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from httpx import Client, Response

from outreach.channels.signatures import (
    SENDGRID_SIGNATURE_HEADER,
    SENDGRID_TIMESTAMP_HEADER,
    TWILIO_SIGNATURE_HEADER,
    sendgrid_key_from_seed,
    sign_sendgrid,
    twilio_signature,
)
from tests.worlds import START

PUBLIC_URL = "https://outreach.clinic.example/door"
TOKEN = "an-auth-token"
API_KEY = "a-long-secret-of-the-ehr"
SENDGRID_SEED = "web-tests"
SID = "SM" + "0a" * 16
FORM = "application/x-www-form-urlencoded"


def caller(url: str) -> Client:
    """An HTTP client of one server; redirects are looked at, not followed."""
    return Client(base_url=url, trust_env=False, timeout=30)


def twilio(
    client: Client,
    path: str,
    form: Mapping[str, str] | Sequence[tuple[str, str]],
    *,
    token: str = TOKEN,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A form as Twilio posts it."""
    pairs = list(form.items()) if isinstance(form, Mapping) else list(form)
    signed = {TWILIO_SIGNATURE_HEADER: twilio_signature(token, PUBLIC_URL + path, pairs)}
    body = urlencode(pairs)
    return client.post(
        path, content=body, headers={"Content-Type": FORM, **signed, **(headers or {})}
    )


def inbound(body: str, sid: str = SID, **more: str) -> dict[str, str]:
    """What Twilio says of a text from a patient."""
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": "AC" + "0" * 32,
        "MessagingServiceSid": "",
        "From": "+12025550123",
        "To": "+12025550100",
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        "FromZip": "",
        **more,
    }


def sendgrid(
    client: Client, events: Any, *, at: float = START.timestamp(), body: bytes | None = None
) -> Response:
    """A batch of events as SendGrid posts it. ``body`` is sent in place of what was signed."""
    raw = json.dumps(events).encode()
    timestamp = str(int(at))
    signature = sign_sendgrid(sendgrid_key_from_seed(SENDGRID_SEED), timestamp, raw)
    return client.post(
        "/webhooks/sendgrid/events",
        content=raw if body is None else body,
        headers={SENDGRID_SIGNATURE_HEADER: signature, SENDGRID_TIMESTAMP_HEADER: timestamp},
    )


def post_event(
    client: Client,
    body: bytes | str,
    content_type: str = "application/json",
    *,
    query: str = "",
    **headers: str,
) -> Response:
    """An event as a scheduling system posts it; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(
        f"/events{query}",
        content=body,
        headers={"Authorization": f"Bearer {API_KEY}", "Content-Type": content_type, **named},
    )
