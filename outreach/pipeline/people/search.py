"""Which patient a person means who names one."""

from collections.abc import Iterator
from uuid import UUID

from outreach.domain.errors import BadInput, NotFound
from outreach.domain.events import Identifier
from outreach.domain.phones import check_number
from outreach.domain.states import ChannelKind
from outreach.storage.models import Patient
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit


def find_patient(unit: Unit, text: str, region: str) -> Patient:
    """The one patient that ``text`` names: ``system|value``, a record number of any system, a
    phone number (as dialled in ``region``), a mailbox, or an id.

    Raises:
        NotFound: nobody is known by it; what was asked for is not repeated, it may be a phone.
        BadInput: several are; names their ids.
    """
    found = {patient.id: patient for patient in _named(unit, text.strip(), region)}
    if not found:
        raise NotFound(
            "Nobody is known by this. Give system|value, a record number, a phone number or an id."
        )
    if len(found) > 1:
        ids = ", ".join(str(patient_id) for patient_id in sorted(found))
        raise BadInput("ambiguous", f"Several patients are known by this; give an id: {ids}.")
    return next(iter(found.values()))


def _named(unit: Unit, text: str, region: str) -> Iterator[Patient]:
    by_id = _by_id(unit, text)
    if by_id is not None:
        yield by_id
        return
    system, bar, value = text.partition("|")
    if bar:
        yield from unit.people.named_by([Identifier(system, value)])
        return
    yield from unit.people.named_by([Identifier(known, text) for known in unit.people.systems()])
    number = check_number(text, region).e164
    if number is not None:
        yield from unit.people.at_address(address_index(ChannelKind.SMS, number))
    if "@" in text:
        yield from unit.people.at_address(address_index(ChannelKind.EMAIL, text))


def _by_id(unit: Unit, text: str) -> Patient | None:
    try:
        return unit.people.survivor_of(UUID(text))
    except ValueError:
        return None
