"""Unreached: a phone that three texts in a row did not reach is rested, and staff call meanwhile.

It is trusted again when a text arrives there, when somebody writes from it, or after two weeks.
"""

import structlog

from outreach.domain.reactions import Reaction, reaction_for
from outreach.domain.retries import SUSPECT_AFTER, SUSPECT_FOR
from outreach.domain.states import ChannelKind, MessageStatus, Purpose
from outreach.pipeline.world import World
from outreach.storage.models import Message
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

_LOOKED_AT = 20


def note(unit: Unit, world: World, message: Message, reaction: Reaction) -> bool:
    """A text did not reach a patient's phone; says whether the phone is rested from now on.

    Messages are counted and not tries: one that is tried twice and fails twice counts once.
    """
    if reaction is not Reaction.UNREACHABLE_RETRY_LATER:
        return False
    if message.channel is not ChannelKind.SMS or message.purpose is Purpose.STAFF:
        return False
    unit.flush()
    failed = 0
    for status, code in unit.messages.latest_to(message.address_index, _LOOKED_AT):
        if status is MessageStatus.DELIVERED:
            break
        failed += code is not None and reaction_for(code, None) is reaction
    if failed < SUSPECT_AFTER:
        return False
    unit.people.rest(message.address_index, world.clinic_now() + SUSPECT_FOR)
    log.info("contact.suspect", message_id=str(message.id))
    return True
