"""Paging: rung after rung of the roster, until a person takes the item. It never ends by itself.

Taking an urgent item stops the pages for as long as its target gives; only closing it ends them.
"""

from datetime import datetime

from outreach.domain.escalation import Round, after_failure, next_round
from outreach.domain.followups import target
from outreach.domain.roster import Reach
from outreach.domain.states import FollowUpStatus, MessageStatus, Priority, Purpose, Urgency
from outreach.pipeline import ruling
from outreach.pipeline.facts.deciding import PAGE
from outreach.pipeline.followup.history import PAGED, write
from outreach.pipeline.followup.opening import open_again
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, Message
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit


def drain(world: World, limit: int = 200) -> int:
    """Pages staff about every item whose time has come; returns how many items.

    One that somebody took and did not close in its time is open again. One that was laid aside
    wakes, and is paged as it would have been.
    """
    with world.db.write() as unit:
        items = unit.followups.take_unanswered(world.clinic_now(), limit)
        for item in items:
            why = _late(world, item)
            if item.snoozed_until is not None:
                why = "it rested and was not closed"
                _wake(unit, world, item)
                if item.escalate_at is None or item.escalate_at > world.clinic_now():
                    continue
            if item.status is FollowUpStatus.ACKNOWLEDGED:
                write(unit, world, item, "reopened", "outreach", why)
                open_again(item)
            _page(unit, world, item)
    if items:
        world.wake("send_urgent")
    return len(items)


def _late(world: World, item: FollowUp) -> str:
    if item.kind == ruling.HOLD_REVIEW:
        return "not closed in time for the visit"
    if item.reached_at is not None:
        return "the patient was reached, and it was not closed"
    minutes = int(target(world.clinic.targets, item.action).total_seconds() // 60)
    return f"not closed in {minutes} minutes"


def _wake(unit: Unit, world: World, item: FollowUp) -> None:
    """It stands on the list again; when it is paged is asked as if it had not rested."""
    item.snoozed_until = None
    write(unit, world, item, "woken", "outreach")
    if item.priority is Priority.URGENT:
        return
    if item.status is FollowUpStatus.ACKNOWLEDGED:
        item.escalate_at = item.reach_by
    else:
        item.escalate_at = item.due_at if item.priority is Priority.SAME_DAY else None


def _page(unit: Unit, world: World, item: FollowUp) -> None:
    """One round of pages, each a message of its own, and the time of the next round.

    What still waits of older rounds is stopped: after an outage only the newest goes out.
    """
    now = world.clinic_now()
    unit.messages.stop_pages(item.id)
    coming = _coming(world, item, now)
    number = 0
    for person in coming.people:
        for way in person.reach:
            if way.channel in world.channels:
                unit.add_new(_message(world, item, way, number, now, now + coming.wait))
                number += 1
    if coming.again or item.lap_at is None:
        item.lap_at = now
    item.duty = coming.duty
    item.level += 1
    item.escalate_at = now + coming.wait
    whom = "nobody can be paged" if number == 0 else _rung(coming)
    write(unit, world, item, PAGED, "outreach", f"round {item.level}: {whom}")


def _rung(coming: Round) -> str:
    names = ", ".join(person.name for person in coming.people)
    rung = "everybody, as nobody is on" if coming.duty is None else coming.duty.replace("_", " ")
    return f"{rung} ({names})"


def _coming(world: World, item: FollowUp, now: datetime) -> Round:
    return next_round(
        world.roster.now(), item.duty, now, world.channels.keys(), begun=item.lap_at is not None
    )


def _message(
    world: World, item: FollowUp, way: Reach, number: int, now: datetime, until: datetime
) -> Message:
    return Message(
        id=world.new_id(),
        reason_key=f"followup:{item.id.hex}:{item.level}:{number}",
        channel=way.channel,
        followup_id=item.id,
        address=way.address,
        address_index=address_index(way.channel, way.address),
        purpose=Purpose.STAFF,
        urgency=Urgency.URGENT,
        template=PAGE,
        status=MessageStatus.QUEUED,
        not_before=now,
        useful_until=until,
        attempts=0,
        retry_at=world.machine_now(),
        created_at=now,
    )


def page_failed(unit: Unit, world: World, message: Message) -> None:
    """A page came to nothing, or could not leave: the next rung is paged at once.

    One of an older round changes nothing, since that rung was passed already.
    """
    item = None if message.followup_id is None else unit.followups.followup(message.followup_id)
    if item is None or message.template != PAGE or not _is_newest(message, item):
        return
    if item.status is not FollowUpStatus.OPEN or item.escalate_at is None:
        return
    now = world.clinic_now()
    coming = _coming(world, item, now)
    item.escalate_at = after_failure(coming, item.lap_at, item.escalate_at, now)


def _is_newest(message: Message, item: FollowUp) -> bool:
    return message.reason_key.startswith(f"followup:{item.id.hex}:{item.level - 1}:")
