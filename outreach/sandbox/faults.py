"""Faults on order: the next so many messages meet a carrier that misbehaves."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """How the carrier misbehaves."""

    TOO_MANY = "429"
    """Refused unread, with Retry-After."""
    SERVER_ERROR = "500"
    """A 500; with ``accept`` the message was kept all the same."""
    ACCEPT_THEN_HANG = "accept_then_hang"
    """Kept, then no answer for ``seconds``."""
    ACCEPT_THEN_DROP = "accept_then_drop"
    """Kept, then the connection is cut without an answer."""
    LATENCY = "latency"
    """Right, but ``seconds`` late."""
    UNDELIVERED = "undelivered"
    """Accepted; the receipts end in ``undelivered`` with error ``code``."""
    REFUSED = "refused"
    """Refused with error ``code``, and nothing is kept."""


@dataclass(slots=True)
class Fault:
    """One order. ``times`` None lasts until the faults are cleared."""

    kind: FaultKind
    times: int | None = 1
    to: str | None = None
    """Only messages to this phone or mailbox."""
    sender: str | None = None
    """Only messages from this number or Messaging Service."""
    retry_after: float | None = None
    seconds: float = 0.0
    code: int = 30003
    accept: bool = False


class Faults:
    """The orders in force, first come first served; kept in memory alone."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Comes after what was ordered before."""
        self._orders.append(fault)

    def clear(self) -> None:
        """From now on the carrier behaves."""
        self._orders.clear()

    def pending(self) -> list[Fault]:
        """What is still to come."""
        return list(self._orders)

    def take(self, to: str, sender: str | None = None) -> Fault | None:
        """The fault this message meets, if any; uses it up by one."""
        for fault in self._orders:
            if fault.to in {None, to} and fault.sender in {None, sender}:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._orders.remove(fault)
                return fault
        return None
