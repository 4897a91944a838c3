"""Fallback: a care text that failed for good is said once more, by another number or channel."""

from datetime import datetime

from outreach.domain.states import ChannelKind, MessageStatus, Purpose
from outreach.domain.windows import window_closes
from outreach.pipeline.facts.deciding import place_of
from outreach.pipeline.facts.reach import rests
from outreach.pipeline.facts.reading import Facts, facts_for_messages
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, Message, Touchpoint
from outreach.storage.unit import Unit

_INSTEAD = ":instead"


def is_replacement(message: Message) -> bool:
    """Whether a message stands in for one that failed: there is no third way."""
    return message.reason_key.endswith(_INSTEAD)


def another_way(unit: Unit, world: World, message: Message, row: Touchpoint) -> bool:
    """Queues one replacement of a failed care text; False where there is none, and staff call.

    It goes to another working number or mailbox, while it is of use and before today's permitted
    hours end: what cannot be said by then is said by phone. The last-moment check asks again.
    """
    if row.purpose is not Purpose.CARE or is_replacement(message):
        return False
    facts = facts_for_messages(unit, world, [message])
    until = _until(world, facts, message, row)
    contact = _other_contact(unit, world, facts, row)
    if contact is None or until <= world.clinic_now():
        return False
    now = world.clinic_now()
    return unit.add_new(
        Message(
            id=world.new_id(),
            reason_key=f"touchpoint:{row.id.hex}{_INSTEAD}",
            channel=contact.channel,
            patient_id=row.patient_id,
            touchpoint_id=row.id,
            address=contact.address,
            address_index=contact.address_index,
            to_whom=facts.to_whom(contact),
            purpose=row.purpose,
            urgency=message.urgency,
            template=message.template,
            visits=[],
            status=MessageStatus.QUEUED,
            not_before=now,
            useful_until=until,
            attempts=0,
            retry_at=world.machine_now(),
            created_at=now,
        )
    )


def _until(world: World, facts: Facts, message: Message, row: Touchpoint) -> datetime:
    """When the replacement must have gone (UTC); now where no permitted hour is left today."""
    now = world.clinic_now()
    place = place_of(world, facts, row)
    closes = window_closes(now, place.zones, world.policy.week_for(row.purpose, place.states))
    return min(message.useful_until, closes)


def _other_contact(unit: Unit, world: World, facts: Facts, row: Touchpoint) -> ContactPoint | None:
    """An address that was not tried, takes this message and has not opted out: texts first."""
    tried = {text.address_index for text in unit.messages.of_touchpoints([row.id])[row.id]}
    others = [
        contact
        for contact in facts.contacts.get(row.patient_id, ())
        if contact.address_index not in tried
        and not rests(contact, world.clinic_now())
        and contact.channel in world.channels
        and _exists_for(world, row.template, contact.channel)
    ]
    said = unit.people.consent_of([contact.address_index for contact in others])
    allowed = [contact for contact in others if not said[contact.address_index].opted_out]
    return min(allowed, key=lambda contact: contact.channel is ChannelKind.EMAIL, default=None)


def _exists_for(world: World, template: str, channel: ChannelKind) -> bool:
    languages = world.renderer.languages(template)
    return bool(languages) and all(
        world.renderer.offers(template, language, channel) for language in languages
    )
