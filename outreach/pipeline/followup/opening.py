"""Opening: a reason for staff to act becomes an item, or news to the one there is."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.followups import PRIORITIES, target
from outreach.domain.states import FOLLOWUP_STEPS, FollowUpStatus, Priority, check_step
from outreach.domain.triage.result import Action
from outreach.pipeline.followup.history import write
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp
from outreach.storage.unit import Unit

RED_FLAG = "red_flag"
_EPISODE = timedelta(hours=24)
"""Red flags of one patient within this time of the first are one item (clinic time)."""
_LETTERS = "ABCDEFGHJKMNPQRTUVWXYZ2346789"  # none that is easily taken for another


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be made; ``reason_key`` makes a repeat harmless."""

    reason_key: str
    kind: str
    action: Action
    summary: str
    patient_id: UUID | None = None
    reply_id: UUID | None = None
    appointment_id: UUID | None = None
    """The visit it decides on."""
    due_at: datetime | None = None
    """Due no later than this, where the action's own target would be later (clinic time)."""
    grows: bool = False
    """Another such reason is news to the same item, which is open again."""
    into: UUID | None = None
    """The item of which this is a part, unless its patient has a red flag that it belongs to."""


def open_item(unit: Unit, world: World, new: NewItem) -> FollowUp:
    """The follow-up for a reason: made now, or the one that was made before.

    Urgent items are paged at once, same-day ones when they are late (clinic time). A red flag of a
    patient who has such an item from the last 24 hours opens that one again and pages it anew.
    """
    unit.flush()
    known = unit.followups.by_reason(new.reason_key)
    if known is None and new.reply_id is not None and new.kind == RED_FLAG:
        known = unit.followups.episode_of_reply(new.reply_id, RED_FLAG)
    if known is not None and not (new.grows and _is_news(unit, known, new)):
        return known
    now = world.clinic_now()
    episode = known or _episode(unit, new, now)
    if episode is None and new.into is not None:
        episode = unit.followups.followup(new.into)
    if episode is not None:
        targets = world.clinic.targets
        pressing = target(targets, new.action) < target(targets, episode.action)
        over = episode.status is FollowUpStatus.CLOSED
        if known is not None or new.kind == RED_FLAG or pressing or over:
            return _flag_again(unit, world, episode, new)
        add_word(unit, world, episode, new.summary, new.reply_id)
        return episode
    due = _due(world, new, now)
    priority = PRIORITIES[new.action]
    escalate = {Priority.URGENT: now, Priority.SAME_DAY: due, Priority.ROUTINE: None}[priority]
    item = FollowUp(
        id=world.new_id(),
        code=_fresh_code(unit),
        reason_key=new.reason_key,
        patient_id=new.patient_id,
        reply_id=new.reply_id,
        appointment_id=new.appointment_id,
        kind=new.kind,
        action=new.action,
        priority=priority,
        summary=new.summary,
        status=FollowUpStatus.OPEN,
        due_at=due,
        level=0,
        escalate_at=escalate,
        created_at=now,
    )
    unit.add(item)
    unit.flush()
    said = new.summary if new.grows or new.kind == RED_FLAG else None
    write(unit, world, item, "created", "outreach", said, reply_id=new.reply_id)
    return item


def add_word(unit: Unit, world: World, item: FollowUp, said: str, reply_id: UUID | None) -> None:
    """More of what an item is about, and nothing that asks for more haste."""
    write(unit, world, item, "added", "outreach", said, reply_id=reply_id)


def _episode(unit: Unit, new: NewItem, now: datetime) -> FollowUp | None:
    if new.kind != RED_FLAG or new.patient_id is None:
        return None
    return unit.followups.latest_of_kind(new.patient_id, RED_FLAG, since=now - _EPISODE)


def _is_news(unit: Unit, item: FollowUp, new: NewItem) -> bool:
    """Whether this item does not know the reply yet: a task may be repeated."""
    return new.reply_id is None or all(
        note.reply_id != new.reply_id for note in unit.followups.notes_of(item.id)
    )


def _due(world: World, new: NewItem, now: datetime) -> datetime:
    usual = now + target(world.clinic.targets, new.action)
    return usual if new.due_at is None else max(now, min(usual, new.due_at))


def _flag_again(unit: Unit, world: World, item: FollowUp, new: NewItem) -> FollowUp:
    """One item per episode: it is open again, due as the more pressing of them asks.

    An urgent one is paged now, a same-day one when it is late.
    """
    now = world.clinic_now()
    due = _due(world, new, now)
    what = "red flag" if new.kind == RED_FLAG else "added"
    if item.status is not FollowUpStatus.OPEN:
        what = "reopened"
        item.due_at = due
        open_again(item)
    item.due_at, item.snoozed_until = min(item.due_at, due), None
    # the item says the most pressing of its flags; each is in the history
    said = new.summary
    if new.kind == RED_FLAG and item.kind != RED_FLAG:
        said = f"{said} Until now: {item.kind.replace('_', ' ')}, {item.summary}"
        item.kind = RED_FLAG
    write(unit, world, item, what, "outreach", said, reply_id=new.reply_id)
    targets = world.clinic.targets
    if target(targets, new.action) <= target(targets, item.action):
        item.action, item.summary, item.reply_id = new.action, new.summary, new.reply_id
        item.priority = PRIORITIES[new.action]
    item.escalate_at = now if item.priority is Priority.URGENT else item.due_at
    return item


def give_back(world: World, item: FollowUp) -> None:
    """A person opens it again: it is paged as when it was new, and what was closed is due anew."""
    now = world.clinic_now()
    if item.status is FollowUpStatus.CLOSED:
        item.due_at = now + target(world.clinic.targets, item.action)
    open_again(item)
    item.snoozed_until = None
    item.escalate_at = {
        Priority.URGENT: now,
        Priority.SAME_DAY: item.due_at,
        Priority.ROUTINE: None,
    }[item.priority]


def open_again(item: FollowUp) -> None:
    """Nobody has it any more: both clocks start anew, and the ladder from its lowest rung."""
    item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.OPEN)
    item.acknowledged_at, item.reach_by, item.reached_at = None, None, None
    item.closed_at, item.ending, item.outcome, item.assignee = None, None, None, None
    item.duty, item.lap_at = None, None


def _fresh_code(unit: Unit) -> str:
    while True:
        code = "".join(secrets.choice(_LETTERS) for _ in range(5))
        if unit.followups.by_code(code) is None:
            return code
