"""The clocks that processes run on. Nothing else in this program asks the machine for the time."""

import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from outreach.domain.clock import Clock
from outreach.domain.errors import ConfigurationError


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved: for tests and simulations."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._at

    def set(self, at: datetime) -> None:
        """Moves it to an instant; never backwards is the caller's care."""
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Moves it on."""
        self._at += by


_LAYOUT = struct.Struct("<ddd")


@dataclass(frozen=True, slots=True)
class SharedClock:
    """A clock that all processes of one run read from a file: an origin, and a rate.

    The file holds the machine instant and the clinic instant of its last setting (in seconds of the
    epoch) and how many clinic seconds pass in one machine second. Rate 0 stands still.
    """

    path: Path
    machine: Clock

    def now(self) -> datetime:
        """The clinic instant.

        Raises:
            ConfigurationError: the file is missing or was not written by ``set``.
        """
        try:
            origin, clinic, rate = _LAYOUT.unpack(self.path.read_bytes())
        except (OSError, struct.error):
            raise ConfigurationError(
                f"The shared clock {self.path} cannot be read. Unset OUTREACH_CLOCK_FILE."
            ) from None
        elapsed = self.machine.now().timestamp() - origin
        return datetime.fromtimestamp(clinic + elapsed * rate, UTC)

    def set(self, at: datetime, rate: float = 0.0) -> None:
        """From now on the clock shows ``at`` and runs at ``rate``; readers see it whole."""
        fresh = self.path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(_LAYOUT.pack(self.machine.now().timestamp(), at.timestamp(), rate))
        fresh.replace(self.path)
