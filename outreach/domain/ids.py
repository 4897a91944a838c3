"""Identifiers: UUID version 7 (RFC 9562), opaque to patients, ordered by time for databases."""

import os
import uuid
from datetime import UTC, datetime, timedelta

from outreach.domain.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(clock: Clock) -> uuid.UUID:
    """A UUIDv7 of the machine clock's millisecond and 74 random bits."""
    millis = (clock.now() - _EPOCH) // timedelta(milliseconds=1) & ((1 << 48) - 1)
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = millis << 80 | 0x7 << 76 | (random_bits >> 68) << 64
    value |= 0b10 << 62 | (random_bits & ((1 << 62) - 1))
    return uuid.UUID(int=value)
