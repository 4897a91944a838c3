"""Follow-up: work for staff with a due time, paged again and again until a person takes it."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
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
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, FollowUpNote, Message
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit

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


def open_item(unit: Unit, world: World, new: NewItem) -> FollowUp:
    """The follow-up for a reason: made now, or the one that was made before.

    Urgent items are paged at once, same-day ones when they are late (clinic time).
    """
    unit.flush()
    known = unit.followups.by_reason(new.reason_key)
    if known is not None:
        return known
    now = world.clinic_now()
    due = now + timedelta(minutes=_minutes(world, new.action))
    priority = _PRIORITY[new.action]
    escalate = {Priority.URGENT: now, Priority.SAME_DAY: due, Priority.ROUTINE: None}[priority]
    item = FollowUp(
        id=world.new_id(),
        code=_fresh_code(unit),
        reason_key=new.reason_key,
        patient_id=new.patient_id,
        reply_id=new.reply_id,
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
    _note(unit, world, item, "created", "outreach")
    return item


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
    unit: Unit, world: World, item: FollowUp, what: str, who: str, note: str | None = None
) -> None:
    unit.add(
        FollowUpNote(
            id=world.new_id(),
            followup_id=item.id,
            what=what,
            who=who,
            note=note,
            at=world.clinic_now(),
        )
    )


def drain(world: World, limit: int = 200) -> int:
    """Pages staff about every open item whose time has come; returns how many items."""
    with world.db.write() as unit:
        items = unit.followups.take_unanswered(world.clinic_now(), limit)
        for item in items:
            _page(unit, world, item)
    if items:
        world.wake("send_urgent")
    return len(items)


def _page(unit: Unit, world: World, item: FollowUp) -> None:
    """One round of pages, each a message of its own, and the time of the next round."""
    now = world.clinic_now()
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


def acknowledge(world: World, code: str, who: str) -> FollowUp:
    """A person takes an item: paging stops.

    Raises:
        NotFound: no item has this code.
        IllegalTransition: it is closed.
    """
    with world.db.write() as unit:
        item = _named(unit, code)
        if item.status is not FollowUpStatus.ACKNOWLEDGED:
            item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.ACKNOWLEDGED)
            item.acknowledged_at = world.clinic_now()
        item.assignee = who
        _note(unit, world, item, "acknowledged", who)
        return item


def close(world: World, code: str, who: str, outcome: str) -> FollowUp:
    """A person says how it ended. Only people close items.

    Raises:
        NotFound: no item has this code.
        IllegalTransition: it is closed already.
    """
    with world.db.write() as unit:
        item = _named(unit, code)
        item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.CLOSED)
        item.closed_at = world.clinic_now()
        item.outcome = outcome
        item.assignee = item.assignee or who
        _note(unit, world, item, "closed", who, outcome)
        return item


def _named(unit: Unit, code: str) -> FollowUp:
    item = unit.followups.by_code(code.strip().upper())
    if item is None:
        raise NotFound("No follow-up has this code. 'outreach followups' lists them.")
    return item
