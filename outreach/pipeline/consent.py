"""Consent that staff, a provider or an import reports: one more line in the ledger."""

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.errors import BadInput
from outreach.domain.phones import check_number
from outreach.domain.states import ChannelKind
from outreach.pipeline.world import World
from outreach.storage.models import Consent
from outreach.storage.repositories.people import address_index


def e164(number: str, world: World) -> str:
    """A phone number as it is stored.

    Raises:
        BadInput: it cannot be a phone number.
    """
    checked = check_number(number, world.clinic.region)
    if checked.e164 is None:
        raise BadInput("phone", "That is not a phone number.")
    return checked.e164


def record_opt_out(
    world: World, channel: ChannelKind, address: str, *, source: str, actor: str
) -> None:
    """From now on nothing goes to ``address`` but what its owner asks for again."""
    _record(world, channel, address, ConsentAction.OPT_OUT, ConsentScope.ALL, source, actor)


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
    _record(world, channel, address, ConsentAction.OPT_IN, scope, source, actor)


def _record(
    world: World,
    channel: ChannelKind,
    address: str,
    action: ConsentAction,
    scope: ConsentScope,
    source: str,
    actor: str,
) -> None:
    with world.db.write() as unit:
        unit.add(
            Consent(
                id=world.new_id(),
                channel=channel,
                address_index=address_index(channel, address),
                action=action,
                scope=scope,
                source=source,
                actor=actor,
                recorded_at=world.clinic_now(),
            )
        )
