"""How a sandbox carrier behaves: its account, its pace, and where the app listens."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from pathlib import Path

from outreach.domain.clock import Clock

ACCOUNT_SID = "AC" + "5a" * 16
SERVICE_SID = "MG" + "5b" * 16
NUMBER = "+12025550100"
STAFF_NUMBER = "+12025550101"


class ReceiptOrder(StrEnum):
    """In which way status callbacks reach the app."""

    IN_ORDER = "in_order"
    LATE = "late"
    """In order, ``late_seconds`` after the fact."""
    REPEATED = "repeated"
    """In order, each one twice."""
    SHUFFLED = "shuffled"
    """All at the end, in any order."""
    NONE = "none"
    """Not at all: callbacks are best-effort, and an app must find out by itself."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a text spends in each state before the next."""

    queued: float = 0.05
    sending: float = 0.05
    sent: float = 0.2


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """One sandbox. ``app_url`` is where signed webhooks go; None sends none but receipts."""

    record_path: Path
    clock: Clock
    """Machine time: ``created_at``, signatures."""
    display_clock: Clock | None = None
    """What the phones show, when that is not machine time (a demo runs fast)."""
    display_zone: tzinfo = UTC
    account_sid: str = ACCOUNT_SID
    auth_token: str = field(default="sandbox-auth-token", repr=False)
    sendgrid_api_key: str = field(default="SG.sandbox", repr=False)
    sendgrid_seed: str = field(default="outreach-sandbox", repr=False)
    """The event webhook's key is derived from it: see ``channels.signatures``."""
    numbers: tuple[str, ...] = (NUMBER, STAFF_NUMBER)
    """Numbers the account owns; the first one sends for the messaging services."""
    service_sids: tuple[str, ...] = (SERVICE_SID,)
    app_url: str | None = None
    inbound_path: str = "/webhooks/twilio/inbound"
    events_path: str = "/webhooks/sendgrid/events"
    mail_path: str = "/webhooks/sendgrid/inbound"
    answers_keywords: bool = True
    """Whether the carrier itself answers STOP, START and HELP and blocks after STOP."""
    pace: Pace = field(default_factory=Pace)
    receipts: ReceiptOrder = ReceiptOrder.IN_ORDER
    late_seconds: float = 2.0
    webhook_timeout_seconds: float = 15.0
    webhook_pause_seconds: float = 0.25
    """Before the first retry of a webhook; doubles each time."""
    seed: int = 0
    """Of the shuffling."""
