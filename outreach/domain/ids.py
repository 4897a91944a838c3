"""Identifiers: UUID version 7 (RFC 9562), opaque to patients, ordered by time for databases."""

import os
import threading
import uuid

from outreach.domain.clock import Clock

_COUNTER_BITS = 32


class _Sequence:
    """Orders the identifiers that one process makes within one millisecond (RFC 9562, 6.2).

    A clock that stands still, in a test or a simulation, gives ordered identifiers as well.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millis = -1
        self._count = 0

    def next(self, millis: int) -> int:
        """The counter's next value in this millisecond; a fresh one starts at random."""
        with self._lock:
            if millis != self._millis:
                self._millis = millis
                self._count = int.from_bytes(os.urandom(3), "big")
            self._count += 1
            return self._count & ((1 << _COUNTER_BITS) - 1)


_sequence = _Sequence()


def new_id(clock: Clock) -> uuid.UUID:
    """A UUIDv7 of the machine clock's millisecond, a counter of 32 bits and 42 random bits."""
    millis = int(clock.now().timestamp() * 1000) & ((1 << 48) - 1)
    count = _sequence.next(millis)
    value = millis << 80 | 0x7 << 76 | (count >> 20) << 64
    value |= 0b10 << 62 | (count & ((1 << 20) - 1)) << 42
    return uuid.UUID(int=value | int.from_bytes(os.urandom(6), "big") >> 6)
