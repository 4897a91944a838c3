"""The two clocks. Every instant in this program is an aware ``datetime`` in UTC.

*Clinic time* decides all that a patient sees; a demo may run it fast and a test may stop it.
*Machine time* decides leases, timeouts, provider retries and rate limits.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        ...
