"""What becomes of emails: delivery reports, and mailboxes whose owners want no more.

Like ``receipt``: durable before it is acknowledged. An opt-out is obeyed in the same unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.states import ChannelKind
from outreach.pipeline import consent
from outreach.pipeline.world import World
from outreach.storage.models import Receipt
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit

OPT_OUTS = frozenset({"unsubscribe", "group_unsubscribe", "spamreport"})
"""Events by which the owner of a mailbox says no."""

UNSUBSCRIBED = "Unsubscribed by the link in an email."


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event of one email, as the provider reported it."""

    provider_id: str
    """The provider's id of the message; empty when it names no message of ours."""
    status: str
    message_id: UUID | None
    """Our id, carried by the message."""
    mailbox: str
    """Whose it was; empty when the event does not say."""


def receive(world: World, events: Sequence[MailEvent]) -> int:
    """Stores a batch in one unit and wakes ``receipt``; returns how many reports were new.

    A report is known by provider id and status, so a repeated batch has no effect.

    Raises:
        Unavailable: the database cannot be reached; the provider must try again.
    """
    reports = [
        _report(world, event, event.message_id)
        for event in events
        if event.provider_id and event.message_id is not None
    ]
    with world.db.write() as unit:
        new = len(unit.receipts.store(reports))
        for event in events:
            if event.status in OPT_OUTS and event.mailbox:
                index = address_index(ChannelKind.EMAIL, event.mailbox)
                _opt_out(unit, world, index, source="carrier", words=event.status)
    if new:
        world.wake("receipt")
    return new


def _report(world: World, event: MailEvent, message_id: UUID) -> Receipt:
    return Receipt(
        id=world.new_id(),
        provider_id=event.provider_id,
        message_id=message_id,
        status=event.status,
        error_code=None,
        received_at=world.clinic_now(),
    )


def unsubscribe(world: World, message_id: UUID) -> bool:
    """Obeys the link that an email carried; False when no email of ours has this id.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with world.db.write() as unit:
        message = unit.messages.messages([message_id]).get(message_id)
        if message is None or message.channel is not ChannelKind.EMAIL:
            return False
        _opt_out(unit, world, message.address_index, source="link", words=UNSUBSCRIBED)
        return True


def _opt_out(unit: Unit, world: World, index: str, *, source: str, words: str) -> None:
    """One line in the ledger, unless the mailbox has opted out already."""
    if consent.opted_out(unit, index):
        return
    consent.write(
        unit,
        world,
        consent.Said(
            ChannelKind.EMAIL,
            index,
            ConsentAction.OPT_OUT,
            ConsentScope.ALL,
            source=source,
            actor="patient",
            words=words,
        ),
    )
