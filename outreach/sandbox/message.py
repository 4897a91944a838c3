"""One message as the carrier keeps it, in either direction and on either channel."""

import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Origin(StrEnum):
    """Who wrote a message. Only ``APP`` counts as accepted from the program under test."""

    APP = "app"
    PATIENT = "patient"
    CARRIER = "carrier"
    """The carrier's own answer to STOP, START or HELP."""


FINAL = frozenset(
    {
        "delivered", "undelivered", "failed", "canceled", "received",
        "completed", "busy", "no-answer",
    }
)  # fmt: skip
"""Twilio's last states of messages and of calls; ``sent`` may be one but never is here."""


def new_sid(prefix: str) -> str:
    """An identifier as Twilio makes them: two letters and 32 hex digits."""
    return prefix + os.urandom(16).hex()


@dataclass(slots=True)
class Message:
    """One row of the record. Instants are aware UTC machine time unless said otherwise."""

    sid: str
    origin: Origin
    channel: str
    patient: str
    """The patient's phone or mailbox, whichever side it is on."""
    sender: str
    recipient: str
    body: str
    status: str
    created_at: datetime
    shown_at: datetime
    """By the display clock."""
    subject: str = ""
    html: str = ""
    service: str | None = None
    segments: int = 0
    callback: str = ""
    validity: int = 36_000
    """Seconds the text may wait before it is sent."""
    reference: str = ""
    """``custom_args`` of an email, as JSON."""
    error_code: int | None = None
    sent_at: datetime | None = None
    updated_at: datetime | None = None
    redacted: bool = False
    deleted: bool = False
    seq: int = 0
