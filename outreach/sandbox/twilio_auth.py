"""Who may speak to the sandbox as Twilio's customer."""

import base64
import hmac

from starlette.requests import Request
from starlette.responses import Response

from outreach.sandbox.config import SandboxConfig
from outreach.sandbox.twilio_errors import refusal


class Door:
    """Basic authentication with the one account."""

    def __init__(self, config: SandboxConfig) -> None:
        pair = f"{config.account_sid}:{config.auth_token}"
        self._account = config.account_sid
        self._authorization = b"Basic " + base64.b64encode(pair.encode())

    def stranger(self, request: Request) -> Response | None:
        """The refusal for who may not enter, or whose account this is not."""
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, self._authorization):
            return refusal(20003)
        if request.path_params.get("account", self._account) != self._account:
            return refusal(20404)
        return None
