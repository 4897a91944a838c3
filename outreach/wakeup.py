"""After a commit: tell the workers that a stage has work.

A wake-up carries nothing and may be lost, repeated or late without harm: the beat's tick finds all
that is due. So a broker that is down never fails the caller, nor holds it up for longer than half a
second once in a few seconds.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from outreach.domain.clock import Clock
from outreach.domain.errors import ConfigurationError
from outreach.file_broker import TRANSPORT

log = structlog.get_logger(__name__)

QUEUE_OF = {
    "tick": "tick",
    "followup": "urgent",
    "send_urgent": "urgent",
    "triage": "replies",
    "ingest": "intake",
    "due": "send",
    "send": "send",
    "send_bulk": "campaigns",
    "receipt": "receipts",
    "settle": "upkeep",
    "unheard": "upkeep",
    "upkeep": "upkeep",
    "completion": "upkeep",
    "coverage": "upkeep",
    "media": "upkeep",
    "carrier_consent": "upkeep",
}
"""Which queue each stage's task waits in."""
URGENT_QUEUES = ("urgent", "replies", "intake", "tick")
BULK_QUEUES = ("send", "receipts", "campaigns", "upkeep", "tick")
"""One worker node takes the former, another the latter: urgent work never waits behind bulk.

Both take ``tick``, so that either node alone still finds all of its work.
"""
QUEUES = tuple(dict.fromkeys((*URGENT_QUEUES, *BULK_QUEUES)))
WAKE_EXPIRES = 5.0
"""Seconds after which a wake-up nobody took is dropped; the tick has found the work by then."""
_PATIENT_STAGES = frozenset({"receipt", "send_bulk"})
_PATIENCE = 0.5
"""Seconds: reports and campaigns gain more from company than from haste."""
_SOCKET_SECONDS = 0.5
_PAUSE = 3.0
"""Seconds without another try after one that failed; the tick finds the work meanwhile."""


def broker_settings(url: str) -> dict[str, Any]:
    """Celery's broker settings for an address, each with its reason.

    Raises:
        ConfigurationError: the address is of a kind this program does not know.
    """
    scheme = urlsplit(url).scheme
    if scheme == "filesystem":
        return {
            "broker_url": "filesystem://",
            "broker_transport": TRANSPORT,
            "broker_transport_options": _folders(Path(urlsplit(url).path)),
        }
    if scheme not in {"redis", "rediss", "redis+socket", "memory", "amqp", "amqps"}:
        raise ConfigurationError(
            f"OUTREACH_BROKER_URL begins with {scheme!r}. Write redis://host:6379/0, "
            "redis+socket:///path or filesystem:///folder."
        )
    return {
        "broker_url": url,
        "broker_transport_options": {
            "visibility_timeout": 120,  # above the hard limit of any task: no ETA is ever used
            "unacked_restore_interval": 5,  # what a dead worker held comes back in seconds
            "socket_timeout": 15,
            "socket_connect_timeout": 3,
            "health_check_interval": 10,  # a worker must not stay deaf after a reconnect
            "max_retries": 0,  # publishing fails at once; the tick repairs it
        },
    }


def _publishing(url: str) -> dict[str, Any]:
    """The same, for a caller that only publishes and must not wait."""
    settings = broker_settings(url)
    options = settings["broker_transport_options"]
    if "socket_timeout" in options:
        short = {"socket_timeout": _SOCKET_SECONDS, "socket_connect_timeout": _SOCKET_SECONDS}
        settings["broker_transport_options"] = options | short
    return settings


def _folders(folder: Path) -> dict[str, Any]:
    """Folders for a broker that needs no server at all, on a local disk."""
    queue, control = folder / "queue", folder / "control"
    for made in (queue, control):
        made.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
        "store_processed": False,
        "polling_interval": 0.05,  # a wake-up in about 20 ms instead of a second
    }


class CeleryWake:
    """Sends a stage's task by name. Says nothing of patients: the message is empty.

    A broker that does not answer within 0.5 s is left alone for 3 s: what would be sent meanwhile
    is dropped, so that a hung broker costs its callers that half second and no more.
    """

    def __init__(self, broker_url: str, clock: Clock) -> None:
        self._app = Celery("outreach-wake", set_as_current=False)
        self._app.conf.update(_publishing(broker_url), broker_connection_timeout=_SOCKET_SECONDS)
        self._clock = clock
        self._last: dict[str, float] = {}
        self._failed_at: float | None = None

    def __call__(self, stage: str) -> None:
        """Wakes a stage; receipts and campaigns at most twice a second in one process."""
        now = self._clock.now().timestamp()
        # a clock that stepped back must not keep the broker shut out
        if self._failed_at is not None and 0 <= now - self._failed_at < _PAUSE:
            return
        if stage in _PATIENT_STAGES and now - self._last.get(stage, 0.0) < _PATIENCE:
            return
        self._last[stage] = now
        try:
            self._app.send_task(
                f"outreach.{stage}",
                queue=QUEUE_OF[stage],
                expires=WAKE_EXPIRES,
                ignore_result=True,
                retry=False,
            )
            self._failed_at = None
        except (OperationalError, OSError) as error:
            self._failed_at = self._clock.now().timestamp()
            log.info("wake.lost", stage=stage, error=type(error).__name__)


class NoWake:
    """For a process without a broker: the tick finds the work."""

    def __call__(self, stage: str) -> None:
        """Does nothing, by design."""
