"""Consent: every line of the ledger is written here, whoever said it; nothing in it changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.errors import BadInput
from outreach.domain.phones import check_number
from outreach.domain.states import ChannelKind
from outreach.pipeline.world import World
from outreach.storage.models import Consent
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit


def e164(number: str, world: World) -> str:
    """A phone number as it is stored.

    Raises:
        BadInput: it cannot be a phone number.
    """
    checked = check_number(number, world.clinic.region)
    if checked.e164 is None:
        raise BadInput("phone", "That is not a phone number.")
    return checked.e164


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody allowed or forbade for one address."""

    channel: ChannelKind
    address_index: str
    action: ConsentAction
    scope: ConsentScope
    source: str
    """How we know: reply, carrier, staff, merge, link or attested_by_clinic."""
    actor: str
    patient_id: UUID | None = None
    words: str | None = None
    """The exact text the person wrote or was shown."""
    at: datetime | None = None
    """When it was said (clinic time); None is now."""


def write(unit: Unit, world: World, said: Said) -> None:
    """One more line in the ledger."""
    unit.add(
        Consent(
            id=world.new_id(),
            channel=said.channel,
            address_index=said.address_index,
            patient_id=said.patient_id,
            action=said.action,
            scope=said.scope,
            source=said.source,
            actor=said.actor,
            words=said.words,
            recorded_at=world.clinic_now() if said.at is None else said.at,
        )
    )


def opted_out(unit: Unit, index: str) -> bool:
    """Whether nothing may go to an address, as the ledger stands in this unit."""
    unit.flush()
    return unit.people.consent_of([index])[index].opted_out


def record_opt_out(
    world: World, channel: ChannelKind, address: str, *, source: str, actor: str
) -> None:
    """From now on nothing goes to ``address`` but what its owner asks for again."""
    action, scope = ConsentAction.OPT_OUT, ConsentScope.ALL
    with world.db.write() as unit:
        index = address_index(channel, address)
        write(unit, world, Said(channel, index, action, scope, source, actor))


def record_opt_in(
    world: World,
    channel: ChannelKind,
    address: str,
    scope: ConsentScope,
    *,
    source: str,
    actor: str,
) -> None:
    """Staff or an import recorded that the owner of ``address`` wants messages of ``scope``."""
    with world.db.write() as unit:
        index = address_index(channel, address)
        write(unit, world, Said(channel, index, ConsentAction.OPT_IN, scope, source, actor))
