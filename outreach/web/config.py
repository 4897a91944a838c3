"""What the web part is told about itself: its public address and the secrets it checks."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from outreach.domain.errors import ConfigurationError

_SHORTEST_STAFF_TOKEN = 12
_MAIL_SECRET = re.compile(r"[A-Za-z0-9_-]{20,}")


@dataclass(frozen=True, slots=True)
class WebConfig:
    """One web part.

    Raises:
        ConfigurationError: the public address is none, or the staff token can be guessed.
    """

    public_url: str
    """Where carriers reach us, as they were told it: what they sign begins with it."""
    twilio_tokens: tuple[str, ...] = field(default=(), repr=False)
    """Two while the auth token is rotated."""
    sendgrid_public_keys: tuple[str, ...] = ()
    """Base64 of DER, as SendGrid's settings show it."""
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    """``SECRET`` or ``NAME:SECRET``; the name says which sender it is."""
    staff_token: str | None = field(default=None, repr=False)
    """Opens the follow-up list; without one it is shown on this machine alone."""
    phones_url: str | None = None
    """The sandbox's page of simulated phones, where there is one."""
    max_body_bytes: int = 1_000_000
    inbound_mail_key: str | None = None
    """The key that SendGrid signs inbound emails with, base64 of DER."""
    inbound_mail_secret: str | None = field(default=None, repr=False)
    """The end of the address that inbound emails are posted to."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ConfigurationError(
                "OUTREACH_PUBLIC_URL is not an address such as https://outreach.example.org."
            )
        if self.inbound_mail_secret is not None and not _MAIL_SECRET.fullmatch(
            self.inbound_mail_secret
        ):
            raise ConfigurationError(
                "OUTREACH_INBOUND_MAIL_SECRET must be 20 letters, digits, - or _ at least."
            )
        if self.staff_token is not None and len(self.staff_token) < _SHORTEST_STAFF_TOKEN:
            raise ConfigurationError(
                "OUTREACH_STAFF_TOKEN is too easy to guess: give it "
                f"{_SHORTEST_STAFF_TOKEN} characters or more."
            )

    @property
    def base_url(self) -> str:
        """The public address without a slash at its end."""
        return self.public_url.rstrip("/")

    @property
    def public_host(self) -> str:
        """The host of the public address, in small letters."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def is_encrypted(self) -> bool:
        """Whether the world reaches us over TLS: cookies are then sent over nothing else."""
        return self.public_url.startswith("https:")
