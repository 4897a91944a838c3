"""Staff work: how soon, who may end it, how it may end, and for how long it may rest.

Software opens items and never closes one; what may be a red flag is a nurse's to close.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from outreach.domain.clinic import FollowUpTargets
from outreach.domain.states import FollowUpStatus, Priority
from outreach.domain.triage.result import Action


class StaffRole(StrEnum):
    """What somebody is who acts on an item. Software has no role: it closes nothing."""

    NURSE = "nurse"
    FRONT_DESK = "front_desk"
    OPERATOR = "operator"
    """Looks after this program and its providers."""
    ANSWERING_SERVICE = "answering_service"


class Ending(StrEnum):
    """How an item may end, from a closed list. Not reaching somebody is no end."""

    WELL = "well"
    ADVISED = "advised"
    EMERGENCY = "emergency"
    ARRANGED = "arranged"
    PROVIDER = "provider"
    NOT_THEIRS = "not_theirs"
    OTHER = "other"


ENDINGS: Mapping[Ending, str] = {
    Ending.WELL: "Reached, nothing more to do",
    Ending.ADVISED: "Reached, advised by phone",
    Ending.EMERGENCY: "Reached, sent to emergency care",
    Ending.ARRANGED: "Reached, visit or order changed",
    Ending.PROVIDER: "Handed to a provider",
    Ending.NOT_THEIRS: "Wrong number or not about a patient",
    Ending.OTHER: "Something else (say what)",
}
"""What each ending means, for people."""


class Contact(StrEnum):
    """How one try to speak with the patient went."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    OUT_OF_SERVICE = "out_of_service"
    DECLINED = "declined"


PRIORITIES: Mapping[Action, Priority] = {
    Action.CALL_911: Priority.URGENT,
    Action.CALL_988: Priority.URGENT,
    Action.PAGE_1H: Priority.URGENT,
    Action.SAME_DAY: Priority.SAME_DAY,
    Action.ROUTINE: Priority.ROUTINE,
    Action.NONE: Priority.ROUTINE,
}

CLERICAL = frozenset(
    {
        "operator",
        "authorization_denied",
        "authorization_expiring",
        "confirm_preference",
        "hand_over",
        "logistics",
        "reschedule",
        "shipment_delayed",
        "unclear_regimen",
        "unclear_visit",
    }
)
"""Kinds that anybody on the staff may close. Every other kind, known or not, is clinical."""

_ACK = re.compile(r"\W*ack\b\W*(\w{1,8})?\W*", re.IGNORECASE)
_LONGEST_REST = timedelta(days=30)


def target(targets: FollowUpTargets, action: Action) -> timedelta:
    """How long staff have to take what asks for this, and then again to reach the patient."""
    minutes = {
        Action.CALL_911: targets.call_911,
        Action.CALL_988: targets.call_988,
        Action.PAGE_1H: targets.page_1h,
        Action.SAME_DAY: targets.same_day,
        Action.ROUTINE: targets.routine,
        Action.NONE: targets.routine,
    }
    return timedelta(minutes=minutes[action])


def is_clinical(kind: str, priority: Priority, *, of_reply: bool) -> bool:
    """Whether only a nurse may close it: all but the clerical kinds, and every pressing reply."""
    return kind not in CLERICAL or (of_reply and priority is Priority.URGENT)


def may_close(kind: str, priority: Priority, role: StaffRole, *, of_reply: bool) -> str | None:
    """Why somebody in this role may not close an item; None when they may."""
    if role is StaffRole.NURSE or not is_clinical(kind, priority, of_reply=of_reply):
        return None
    return "Only a nurse closes this item. Hand it to one, or note what you did."


def _past(standing: "Standing", until: datetime) -> bool:
    if standing.reach_by is None:
        return standing.priority is Priority.URGENT
    return until > standing.reach_by


@dataclass(frozen=True, slots=True)
class Standing:
    """What a rest is judged by. Instants are clinic time."""

    status: FollowUpStatus
    priority: Priority
    due_at: datetime
    reach_by: datetime | None
    reached: bool


def may_snooze(standing: Standing, until: datetime, now: datetime) -> str | None:
    """Why an item may not rest until an instant (clinic time); None when it may.

    What nobody has taken rests no longer than until it is due, and urgent work not at all; what
    was taken rests no longer than the patient may wait to be reached, where that is known.
    """
    if standing.status is FollowUpStatus.CLOSED:
        return "This follow-up is closed already."
    if until <= now:
        return "Name a time to come."
    if until > now + _LONGEST_REST:
        return f"Nothing rests longer than {_LONGEST_REST.days} days. Name an earlier time."
    taken = standing.status is FollowUpStatus.ACKNOWLEDGED
    if not taken and standing.priority is Priority.URGENT:
        return "This item is urgent and nobody has taken it. Take it first."
    if not taken and until > standing.due_at:
        return "Nobody has taken this item: it may rest until it is due. Take it first."
    if taken and not standing.reached and _past(standing, until):
        return "The patient was not reached yet. Record that first, or name an earlier time."
    return None


def when_to_ask(
    standing: Standing, action: Action, targets: FollowUpTargets, now: datetime
) -> datetime | None:
    """When a taken item opens again unless it is closed by then (clinic time); None: never.

    Urgent work first has the time of its own action to reach the patient, and once the patient was
    reached the rest of a working day to be written up.
    """
    if standing.priority is not Priority.URGENT:
        return None
    return now + target(targets, Action.SAME_DAY if standing.reached else action)


def acknowledged_code(text: str) -> str | None:
    """The code after ACK in a text of nothing else, in capitals; empty where it names none.

    None for any other text.
    """
    found = _ACK.fullmatch(text)
    return None if found is None else (found[1] or "").upper()


def read_ending(outcome: str) -> Ending:
    """The ending that an outcome begins with; free words are ``other``."""
    first = outcome.split(maxsplit=1)[0].strip(".,:;!-").casefold() if outcome.strip() else ""
    return Ending(first) if first in set(Ending) else Ending.OTHER
