"""What differs from one sender to the next, as plain data: how it writes, what it is held to, how
it is answered and where it is listened to. ``config/interfaces/*.yaml`` holds one sender a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from outreach.domain.events import AppointmentStatus

STATUS_WORDS: Mapping[str, AppointmentStatus] = MappingProxyType(
    {
        "booked": AppointmentStatus.BOOKED,
        "scheduled": AppointmentStatus.BOOKED,
        "rescheduled": AppointmentStatus.BOOKED,
        "confirmed": AppointmentStatus.BOOKED,
        "overbook": AppointmentStatus.BOOKED,
        "new": AppointmentStatus.BOOKED,
        "proposed": AppointmentStatus.PROPOSED,
        "pending": AppointmentStatus.PENDING,
        "requested": AppointmentStatus.PENDING,
        "waitlist": AppointmentStatus.WAITLIST,
        "waitlisted": AppointmentStatus.WAITLIST,
        "arrived": AppointmentStatus.ARRIVED,
        "started": AppointmentStatus.ARRIVED,
        "checkedin": AppointmentStatus.CHECKED_IN,
        "checkin": AppointmentStatus.CHECKED_IN,
        "complete": AppointmentStatus.FULFILLED,
        "completed": AppointmentStatus.FULFILLED,
        "fulfilled": AppointmentStatus.FULFILLED,
        "checkedout": AppointmentStatus.FULFILLED,
        "cancel": AppointmentStatus.CANCELLED,
        "cancelled": AppointmentStatus.CANCELLED,
        "canceled": AppointmentStatus.CANCELLED,
        "dc": AppointmentStatus.CANCELLED,
        "discontinued": AppointmentStatus.CANCELLED,
        "noshow": AppointmentStatus.NOSHOW,
        "deleted": AppointmentStatus.ENTERED_IN_ERROR,
        "enteredinerror": AppointmentStatus.ENTERED_IN_ERROR,
    }
)
"""SCH-25 and the status column of a table -> FHIR's word. Keys are letters and digits only."""


def status_key(text: str) -> str:
    """How a status word stands in a table: its letters and digits, without case."""
    return "".join(char for char in text.casefold() if char.isalnum())


class AckMode(StrEnum):
    """In which words HL7 v2 senders are answered (MSA-1)."""

    ORIGINAL = "original"
    """AA, AE, AR."""
    ENHANCED = "enhanced"
    """CA, CE, CR: what is answered for is the safe storing; no second answer follows."""


@dataclass(frozen=True, slots=True)
class InterfaceSettings:
    """How one sender writes, and the limits that keep one arrival from taking the machine."""

    status_words: Mapping[str, AppointmentStatus] = field(default_factory=lambda: STATUS_WORDS)
    service_fields: tuple[str, ...] = ("AIS-3", "SCH-7", "SCH-8")
    """Where HL7 v2 says what kind of visit it is; the first that is filled counts."""
    processing_ids: frozenset[str] = frozenset({"P", "T", "D", ""})
    """MSH-11 values that are taken; a clinic whose test system shares the port drops T and D."""
    site: str | None = None
    """Where a visit is whose message names no place that the clinic knows."""
    zone: ZoneInfo | None = None
    """The zone of all local times of this sender; None: the zone of each visit's site."""
    ack_mode: AckMode = AckMode.ORIGINAL
    accept_all: bool = False
    """Every stored message is accepted, whatever it says; what is wrong waits in quarantine. For
    engines that hold their whole queue after one refusal."""
    authority: str | None = None
    """Who issues record numbers that name no issuer; default MSH-4, or the source's name."""
    max_bytes: int = 64 * 1024 * 1024
    """One arrival. A listener limits a frame far below this."""
    max_message_bytes: int = 8 * 1024 * 1024
    max_segments: int = 20_000
    max_repetitions: int = 64
    """Repetitions of one HL7 field that are read; the rest is left out with a warning."""
    max_items: int = 100_000
    dose_time: time = time(9, 0)
    """Local time of a home dose whose schedule names none."""
    horizon_days: int = 366
    """How far beyond its arrival (or its later start) an open schedule is written out."""
    max_doses: int = 1500


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of a listener that speaks TLS."""

    certificate: Path
    """Its own certificate, and those between it and the root."""
    key: Path
    client_authorities: Path | None = None
    """Whoever connects must show a certificate signed by one of these; None asks for none."""


@dataclass(frozen=True, slots=True)
class MllpLimits:
    """What one connection may do. Durations are machine time, in seconds."""

    frame_bytes: int = 8 * 1024 * 1024
    """The largest message. All connections together hold at most about twice this each."""
    connections: int = 32
    idle_seconds: float = 900.0
    """Without a whole message for this long, a connection is closed."""
    frame_seconds: float = 30.0
    """A message that has begun must have ended by then."""
    ack_seconds: float = 4.0
    """Engines wait five seconds and then send again: what is not stored by then is not answered."""


@dataclass(frozen=True, slots=True)
class MllpEndpoint:
    """Where an interface is listened to."""

    host: str = "127.0.0.1"
    port: int = 2575
    """2575 is registered for HL7."""
    tls: TlsFiles | None = None
    limits: MllpLimits = field(default_factory=MllpLimits)


@dataclass(frozen=True, slots=True)
class Interface:
    """One sender. Its name is part of the unique key of all that it sends, so it never changes."""

    name: str
    settings: InterfaceSettings = field(default_factory=InterfaceSettings)
    mllp: MllpEndpoint | None = None
    """None: it is not listened to; it posts, or its files are ingested."""
