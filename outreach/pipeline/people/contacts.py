"""How to reach a patient, as the scheduling system lists it: whose address, in which order."""

from collections.abc import Iterable, Sequence

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.events import ContactRole, Telecom
from outreach.domain.people import is_minor, role_of
from outreach.domain.phones import check_number
from outreach.domain.states import ChannelKind
from outreach.pipeline import consent
from outreach.pipeline.facts.reach import born_on
from outreach.pipeline.people import permission
from outreach.pipeline.planning import occasions
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, ContactStatus, Patient, PermissionSource
from outreach.storage.repositories.people import address_index
from outreach.storage.unit import Unit

_SYSTEM = "scheduling system"

Key = tuple[ChannelKind, str]


def set_contacts(unit: Unit, world: World, patient: Patient, telecoms: tuple[Telecom, ...]) -> None:
    """The listed addresses become active; those no longer listed are kept as removed.

    What staff recorded with the patient's permission stays: few systems list an adult's family.
    """
    known = {(row.channel, row.address_index): row for row in unit.people.all_contacts(patient.id)}
    minor = _is_minor(world, patient)
    listed = _by_address(world, telecoms)
    for rank, (key, (address, entries)) in enumerate(listed.items()):
        role = role_of([entry.role for entry in entries], minor=minor)
        row = known.get(key)
        if row is not None and not minor and _from_childhood(patient, row, role):
            role = row.role
        if row is None:
            row = add_contact(unit, world, patient, key, address, role, rank)
        else:
            row.rank, row.role = rank, role
            if row.status is ContactStatus.REMOVED:
                row.status = ContactStatus.ACTIVE
        row.preferred = any(entry.preferred for entry in entries)
        _permission(unit, world, patient, key, entries, role)
    gone = [
        row
        for key, row in known.items()
        if key not in listed and row.status is ContactStatus.ACTIVE
    ]
    kept = permission.kept_by_staff(unit, patient.id, gone)
    for row in gone:
        if row.id not in kept:
            row.status = ContactStatus.REMOVED


def _is_minor(world: World, patient: Patient) -> bool:
    today = world.clinic_now().astimezone(world.clinic.zone).date()
    return is_minor(born_on(patient), today, world.policy.people.majority)


def _from_childhood(patient: Patient, row: ContactPoint, listed: ContactRole) -> bool:
    """Whether an address that is listed as the patient's own was the parent's before.

    The parents of a grown patient are not read any more, so the record seems to say that the
    family's phone is the patient's own. Only staff, who ask, can say so: by a permission.
    """
    was_parents = row.role in {ContactRole.PARENT, ContactRole.GUARDIAN}
    return patient.birth_date is not None and was_parents and listed is ContactRole.SELF


def _by_address(world: World, telecoms: Iterable[Telecom]) -> dict[Key, tuple[str, list[Telecom]]]:
    """Each usable address with all that is said of it, in the order of trial."""
    found: dict[Key, tuple[str, list[Telecom]]] = {}
    for telecom in sorted(telecoms, key=lambda item: item.rank):
        usable = _address(world, telecom)
        if usable is not None:
            channel, address = usable
            key = channel, address_index(channel, address)
            found.setdefault(key, (address, []))[1].append(telecom)
    return found


def add_contact(
    unit: Unit,
    world: World,
    patient: Patient,
    key: Key,
    address: str,
    role: ContactRole,
    rank: int,
) -> ContactPoint:
    """A new address of a patient or of somebody who cares for them, in use from now on."""
    channel, index = key
    row = ContactPoint(
        id=world.new_id(),
        patient_id=patient.id,
        channel=channel,
        address=address,
        address_index=index,
        role=role,
        rank=rank,
        status=ContactStatus.ACTIVE,
        preferred=False,
    )
    unit.add(row)
    if channel is ChannelKind.SMS:
        occasions.meet(unit, world, patient, index)
    if world.policy.care_attested:
        consent.write(
            unit,
            world,
            consent.Said(
                channel,
                index,
                ConsentAction.ATTESTED,
                ConsentScope.CARE,
                source="attested_by_clinic",
                actor="policy.yaml",
                patient_id=patient.id,
            ),
        )
    return row


def _permission(
    unit: Unit,
    world: World,
    patient: Patient,
    key: Key,
    entries: Sequence[Telecom],
    role: ContactRole,
) -> None:
    """What the record says of a permission; where it says both, it is not given."""
    said = {entry.permitted for entry in entries} - {None}
    if role is not ContactRole.SELF and said:
        granted = said == {True}
        permission.write(unit, world, patient.id, key, granted, PermissionSource.RECORD, _SYSTEM)


def _address(world: World, telecom: Telecom) -> tuple[ChannelKind, str] | None:
    """Where a telecom leads, normalised; None when it cannot be used."""
    if telecom.kind == "email":
        address = telecom.value.strip()
        return (ChannelKind.EMAIL, address) if "@" in address.strip("@") else None
    checked = check_number(telecom.value, world.clinic.region)
    if not checked.valid or checked.e164 is None or telecom.mobile is False:
        return None
    return ChannelKind.SMS, checked.e164
