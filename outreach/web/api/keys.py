"""Who may post events: keys compared in constant time, each with the name of its sender."""

import hmac
import re
from collections.abc import Sequence

from starlette.requests import Request

from outreach.web.problems import Refused

UNNAMED = "api"
"""The sender's name where a key has none."""

_SOURCE = re.compile(r"[A-Za-z0-9._-]{1,60}")


class ApiKeys:
    """The keys of ``WebConfig.api_keys``: ``SECRET`` or ``NAME:SECRET``."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._secrets = [_named(key) for key in keys if key]

    def sender(self, request: Request) -> str:
        """The name behind the key of a request: ``Authorization: Bearer`` or ``X-API-Key``.

        Raises:
            Refused: there is no key, or none of ours (401).
        """
        given = _given(request).encode()
        found = None
        for name, secret in self._secrets:  # all of them, whichever fits
            if hmac.compare_digest(secret, given):
                found = name
        if found is None:
            raise Refused(
                401,
                "Send the API key as 'Authorization: Bearer ...' or as X-API-Key.",
                {"WWW-Authenticate": "Bearer"},
            )
        return found


def source_of(request: Request, sender: str) -> str:
    """The interface an event comes through: ``http:`` and X-Source, or the key's own name.

    Raises:
        Refused: X-Source is not a short plain name (400).
    """
    name = request.headers.get("x-source", sender)
    if not _SOURCE.fullmatch(name):
        raise Refused(400, "X-Source is not a name of letters, digits, '.', '_' and '-'.")
    return f"http:{name}"


def _named(key: str) -> tuple[str, bytes]:
    name, colon, secret = key.partition(":")
    return (name, secret.encode()) if colon else (UNNAMED, key.encode())


def _given(request: Request) -> str:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return request.headers.get("x-api-key", "")
