"""The ledger's words as sentences that a nurse understands."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.domain.journeys import Anchor
from outreach.domain.states import MessageStatus, SkipReason, TouchpointStatus
from outreach.storage.models import Message, Touchpoint

WHY = {
    SkipReason.OPTED_OUT: "the patient has opted out",
    SkipReason.NO_CONSENT: "there is no consent for it",
    SkipReason.QUIET_HOURS: "no permitted hour was left before it lost its use",
    SkipReason.CAP: "the patient had as many messages as policy allows, or care texts came first",
    SkipReason.LATE: "it would have come too late to be useful",
    SkipReason.PAST_EVENT: "its time had passed already when the visit became known",
    SkipReason.CANCELLED: "what it was about was cancelled",
    SkipReason.MOVED: "the visit moved, and the new time has messages of its own",
    SkipReason.MERGED: "another message said it too",
    SkipReason.COLLAPSED: "a later step took its place",
    SkipReason.COVERED: "it was covered by something else",
    SkipReason.DECEASED: "the patient has died",
    SkipReason.PAUSED: "outreach to this patient is paused, or the visit is held",
    SkipReason.NO_ADDRESS: "there is no working phone or mailbox for it",
    SkipReason.DUPLICATE: "it was sent already",
    SkipReason.ZONE_UNKNOWN: "it is not known which hours count there",
    SkipReason.STOPPED: "the treatment was stopped",
}
"""Why something was not sent, after "because"."""

_MESSAGE = {
    MessageStatus.QUEUED: "waiting to leave",
    MessageStatus.CLAIMED: "leaving now",
    MessageStatus.UNKNOWN: "perhaps sent: the provider has not answered, and is being asked",
    MessageStatus.ACCEPTED: "accepted by the provider",
    MessageStatus.SENT: "sent, not yet reported as delivered",
    MessageStatus.DELIVERED: "delivered",
    MessageStatus.UNDELIVERED: "not delivered",
    MessageStatus.FAILED: "failed",
    MessageStatus.SKIPPED: "held back",
}

_ABOUT = {
    Anchor.VISIT_START: "the visit of",
    Anchor.INFUSION_END: "the infusion that ended",
    Anchor.DOSE: "the home dose of",
    Anchor.CAMPAIGN: "the campaign of",
    Anchor.OCCASION: "the occasion of",
    Anchor.CLOSURE: "the closed day of the visit of",
}


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A local time as people write it."""
    return at.astimezone(zone).strftime("%a %d %b %Y %H:%M %Z")


def touchpoint_sentence(row: Touchpoint, messages: Sequence[Message], zone: ZoneInfo) -> str:
    """What became of one planned contact, and why."""
    subject = f"{row.step} ({row.template}), for {_ABOUT[row.anchor_kind]} "
    subject += moment(row.anchor_at, zone)
    sentence = f"{subject}: {_ending(row)}."
    if row.note:
        sentence += f" {row.note}"
    for message in messages:
        sentence += f" {message_sentence(message, zone)}"
    return sentence


def _ending(row: Touchpoint) -> str:
    because = f" because {WHY[row.reason]}" if row.reason is not None else ""
    return {
        TouchpointStatus.PLANNED: "is planned" if not row.note else "is planned and waits",
        TouchpointStatus.QUEUED: "is on its way",
        TouchpointStatus.SENT: "was sent",
        TouchpointStatus.SKIPPED: f"was not sent{because}",
        TouchpointStatus.SUPERSEDED: f"was replaced{because}",
        TouchpointStatus.EXPIRED: "lapsed because the visit took place first",
        TouchpointStatus.CANCELLED: f"was called off{because}",
        TouchpointStatus.FAILED: "could not be sent",
    }[row.status]


def message_sentence(row: Message, zone: ZoneInfo) -> str:
    """One message and how it stands."""
    way = {"sms": "Text", "email": "Email"}[row.channel.value]
    sentence = f"{way}: {_MESSAGE[row.status]}"
    if row.accepted_at is not None:
        sentence += f", taken by the provider {moment(row.accepted_at, zone)}"
    if row.status is MessageStatus.SKIPPED and row.reason is not None:
        sentence += f" because {WHY[row.reason]}"
    if row.error_code is not None:
        sentence += f" (code {row.error_code})"
    if row.attempts > 1:
        sentence += f", after {row.attempts} tries"
    return sentence + "." + (f" {row.to_whom}" if row.to_whom else "")
