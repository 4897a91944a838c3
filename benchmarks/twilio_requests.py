"""Signed requests as Twilio makes them, as bytes to send over a bare socket.

A client library would cost more than the server it measures.
"""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlencode

from outreach.bootstrap import SANDBOX_TOKEN
from outreach.channels.signatures import TWILIO_SIGNATURE_HEADER, twilio_signature

Form = Sequence[tuple[str, str]]


def signed_request(path: str, form: Form, port: int) -> bytes:
    """A form that the sandbox carrier posts to the web part on ``port`` of loopback."""
    signature = twilio_signature(SANDBOX_TOKEN, f"http://127.0.0.1:{port}{path}", form)
    body = urlencode(form).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"{TWILIO_SIGNATURE_HEADER}: {signature}\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n\r\n"
    )
    return head.encode() + body


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, status: bytes
) -> None:
    """Sends one request over an open connection and reads the whole answer.

    Raises:
        RuntimeError: the answer has another ``status``, such as ``b"204"``.
    """
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (
            int(line.partition(b":")[2])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 " + status):
        raise RuntimeError(f"The web part answered {head.splitlines()[0].decode()}.")
