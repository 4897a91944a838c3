"""Takeover: a person has the conversation, so replies go to that person until it ends.

Triage still reads each reply: a red flag is paged and answered as ever. Everything else gets no
answer of ours and no next question while a person is there.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.errors import NotFound
from outreach.domain.states import (
    FOLLOWUP_STEPS,
    FollowUpStatus,
    Priority,
    check_step,
)
from outreach.domain.takeovers import CONVERSATION, more_pressing, priority_of
from outreach.domain.triage.result import Action, Triage
from outreach.pipeline import followup
from outreach.pipeline.followup.history import write
from outreach.pipeline.replies.question import Asked
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, Message, Reply, Takeover
from outreach.storage.unit import Unit

NOTHING_ASKED = Asked(open=(), ambiguous=(), screens=())
"""While a person has the conversation, every question at that address is suspended."""
_TIMED_OUT = "outreach"


def covering(unit: Unit, reply: Reply) -> Sequence[Takeover]:
    """The takeovers that this reply falls into: by when it came, not by when it is read."""
    return unit.takeovers.covering(reply.address_index, reply.received_at)


def keep(
    unit: Unit,
    world: World,
    reply: Reply,
    result: Triage,
    held: Collection[Takeover],
    *,
    language: str | None,
    changed: bool,
) -> bool:
    """Adds a reply to the items of those who have the conversation.

    Returns:
        True when that is all: nothing is answered, nothing asked. False for a red flag, and for
        STOP, START and HELP, which are dealt with as ever; the nurse sees these too.
    """
    if not held:
        return False
    action = result.action
    said = [result.reason] if result.reason else []
    meant = _if_it_answers(unit, world, reply, result, language)
    if meant is not None:
        said.append(meant)
        action = more_pressing(action, Action.PAGE_1H)
    if result.urgent:
        said.append("A red flag: it has an item of its own, which is paged.")
        action = Action.SAME_DAY
    for row in held:
        item = unit.followups.followup(row.followup_id)
        if item is None:
            continue
        _press(world, item, action)
        item.reply_id = reply.id
        write(unit, world, item, "wrote", "patient", " ".join(said) or None, reply_id=reply.id)
        row.answered = False
        if row.ended_at is None:
            row.ends_at = max(row.ends_at, _until(world))
        else:
            _wait_for_anybody(world, item)
    keyword = result.opt_out or result.help or (result.opt_in and changed)
    return not (result.urgent or keyword)


def _if_it_answers(
    unit: Unit, world: World, reply: Reply, result: Triage, language: str | None
) -> str | None:
    """What the nurse must know where it would be an emergency under a question that is suspended.

    "3" answers whoever asked last, and that was a person; but a check-in asked before.
    """
    if result.urgent:
        return None
    for question in unit.takeovers.suspended(reply.address_index, world.clinic_now()):
        if world.triage.triage(reply.body, language, question.prompt).urgent:
            asked = question.prompt.value.replace("_", " ")
            return f"Urgent if it answers the question before ({asked}): make sure of it."
    return None


def _press(world: World, item: FollowUp, action: Action) -> None:
    """The item asks for the more pressing of what it asked and what is said now."""
    wanted = more_pressing(item.action, more_pressing(action, Action.ROUTINE))
    if wanted is item.action:
        return
    now = world.clinic_now()
    item.action, item.priority = wanted, priority_of(wanted)
    item.due_at = min(item.due_at, now + _target(world, wanted))
    if item.priority is Priority.URGENT:  # paged if it is not closed by then
        item.escalate_at = item.due_at


def _target(world: World, action: Action) -> timedelta:
    minutes: int = getattr(world.clinic.targets, action.value)
    return timedelta(minutes=minutes)


def _until(world: World) -> datetime:
    return world.clinic_now() + timedelta(minutes=world.clinic.takeover_minutes)


def begin(unit: Unit, world: World, row: Takeover, item: FollowUp, who: str, *, new: bool) -> None:
    """``who`` writes, and so has the conversation from now on."""
    if not new and row.nurse != who:
        write(unit, world, item, "taken over", who, f"from {row.nurse}")
    row.nurse, row.answered, row.ends_at = who, True, _until(world)
    if item.status is FollowUpStatus.OPEN and item.priority is not Priority.URGENT:
        item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.ACKNOWLEDGED)
        item.acknowledged_at, item.escalate_at = world.clinic_now(), None
    if item.status is FollowUpStatus.ACKNOWLEDGED:
        item.assignee = who


def item_for(
    unit: Unit, world: World, row: Takeover, named: FollowUp | None, reply_id: UUID | None
) -> FollowUp:
    """The item that a new conversation is: the one it was begun from, or the last at this address
    that is not closed, or a new one.

    An urgent one is never taken by a text: the patient must be phoned, and paging goes on.
    """
    if named is not None and _may_hold(named):
        return named
    for earlier in reversed(unit.takeovers.of_patient(row.patient_id)):
        item = unit.followups.followup(earlier.followup_id)
        if earlier.address_index == row.address_index and item is not None and _may_hold(item):
            return item
    return followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"takeover:{row.id.hex}",
            kind=CONVERSATION,
            action=Action.ROUTINE,
            summary="A conversation with the patient. Release or close it when it is done.",
            patient_id=row.patient_id,
            reply_id=reply_id,
        ),
    )


def _may_hold(item: FollowUp) -> bool:
    return item.status is not FollowUpStatus.CLOSED and item.priority is not Priority.URGENT


def release(world: World, patient_id: UUID, who: str) -> int:
    """``who`` gives every conversation with a patient back; returns how many.

    The questions are open again. The conversation's own item is closed by that where nothing that
    the patient wrote waits for a person; otherwise anybody may take it.

    Raises:
        NotFound: nobody has a conversation with this patient.
    """
    done = 0
    with world.db.write() as unit:
        for row in unit.takeovers.of_patient(patient_id):
            if row.ended_at is None:
                _end(unit, world, row, who)
                done += 1
    if not done:
        raise NotFound("Nobody has taken a conversation with this patient over.")
    world.wake("due")
    return done


def drain(world: World, limit: int = 500) -> int:
    """Ends the conversations in which neither side wrote for too long; returns how many."""
    with world.db.write() as unit:
        rows = unit.takeovers.take_ended(world.clinic_now(), limit)
        for row in rows:
            _end(unit, world, row, _TIMED_OUT)
    if rows:
        world.wake("followup")
    return len(rows)


def end_late(unit: Unit, world: World, row: Takeover) -> None:
    """It timed out, and upkeep has not come to it yet."""
    _end(unit, world, row, _TIMED_OUT)


def _end(unit: Unit, world: World, row: Takeover, who: str) -> None:
    row.ended_at, row.ended_by = world.clinic_now(), who
    item = unit.followups.followup(row.followup_id)
    if item is None or item.status is FollowUpStatus.CLOSED:
        return
    timed_out = who == _TIMED_OUT
    what = "timed out" if timed_out else "released"
    write(unit, world, item, what, who, "The questions asked before are open again.")
    if not row.answered:
        _wait_for_anybody(world, item)
    elif not timed_out and item.kind == CONVERSATION:
        item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.CLOSED)
        item.closed_at, item.escalate_at = world.clinic_now(), None
        item.outcome = "The conversation is over."
        write(unit, world, item, "closed", who, item.outcome)


def _wait_for_anybody(world: World, item: FollowUp) -> None:
    """What the patient wrote has no reader any more: it is open to all, the same day at the latest.

    One that is urgent is paged now.
    """
    now = world.clinic_now()
    if item.status is not FollowUpStatus.OPEN:
        item.status = check_step(FOLLOWUP_STEPS, item.status, FollowUpStatus.OPEN)
    item.acknowledged_at, item.closed_at, item.outcome, item.assignee = None, None, None, None
    item.action = more_pressing(item.action, Action.SAME_DAY)
    item.priority = priority_of(item.action)
    item.due_at = max(now, min(item.due_at, now + _target(world, item.action)))
    item.escalate_at = now if item.priority is Priority.URGENT else item.due_at


def not_said(unit: Unit, world: World, message: Message, why: str) -> None:
    """A person's words that came to nothing become a call: the patient knows nothing of them."""
    word = unit.takeovers.words_of([message.id]).get(message.id)
    whose = "Somebody" if word is None else word.who
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"message:{message.id.hex}:undelivered",
            kind="call_patient",
            action=Action.SAME_DAY,
            summary=f"What {whose} wrote did not reach the patient: call. {why}",
            patient_id=message.patient_id,
        ),
    )
