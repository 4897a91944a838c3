"""The named states of what Outreach keeps, and the only steps between them.

``docs/architecture.md`` draws these tables; a test keeps the drawing and the tables equal.
"""

from enum import StrEnum
from typing import TypeVar

from outreach.domain.errors import IllegalTransition


class ChannelKind(StrEnum):
    """A way to a person."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"
    """A call with spoken words; to staff alone."""
    WEBHOOK = "webhook"
    """A signed request to an address that the clinic configured; to staff alone."""


PATIENT_CHANNELS = (ChannelKind.SMS, ChannelKind.EMAIL)
"""The ways to a patient. The others carry pages and nothing else."""


class Purpose(StrEnum):
    """Why a message is sent; consent and caps differ by it."""

    CARE = "care"
    EDUCATION = "education"
    CAMPAIGN = "campaign"
    MARKETING = "marketing"
    """Speaks for a product or a service: 45 CFR 164.501 and 164.508(a)(3)."""
    REPLY = "reply"
    """An answer to somebody who just wrote."""
    STAFF = "staff"
    """A page to the clinic's own people; never to a patient."""


class Urgency(StrEnum):
    """Which lane a message takes. Urgent work never waits behind bulk work."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class TouchpointStatus(StrEnum):
    """Where one planned contact stands in the ledger."""

    PLANNED = "planned"
    QUEUED = "queued"
    """A message exists and is on its way to the provider."""
    SENT = "sent"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


class MessageStatus(StrEnum):
    """Where one outbound message stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    """A worker holds it under a lease; the request may be on its way."""
    UNKNOWN = "unknown"
    """The request left and no answer came: it may or may not have been sent."""
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The last-moment check said no; ``reason`` says why."""


class AttemptOutcome(StrEnum):
    """How one try at the provider ended."""

    IN_FLIGHT = "in_flight"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    """It certainly never reached the provider (refused connection, 429): safe to try again."""
    UNKNOWN = "unknown"


class FollowUpStatus(StrEnum):
    """Where one item of staff work stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Priority(StrEnum):
    """How soon staff must act."""

    URGENT = "urgent"
    SAME_DAY = "same_day"
    ROUTINE = "routine"


class SkipReason(StrEnum):
    """The closed list of reasons why a touchpoint was not sent."""

    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    QUIET_HOURS = "quiet_hours"
    CAP = "cap"
    LATE = "late"
    PAST_EVENT = "past_event"
    CANCELLED = "cancelled"
    MOVED = "moved"
    MERGED = "merged"
    COLLAPSED = "collapsed"
    COVERED = "covered"
    DECEASED = "deceased"
    PAUSED = "paused"
    NO_ADDRESS = "no_address"
    DUPLICATE = "duplicate"
    ZONE_UNKNOWN = "zone_unknown"
    STOPPED = "stopped"


TOUCHPOINT_STEPS: dict[TouchpointStatus, frozenset[TouchpointStatus]] = {
    TouchpointStatus.PLANNED: frozenset(
        {
            TouchpointStatus.QUEUED,
            TouchpointStatus.SKIPPED,
            TouchpointStatus.SUPERSEDED,
            TouchpointStatus.EXPIRED,
            TouchpointStatus.CANCELLED,
        }
    ),
    TouchpointStatus.QUEUED: frozenset(
        {
            TouchpointStatus.SENT,
            TouchpointStatus.SKIPPED,
            TouchpointStatus.SUPERSEDED,
            TouchpointStatus.EXPIRED,
            TouchpointStatus.CANCELLED,
            TouchpointStatus.FAILED,
        }
    ),
}
"""A status that is not a key is final."""

MESSAGE_STEPS: dict[MessageStatus, frozenset[MessageStatus]] = {
    MessageStatus.QUEUED: frozenset(
        {
            MessageStatus.CLAIMED,
            MessageStatus.SKIPPED,
            # A report that comes late proves an earlier attempt, which was thought lost.
            MessageStatus.ACCEPTED,
            MessageStatus.SENT,
            MessageStatus.DELIVERED,
            MessageStatus.UNDELIVERED,
            MessageStatus.FAILED,
        }
    ),
    MessageStatus.CLAIMED: frozenset(
        {
            MessageStatus.QUEUED,
            MessageStatus.ACCEPTED,
            MessageStatus.SENT,
            MessageStatus.DELIVERED,
            MessageStatus.UNDELIVERED,
            MessageStatus.UNKNOWN,
            MessageStatus.FAILED,
            MessageStatus.SKIPPED,
        }
    ),
    MessageStatus.UNKNOWN: frozenset(
        {
            MessageStatus.QUEUED,
            MessageStatus.ACCEPTED,
            MessageStatus.SENT,
            MessageStatus.DELIVERED,
            MessageStatus.UNDELIVERED,
            MessageStatus.FAILED,
        }
    ),
    MessageStatus.ACCEPTED: frozenset(
        {
            MessageStatus.QUEUED,
            MessageStatus.UNKNOWN,
            MessageStatus.SENT,
            MessageStatus.DELIVERED,
            MessageStatus.UNDELIVERED,
            MessageStatus.FAILED,
        }
    ),
    MessageStatus.SENT: frozenset(
        {
            MessageStatus.QUEUED,
            MessageStatus.DELIVERED,
            MessageStatus.UNDELIVERED,
            MessageStatus.FAILED,
        }
    ),
}
"""A status that is not a key is final."""

FOLLOWUP_STEPS: dict[FollowUpStatus, frozenset[FollowUpStatus]] = {
    FollowUpStatus.OPEN: frozenset({FollowUpStatus.ACKNOWLEDGED, FollowUpStatus.CLOSED}),
    FollowUpStatus.ACKNOWLEDGED: frozenset({FollowUpStatus.OPEN, FollowUpStatus.CLOSED}),
    FollowUpStatus.CLOSED: frozenset({FollowUpStatus.OPEN}),
}
"""A closed item opens again when the same episode brings a new red flag."""


S = TypeVar("S", bound=StrEnum)


def check_step(table: dict[S, frozenset[S]], old: S, new: S) -> S:
    """``new``, if ``table`` has the step from ``old``.

    Raises:
        IllegalTransition: the table has no such step.
    """
    if new not in table.get(old, frozenset()):
        raise IllegalTransition(f"{type(old).__name__} has no step from {old} to {new}")
    return new
