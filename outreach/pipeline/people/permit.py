"""Permit: what a patient says at the desk or on the phone about who else may be written to."""

from uuid import UUID

from outreach.domain.errors import BadInput, NotFound
from outreach.domain.events import ContactRole
from outreach.domain.states import ChannelKind
from outreach.pipeline.people import contacts, permission
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, ContactStatus, PermissionSource
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit


def permit(
    world: World,
    patient_id: UUID,
    channel: ChannelKind,
    address: str,
    *,
    by: str,
    role: ContactRole | None = None,
) -> None:
    """Staff recorded that a patient permits an address to be used; it holds from this moment.

    An address that the scheduling system does not list is kept from now on, and stays.

    Args:
        role: whose it is; needed where the address is new, and then it corrects nothing else.

    Raises:
        NotFound: there is no such patient, or the address is new and ``role`` is not given.
        BadInput: it is the patient's own address, or is known not to work.
    """
    with world.db.write() as unit:
        patient = unit.people.patient(patient_id)
        if patient is None:
            raise NotFound("There is no such patient.")
        key = channel, address_index(channel, address)
        row = _somebody_elses(unit, patient_id, key)
        if row is None and role in {None, ContactRole.SELF}:
            raise NotFound("This address is new: say whose it is with --role.")
        if row is None and role is not None:
            known = unit.people.all_contacts(patient_id)
            rank = 1 + max((one.rank for one in known), default=0)
            contacts.add_contact(unit, world, patient, key, address, role, rank)
        elif row is not None and row.status is ContactStatus.REMOVED:
            row.status = ContactStatus.ACTIVE
        elif row is not None and row.status is not ContactStatus.ACTIVE:
            raise BadInput("address", "This address is known not to work. Find the right one.")
        permission.write(
            unit, world, patient_id, key, granted=True, source=PermissionSource.STAFF, actor=by
        )
    world.wake("due")


def withdraw(
    world: World, patient_id: UUID, channel: ChannelKind, address: str, *, by: str
) -> None:
    """Staff recorded that nothing may go to an address of somebody else; it holds at once.

    So an adult takes a permission back, and so a parent is left out whom a court has excluded.

    Raises:
        NotFound: the address does not stand with this patient.
        BadInput: it is the patient's own.
    """
    with world.db.write() as unit:
        key = channel, address_index(channel, address)
        if _somebody_elses(unit, patient_id, key) is None:
            raise NotFound("This address does not stand with this patient.")
        permission.write(
            unit, world, patient_id, key, granted=False, source=PermissionSource.STAFF, actor=by
        )


def _somebody_elses(
    unit: Unit, patient_id: UUID, key: tuple[ChannelKind, str]
) -> ContactPoint | None:
    """The contact point of an address; None where it does not stand with the patient.

    Raises:
        BadInput: it is the patient's own.
    """
    for row in unit.people.all_contacts(patient_id):
        if (row.channel, row.address_index) != key:
            continue
        if row.role is ContactRole.SELF:
            raise BadInput(
                "address",
                "This is on record as the patient's own address, which needs no permission. If it"
                " is somebody else's, correct that in the scheduling system.",
            )
        return row
    return None
