"""The one-click way out of email that mail programs show as a button (RFC 2369, RFC 8058)."""

from uuid import UUID

UNSUBSCRIBE_PATH = "/unsubscribe/email/"
"""Followed by the message id as 32 hex digits: opaque, and unlike an address safe in a URL."""


def unsubscribe_headers(public_url: str, message_id: UUID) -> dict[str, str]:
    """The two headers; the address answers a POST of ``List-Unsubscribe=One-Click``."""
    return {
        "List-Unsubscribe": f"<{public_url}{UNSUBSCRIBE_PATH}{message_id.hex}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
