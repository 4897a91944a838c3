"""Who is written to about a patient: whose each address is, never the address itself, and why."""

from typing import Any

from outreach.domain.people import WHOSE
from outreach.domain.states import ChannelKind
from outreach.pipeline.facts.reach import who_is_written_to
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, Patient
from outreach.storage.unit import Unit

_ADDRESS = {ChannelKind.SMS: "Phone", ChannelKind.EMAIL: "Mailbox"}


def who_is_reached(unit: Unit, world: World, patient: Patient) -> list[dict[str, Any]]:
    """Every working address, those that are used now first and in the order of trial."""
    reached = who_is_written_to(unit, world, {patient.id: patient})
    used = reached.contacts.get(patient.id, [])
    known = unit.people.contacts_of([patient.id]).get(patient.id, [])
    shared = unit.circle.shared([row.address_index for row in known]) if known else set()
    found = [_told(row, reached.ways[row.id].why, row.address_index in shared) for row in used]
    ids = {row.id for row in used}
    return found + [_told(row, "", False) for row in known if row.id not in ids]


def _told(row: ContactPoint, why: str, shared: bool) -> dict[str, Any]:
    sentence = f"{_ADDRESS[row.channel]} of {WHOSE[row.role]}: "
    sentence += f"is used, because {why}" if why else "is not used (policy.yaml people)."
    if shared:
        sentence += " Several patients share it, so texts there name nobody."
    return {
        "channel": row.channel.value,
        "role": row.role.value,
        "used": bool(why),
        "preferred": row.preferred,
        "sentence": sentence,
    }
