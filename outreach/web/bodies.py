"""Request bodies from strangers: bounded in size and in time, never decompressed."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from outreach.web.problems import Refused

_SECONDS = 10.0
"""For a whole body; a carrier needs milliseconds."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        Refused: it is larger than ``limit`` bytes (413), compressed (415), too slow (408), or its
            sender went away (400).
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(415, "Send the body as it is, without Content-Encoding.")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    chunks = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > limit:
                    raise too_large(limit)
    except TimeoutError:
        raise Refused(408, "The body came too slowly.") from None
    except ClientDisconnect:
        raise Refused(400, "The connection ended before the body did.") from None
    return bytes(chunks)


def too_large(limit: int) -> Refused:
    """413, with the limit."""
    return Refused(413, f"The body is larger than {limit} bytes.")
