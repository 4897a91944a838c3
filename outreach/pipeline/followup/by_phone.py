"""By phone: a person who was paged takes the item by a text (``ACK CODE``) or by a key."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from outreach.domain.followups import acknowledged_code
from outreach.domain.roster import StaffMember, member_at
from outreach.domain.states import (
    ChannelKind,
    FollowUpStatus,
    MessageStatus,
    Purpose,
    Urgency,
)
from outreach.domain.triage.result import Action, Label
from outreach.pipeline.facts.deciding import PAGE
from outreach.pipeline.followup.handling import take
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, Message, Reply
from outreach.storage.unit import Unit

TAKEN = "staff_taken"
NOT_TAKEN = "staff_not_taken"
"""Somebody else has it, or it is closed."""
NO_SUCH_CODE = "staff_ack_help"
TAKE_KEY = "1"
_USEFUL = timedelta(minutes=30)


def take_reply(unit: Unit, world: World, reply: Reply) -> bool:
    """Whether a reply was a page's answer from a phone on the roster; then all is done with it.

    Any other text from such a phone is read like everybody's: a nurse may be a patient too.
    """
    code = acknowledged_code(reply.body)
    if code is None or reply.channel is not ChannelKind.SMS:
        return False
    person = member_at(world.roster.now(), ChannelKind.SMS, reply.address)
    if person is None:
        return False
    item = unit.followups.by_code(code, lock=True) if code else None
    answer = NO_SUCH_CODE if item is None else _take(unit, world, item, person, "by text")
    reply.label, reply.action = Label.LOGISTICS, Action.NONE
    reply.explanation = {"reason": "a page was answered", "concepts": [], "findings": []}
    reply.triaged_at = world.clinic_now()
    unit.flush()
    unit.add_new(_message(world, reply, item, answer))
    return True


def _take(unit: Unit, world: World, item: FollowUp, person: StaffMember, how: str) -> str:
    """Takes it if nobody else has; the message that says how that went."""
    others = item.status is FollowUpStatus.ACKNOWLEDGED and item.assignee != person.name
    if item.status is FollowUpStatus.CLOSED or others:
        return NOT_TAKEN
    if item.status is FollowUpStatus.OPEN:
        take(unit, world, item, person.name, how)
    return TAKEN


def _message(world: World, reply: Reply, item: FollowUp | None, template: str) -> Message:
    now = world.clinic_now()
    return Message(
        id=world.new_id(),
        reason_key=f"reply:{reply.id.hex}:auto",
        channel=reply.channel,
        followup_id=None if item is None else item.id,
        reply_id=reply.id,
        address=reply.address,
        address_index=reply.address_index,
        purpose=Purpose.STAFF,
        urgency=Urgency.URGENT,
        template=template,
        status=MessageStatus.QUEUED,
        not_before=now,
        useful_until=now + _USEFUL,
        attempts=0,
        retry_at=world.machine_now(),
        created_at=now,
    )


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a call says next."""

    text: str
    language: str
    asks: bool
    """Whether a key is waited for."""


def answered(world: World, message_id: UUID) -> Spoken | None:
    """What a call says when it is answered; None where no call to staff has this id.

    Raises:
        Unavailable: the database cannot be reached; the provider must try again.
    """
    with world.db.read() as unit:
        found = _call(unit, message_id)
        if found is None:
            return None
        message, item = found
        waits = item.status is FollowUpStatus.OPEN
        return _spoken(world, item, message, PAGE if waits else NOT_TAKEN, asks=waits)


def pressed(world: World, message_id: UUID, keys: str) -> Spoken | None:
    """What a call says after a key; 1 takes the item. None where no call to staff has this id.

    Raises:
        Unavailable: the database cannot be reached; the provider must try again.
    """
    with world.db.write() as unit:
        found = _call(unit, message_id, lock=True)
        if found is None:
            return None
        message, item = found
        if keys != TAKE_KEY:
            waits = item.status is FollowUpStatus.OPEN
            return _spoken(world, item, message, PAGE if waits else NOT_TAKEN, asks=waits)
        person = member_at(world.roster.now(), ChannelKind.VOICE, message.address)
        nobody = StaffMember("", "whoever answered a call", nurse=False, reach=())
        said = _take(unit, world, item, person or nobody, "by a key on the phone")
        return _spoken(world, item, message, said, asks=False)


def _call(unit: Unit, message_id: UUID, *, lock: bool = False) -> tuple[Message, FollowUp] | None:
    message = unit.messages.messages([message_id]).get(message_id)
    if message is None or message.channel is not ChannelKind.VOICE or message.followup_id is None:
        return None
    item = unit.followups.followup(message.followup_id, lock=lock)
    return None if item is None else (message, item)


def _spoken(world: World, item: FollowUp, message: Message, template: str, *, asks: bool) -> Spoken:
    language = message.language or world.clinic.default_language
    context = {
        "clinic": {"name": world.clinic.name, "phone": world.clinic.phone},
        "followup": {"code": item.code, "spelled": ", ".join(item.code)},
    }
    rendered = world.renderer.render(template, language, ChannelKind.VOICE, context)
    return Spoken(rendered.text, language, asks)
