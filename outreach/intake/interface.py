"""One arrival, and how its local times and status words are to be read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.domain.events import AppointmentStatus
from outreach.domain.interfaces import STATUS_WORDS, InterfaceSettings, status_key
from outreach.domain.people import MAJORITY

__all__ = ["STATUS_WORDS", "Arrival", "InterfaceSettings"]


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
    majority: int = MAJORITY
    """Years: the relatives of patients who are older are not read."""

    def zone_at(self, sites: tuple[str, ...]) -> tuple[str | None, ZoneInfo]:
        """The first of ``sites`` the clinic knows, and the zone of the local times there.

        When it knows none: the interface's own site, else the first name as written (None without
        one) and the clinic's zone. An interface that sets a zone writes all its times in it.
        """
        site, zone = self._site_at(sites)
        return site, self.settings.zone or zone

    def _site_at(self, sites: tuple[str, ...]) -> tuple[str | None, ZoneInfo]:
        own = (self.settings.site,) if self.settings.site else ()
        for site in (*sites, *own):
            zone = self.zone_of(site)
            if zone is not None:
                return site, zone
        fallback = None if sites else self.zone_of(None)
        return (sites[0] if sites else None), fallback or self.default_zone

    def status_named(self, text: str) -> AppointmentStatus | None:
        """What a status word of this sender means; None when its table has no such word."""
        return self.settings.status_words.get(status_key(text))
