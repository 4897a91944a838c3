"""The headers that every email of ours carries beside its sender and its subject."""

from uuid import UUID

from outreach.channels.unsubscribe import unsubscribe_headers


def outgoing_headers(public_url: str, message_id: UUID) -> dict[str, str]:
    """The way out (RFC 8058), and the word that a program wrote it, so that programs do not answer.

    RFC 3834 for those that keep to it, and the word that Exchange heeds.
    """
    return {
        **unsubscribe_headers(public_url, message_id),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
