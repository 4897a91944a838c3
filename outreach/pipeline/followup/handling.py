"""Handling: what people do with an item. Each is one unit, and one line of its history.

Who does it is a name, and where it matters a role; whether they may is asked of the domain.
"""

from datetime import datetime

from outreach.domain.errors import BadInput
from outreach.domain.followups import (
    Contact,
    Ending,
    StaffRole,
    Standing,
    may_close,
    may_snooze,
    read_ending,
    when_to_ask,
)
from outreach.domain.states import FOLLOWUP_STEPS, FollowUpStatus, check_step
from outreach.pipeline import ruling
from outreach.pipeline.followup.history import named, write
from outreach.pipeline.followup.opening import give_back
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp
from outreach.storage.unit import Unit

_LONGEST_NAME = 80


def acknowledge(world: World, code: str, who: str) -> FollowUp:
    """A person takes an item: paging stops, of an urgent one until its target has passed again.

    That of a held visit starts again when the drug is about to be prepared.

    Raises:
        NotFound: no item has this code.
        IllegalTransition: it is closed.
    """
    with world.db.write() as unit:
        item = named(unit, code)
        take(unit, world, item, who)
        return item


def take(unit: Unit, world: World, item: FollowUp, who: str, how: str | None = None) -> None:
    """Takes an item within a unit; ``how`` says by which way, for its history.

    Raises:
        IllegalTransition: it is closed.
    """
    if item.status is not FollowUpStatus.ACKNOWLEDGED:
        item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.ACKNOWLEDGED)
    now = world.clinic_now()
    item.acknowledged_at, item.snoozed_until = now, None
    _leave_in_peace(unit, world, item)
    item.reach_by = item.escalate_at
    item.assignee = who[:_LONGEST_NAME]
    write(unit, world, item, "acknowledged", who, how)


def _leave_in_peace(unit: Unit, world: World, item: FollowUp) -> None:
    now = world.clinic_now()
    item.escalate_at = when_to_ask(_standing(item), item.action, world.clinic.targets, now)
    if item.kind == ruling.HOLD_REVIEW and item.due_at > now:
        item.escalate_at = item.due_at
    unit.messages.stop_pages(item.id)


def _standing(item: FollowUp) -> Standing:
    return Standing(
        item.status, item.priority, item.due_at, item.reach_by, reached=item.reached_at is not None
    )


def close(
    world: World,
    code: str,
    who: str,
    outcome: str,
    *,
    role: StaffRole = StaffRole.NURSE,
    ending: Ending | None = None,
) -> FollowUp:
    """A person says how it ended. Only people close items, and only nurses those about a patient.

    Without an ``ending`` it is what ``outcome`` begins with, or ``other``. Where an item asks for a
    decision, the first word of ``outcome`` is that (see ``ruling``). ``role`` is a nurse's where
    the edge knows no roles.

    Raises:
        NotFound: no item has this code.
        IllegalTransition: it is closed already.
        BadInput: this role may not close it, or it asks for a decision and ``outcome`` does not
            begin with one.
    """
    with world.db.write() as unit:
        item = named(unit, code)
        status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.CLOSED)
        of_reply = item.reply_id is not None
        refused = may_close(item.kind, item.priority, role, of_reply=of_reply)
        if refused is not None:
            raise BadInput("role", refused)
        item.status = status
        ruling.obey(unit, world, item, outcome)
        item.closed_at, item.escalate_at, item.snoozed_until = world.clinic_now(), None, None
        unit.messages.stop_pages(item.id)
        item.ending, item.outcome = ending or read_ending(outcome), outcome
        item.assignee = item.assignee or who[:_LONGEST_NAME]
        write(unit, world, item, "closed", who, outcome)
        return item


def assign(world: World, code: str, to: str, by: str) -> FollowUp:
    """An item becomes somebody's. It counts as taken only when they take it themselves.

    Raises:
        NotFound: no item has this code.
        BadInput: it is closed, or ``to`` is empty.
    """
    with world.db.write() as unit:
        item = _still_going(unit, code)
        item.assignee = _name(to)
        write(unit, world, item, "assigned", by, f"to {item.assignee}")
        return item


def hand_off(world: World, from_: str, to: str, by: str) -> list[FollowUp]:
    """At the end of a shift all that one person has and did not close goes to another, at once.

    The clocks run on as they are: a hand-over gives no item more time. Returns what was handed
    over, the most pressing first; nothing where they have nothing.

    Raises:
        BadInput: a name is empty, or both are the same.
    """
    giver, taker = _name(from_), _name(to)
    if giver == taker:
        raise BadInput("who", "Both names are the same. Name who takes over.")
    with world.db.write() as unit:
        items = unit.followups.assigned_to(giver)
        for item in items:
            item.assignee = taker
            write(unit, world, item, "handed over", by, f"from {giver} to {taker}")
        return items


def note(world: World, code: str, who: str, text: str) -> FollowUp:
    """Somebody writes something down; it changes nothing else, of a closed item neither.

    Raises:
        NotFound: no item has this code.
        BadInput: there are no words in it.
    """
    if not text.strip():
        raise BadInput("note", "There is nothing in this note. Write a sentence.")
    with world.db.write() as unit:
        item = named(unit, code)
        write(unit, world, item, "noted", who, text.strip())
        return item


def attempt(world: World, code: str, who: str, went: Contact, text: str | None = None) -> FollowUp:
    """One try to speak with the patient. Whoever makes it has the item; reached stops that clock.

    Not reaching somebody changes no clock: an urgent item is paged again when its time has passed.

    Raises:
        NotFound: no item has this code.
        BadInput: it is closed.
    """
    with world.db.write() as unit:
        item = _still_going(unit, code)
        if item.status is FollowUpStatus.OPEN:
            take(unit, world, item, who)
        said = ": ".join(part for part in (went.value.replace("_", " "), text) if part)
        if went is not Contact.REACHED:
            write(unit, world, item, "not reached", who, said)
            return item
        if item.reached_at is None:
            item.reached_at = world.clinic_now()
            if item.snoozed_until is None:
                _leave_in_peace(unit, world, item)
        write(unit, world, item, "reached", who, text)
        return item


def snooze(world: World, code: str, who: str, until: datetime) -> FollowUp:
    """An item rests until a time (clinic time), then wakes by itself and is paged as before.

    Raises:
        NotFound: no item has this code.
        BadInput: it may not rest, or not so long; says why (see ``domain/followups.py``).
    """
    with world.db.write() as unit:
        item = named(unit, code)
        refused = may_snooze(_standing(item), until, world.clinic_now())
        if refused is not None:
            raise BadInput("snooze", refused)
        item.snoozed_until = item.escalate_at = until
        unit.messages.stop_pages(item.id)
        local = until.astimezone(world.clinic.zone)
        write(unit, world, item, "snoozed", who, f"until {local:%Y-%m-%d %H:%M}")
        return item


def reopen(world: World, code: str, who: str, why: str) -> FollowUp:
    """A person takes a closing back, or gives back what they took; it is paged as when it was new.

    Raises:
        NotFound: no item has this code.
        BadInput: it is open already.
    """
    with world.db.write() as unit:
        item = named(unit, code)
        if item.status is FollowUpStatus.OPEN:
            raise BadInput("state", "This follow-up is open already.")
        give_back(world, item)
        write(unit, world, item, "reopened", who, why)
        return item


def _still_going(unit: Unit, code: str) -> FollowUp:
    item = named(unit, code)
    if item.status is FollowUpStatus.CLOSED:
        raise BadInput("state", "This follow-up is closed already.")
    return item


def _name(text: str) -> str:
    name = text.strip()[:_LONGEST_NAME]
    if not name:
        raise BadInput("who", "Name who takes it.")
    return name
