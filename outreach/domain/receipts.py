"""Delivery reports: unordered, repeated and best-effort, so only ever read upwards."""

from datetime import datetime, timedelta

from outreach.domain.states import MessageStatus

FIRST_ASK = timedelta(hours=1)
"""So long after a message was accepted its provider is asked how it ended, if nothing told."""
LAST_ASK = timedelta(hours=48)
"""And so long after for the last time: Twilio keeps a text in its queue for ten hours at most, and
with some carriers ``sent`` is the last that anybody hears."""

_MEANING = {
    "accepted": MessageStatus.ACCEPTED,
    "scheduled": MessageStatus.ACCEPTED,
    "queued": MessageStatus.ACCEPTED,
    "sending": MessageStatus.ACCEPTED,
    "processed": MessageStatus.ACCEPTED,
    "deferred": MessageStatus.ACCEPTED,
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "partially_delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.DELIVERED,
    "open": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.UNDELIVERED,
    "bounce": MessageStatus.UNDELIVERED,
    "dropped": MessageStatus.FAILED,
    "failed": MessageStatus.FAILED,
    "canceled": MessageStatus.FAILED,
    "initiated": MessageStatus.ACCEPTED,
    "ringing": MessageStatus.SENT,
    "answered": MessageStatus.SENT,
    "in-progress": MessageStatus.SENT,
    "completed": MessageStatus.DELIVERED,
    "busy": MessageStatus.UNDELIVERED,
    "no-answer": MessageStatus.UNDELIVERED,
}
"""Twilio's statuses of messages and of calls, and SendGrid's event names -> ours."""

_RANK = {
    MessageStatus.QUEUED: 0,
    MessageStatus.CLAIMED: 1,
    MessageStatus.UNKNOWN: 1,
    MessageStatus.ACCEPTED: 2,
    MessageStatus.SENT: 3,
    MessageStatus.FAILED: 5,
    MessageStatus.UNDELIVERED: 5,
    MessageStatus.DELIVERED: 5,
    MessageStatus.SKIPPED: 9,
}


def meaning(provider_status: str) -> MessageStatus | None:
    """Our word for a provider's status; None for one that says nothing of delivery."""
    return _MEANING.get(provider_status.lower())


def advances(now: MessageStatus, reported: MessageStatus) -> bool:
    """Whether a report moves a message on. The first final one wins."""
    return _RANK[reported] > _RANK[now]


def first_ask(accepted_at: datetime) -> datetime:
    """When a provider is asked first about a message that it accepted then (machine time)."""
    return accepted_at + FIRST_ASK


def next_ask(waited: timedelta) -> timedelta | None:
    """How long until it is asked again, ``waited`` after it accepted: twice as long each time, so
    1, 3, 7, 15, 31 and 48 hours after; None after the last."""
    waited = max(waited, timedelta())
    return None if waited >= LAST_ASK else min(waited + FIRST_ASK, LAST_ASK - waited)


def wait_for_answer(waited: timedelta) -> timedelta | None:
    """How long until it is asked again should no answer come: as ``next_ask`` says, and after the
    last time every hour for as long as it took to come to that; None for the very last."""
    again = next_ask(waited)
    return FIRST_ASK if again is None and waited < 2 * LAST_ASK else again
