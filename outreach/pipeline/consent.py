"""Consent: every line of the ledger is written here, whoever said it; nothing in it changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.errors import BadInput
from outreach.domain.phones import check_number
from outreach.domain.states import ChannelKind
from outreach.pipeline import carrier_consent
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
    ends_at: datetime | None = None
    """When an authorisation for marketing ends (clinic time); None where it names no date."""
    address: str | None = None
    """The address itself, where it is at hand: for the carrier, where that is told too."""
    carrier_knows: bool = False
    """The carrier acted on it before we heard of it."""


def write(unit: Unit, world: World, said: Said) -> None:
    """One more line in the ledger; the carrier is told of it where it is to be."""
    line = Consent(
        id=world.new_id(),
        channel=said.channel,
        address_index=said.address_index,
        patient_id=said.patient_id,
        action=said.action,
        scope=said.scope,
        source=said.source,
        actor=said.actor,
        words=said.words,
        ends_at=said.ends_at,
        recorded_at=world.clinic_now() if said.at is None else said.at,
    )
    unit.add(line)
    if said.carrier_knows:
        return
    carrier_consent.note(unit, world, line, said.address)


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
        said = Said(channel, index, action, scope, source, actor, address=address)
        write(unit, world, said)


def record_opt_in(
    world: World,
    channel: ChannelKind,
    address: str,
    scope: ConsentScope,
    *,
    source: str,
    actor: str,
) -> None:
    """Staff or an import recorded that the owner of ``address`` wants messages of ``scope``.

    Raises:
        BadInput: it is about marketing, which needs a signed authorisation instead.
    """
    if scope is ConsentScope.MARKETING:
        raise BadInput(
            "scope",
            "Marketing needs a signed authorisation, not a wish alone (45 CFR 164.508(a)(3))."
            " Record it with 'outreach consent authorise'.",
        )
    with world.db.write() as unit:
        index = address_index(channel, address)
        opt_in = ConsentAction.OPT_IN
        write(unit, world, Said(channel, index, opt_in, scope, source, actor, address=address))


def record_authorisation(
    world: World,
    channel: ChannelKind,
    address: str,
    *,
    actor: str,
    words: str,
    ends_at: datetime | None = None,
) -> None:
    """Staff hold a signed authorisation for marketing to ``address`` (45 CFR 164.508(a)(3)).

    It undoes no opt-out: where one stands, the person first says that messages are welcome again.

    Args:
        words: the text that was signed, or where the form is kept.
        ends_at: when it ends (clinic time); None where it names an event and no date.

    Raises:
        BadInput: it has ended already, or the person at this address opted out.
    """
    if ends_at is not None and ends_at <= world.clinic_now():
        raise BadInput("ends", "This authorisation has ended. Record one that is still valid.")
    action, scope = ConsentAction.OPT_IN, ConsentScope.MARKETING
    with world.db.write() as unit:
        index = address_index(channel, address)
        if opted_out(unit, index):
            raise BadInput(
                "address",
                "The person at this address asked us to stop. An authorisation does not undo that;"
                " 'outreach consent opt-in' does, once they say so.",
            )
        said = Said(channel, index, action, scope, "staff", actor, words=words, ends_at=ends_at)
        write(unit, world, said)
