"""Follow-up: work for staff with a due time, paged again and again until a person takes it.

Taking an urgent item stops the pages for as long as its target gives; only closing it ends them.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.errors import NotFound
from outreach.domain.states import (
    FOLLOWUP_STEPS,
    FollowUpStatus,
    MessageStatus,
    Priority,
    Purpose,
    Urgency,
    check_step,
)
from outreach.domain.triage.result import Action
from outreach.pipeline import ruling
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, FollowUpNote, Message
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit

RED_FLAG = "red_flag"
_EPISODE = timedelta(hours=24)
"""Red flags of one patient within this time of the first are one item (clinic time)."""
_LETTERS = "ABCDEFGHJKMNPQRTUVWXYZ2346789"  # none that is easily taken for another
_PRIORITY = {
    Action.CALL_911: Priority.URGENT,
    Action.CALL_988: Priority.URGENT,
    Action.PAGE_1H: Priority.URGENT,
    Action.SAME_DAY: Priority.SAME_DAY,
    Action.ROUTINE: Priority.ROUTINE,
    Action.NONE: Priority.ROUTINE,
}


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
        pressing = _minutes(world, new.action) < _minutes(world, episode.action)
        if known is not None or new.kind == RED_FLAG or pressing or _ended(episode):
            return _flag_again(unit, world, episode, new)
        add_word(unit, world, episode, new.summary, new.reply_id)
        return episode
    due = _due(world, new, now)
    priority = _PRIORITY[new.action]
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
    _note(unit, world, item, "created", "outreach", said, reply_id=new.reply_id)
    return item


def add_word(unit: Unit, world: World, item: FollowUp, said: str, reply_id: UUID | None) -> None:
    """More of what an item is about, and nothing that asks for more haste."""
    _note(unit, world, item, "added", "outreach", said, reply_id=reply_id)


def _ended(item: FollowUp) -> bool:
    return item.status is FollowUpStatus.CLOSED


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
    target = now + timedelta(minutes=_minutes(world, new.action))
    return target if new.due_at is None else max(now, min(target, new.due_at))


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
        _open_again(item)
    item.due_at = min(item.due_at, due)
    # the item says the most pressing of its flags; each is in the history
    said = new.summary
    if new.kind == RED_FLAG and item.kind != RED_FLAG:
        said = f"{said} Until now: {item.kind.replace('_', ' ')}, {item.summary}"
        item.kind = RED_FLAG
    _note(unit, world, item, what, "outreach", said, reply_id=new.reply_id)
    if _minutes(world, new.action) <= _minutes(world, item.action):
        item.action, item.summary, item.reply_id = new.action, new.summary, new.reply_id
        item.priority = _PRIORITY[new.action]
    item.escalate_at = now if item.priority is Priority.URGENT else item.due_at
    return item


def _open_again(item: FollowUp) -> None:
    item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.OPEN)
    item.acknowledged_at, item.closed_at, item.outcome, item.assignee = None, None, None, None


def _minutes(world: World, action: Action) -> int:
    targets = world.clinic.targets
    return {
        Action.CALL_911: targets.call_911,
        Action.CALL_988: targets.call_988,
        Action.PAGE_1H: targets.page_1h,
        Action.SAME_DAY: targets.same_day,
        Action.ROUTINE: targets.routine,
        Action.NONE: targets.routine,
    }[action]


def _fresh_code(unit: Unit) -> str:
    while True:
        code = "".join(secrets.choice(_LETTERS) for _ in range(5))
        if unit.followups.by_code(code) is None:
            return code


def _note(
    unit: Unit,
    world: World,
    item: FollowUp,
    what: str,
    who: str,
    note: str | None = None,
    *,
    reply_id: UUID | None = None,
) -> None:
    unit.add(
        FollowUpNote(
            id=world.new_id(),
            followup_id=item.id,
            reply_id=reply_id,
            what=what,
            who=who,
            note=note,
            at=world.clinic_now(),
        )
    )


def drain(world: World, limit: int = 200) -> int:
    """Pages staff about every item whose time has come; returns how many items.

    One that somebody took and did not close in its time is open again.
    """
    with world.db.write() as unit:
        items = unit.followups.take_unanswered(world.clinic_now(), limit)
        for item in items:
            if item.status is FollowUpStatus.ACKNOWLEDGED:
                late = f"not closed in {_minutes(world, item.action)} minutes"
                if item.kind == ruling.HOLD_REVIEW:
                    late = "not closed in time for the visit"
                _note(unit, world, item, "reopened", "outreach", late)
                _open_again(item)
            _page(unit, world, item)
    if items:
        world.wake("send_urgent")
    return len(items)


def _page(unit: Unit, world: World, item: FollowUp) -> None:
    """One round of pages, each a message of its own, and the time of the next round.

    What still waits of older rounds is stopped: after an outage only the newest goes out.
    """
    now = world.clinic_now()
    unit.messages.stop_pages(item.id)
    next_round = now + timedelta(minutes=world.clinic.escalate_every_minutes)
    for number, person in enumerate(world.clinic.on_call):
        unit.add_new(
            Message(
                id=world.new_id(),
                reason_key=f"followup:{item.id.hex}:{item.level}:{number}",
                channel=person.channel,
                followup_id=item.id,
                address=person.address,
                address_index=address_index(person.channel, person.address),
                purpose=Purpose.STAFF,
                urgency=Urgency.URGENT,
                template="staff_page",
                status=MessageStatus.QUEUED,
                not_before=now,
                useful_until=next_round,
                attempts=0,
                retry_at=world.machine_now(),
                created_at=now,
            )
        )
    item.level += 1
    item.escalate_at = next_round
    _note(unit, world, item, "paged", "outreach", f"round {item.level}")


def page_failed(unit: Unit, world: World, followup_id: UUID) -> None:
    """A page came to nothing: the next round is due at once.

    Once between two regular rounds: where every page fails, the rounds keep their pace.
    """
    item = unit.followups.followup(followup_id)
    if item is None or item.status is not FollowUpStatus.OPEN or item.escalate_at is None:
        return
    unit.flush()
    rounds = [note.at for note in unit.followups.notes_of(item.id) if note.what == "paged"]
    pace = timedelta(minutes=world.clinic.escalate_every_minutes)
    if len(rounds) < 2 or rounds[-1] - rounds[-2] >= pace:
        item.escalate_at = world.clinic_now()


def acknowledge(world: World, code: str, who: str) -> FollowUp:
    """A person takes an item: paging stops, of an urgent one until its target has passed again.

    That of a held visit starts again when the drug is about to be prepared.

    Raises:
        NotFound: no item has this code.
        IllegalTransition: it is closed.
    """
    with world.db.write() as unit:
        item = _named(unit, code)
        if item.status is not FollowUpStatus.ACKNOWLEDGED:
            item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.ACKNOWLEDGED)
        _leave_in_peace(unit, world, item)
        item.assignee = who
        _note(unit, world, item, "acknowledged", who)
        return item


def _leave_in_peace(unit: Unit, world: World, item: FollowUp) -> None:
    now = world.clinic_now()
    item.acknowledged_at = now
    urgent = item.priority is Priority.URGENT
    target = timedelta(minutes=_minutes(world, item.action))
    item.escalate_at = now + target if urgent else None
    if item.kind == ruling.HOLD_REVIEW and item.due_at > now:
        item.escalate_at = item.due_at
    unit.messages.stop_pages(item.id)


def close(world: World, code: str, who: str, outcome: str) -> FollowUp:
    """A person says how it ended. Only people close items.

    Where an item asks for a decision, the first word of ``outcome`` is it (see ``ruling``).

    Raises:
        NotFound: no item has this code.
        IllegalTransition: it is closed already.
        BadInput: it asks for a decision, and ``outcome`` does not begin with one.
    """
    with world.db.write() as unit:
        item = _named(unit, code)
        item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.CLOSED)
        ruling.obey(unit, world, item, outcome)
        item.closed_at, item.escalate_at = world.clinic_now(), None
        unit.messages.stop_pages(item.id)
        item.outcome = outcome
        item.assignee = item.assignee or who
        _note(unit, world, item, "closed", who, outcome)
        return item


def _named(unit: Unit, code: str) -> FollowUp:
    item = unit.followups.by_code(code.strip().upper())
    if item is None:
        raise NotFound("No follow-up has this code. 'outreach followups' lists them.")
    return item
