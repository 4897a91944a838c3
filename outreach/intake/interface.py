"""What differs from one sender to the next, and what every arrival is held to: as plain data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
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


@dataclass(frozen=True, slots=True)
class InterfaceSettings:
    """How one sender writes, and the limits that keep one arrival from taking the machine."""

    status_words: Mapping[str, AppointmentStatus] = field(default_factory=lambda: STATUS_WORDS)
    service_fields: tuple[str, ...] = ("AIS-3", "SCH-7", "SCH-8")
    """Where HL7 v2 says what kind of visit it is; the first that is filled counts."""
    processing_ids: frozenset[str] = frozenset({"P", "T", "D", ""})
    """MSH-11 values that are taken; a clinic whose test system shares the port drops T and D."""
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
class Arrival:
    """Where and when some bytes came in, and how their local times are to be read."""

    source: str
    received_at: datetime
    """Clinic time, UTC."""
    default_zone: ZoneInfo
    zone_of: Callable[[str | None], ZoneInfo | None]
    region: str = "US"
    settings: InterfaceSettings = field(default_factory=InterfaceSettings)

    def zone_at(self, sites: tuple[str, ...]) -> tuple[str | None, ZoneInfo]:
        """The first of ``sites`` the clinic knows, with its zone.

        When it knows none, the first name as written (None without one) and the clinic's zone.
        """
        for site in sites:
            zone = self.zone_of(site)
            if zone is not None:
                return site, zone
        fallback = None if sites else self.zone_of(None)
        return (sites[0] if sites else None), fallback or self.default_zone

    def status_named(self, text: str) -> AppointmentStatus | None:
        """What a status word of this sender means; None when its table has no such word."""
        key = "".join(char for char in text.casefold() if char.isalnum())
        return self.settings.status_words.get(key)
