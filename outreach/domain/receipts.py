"""Delivery reports: unordered, repeated and best-effort, so only ever read upwards."""

from outreach.domain.states import MessageStatus

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
