"""Reach: who may be written to about a patient now, asked of the one decision with what is known.

Whoever looks for an address asks here: a welcome, ``due``, ``send``, a second try, the calls that
stand in for messages, the follow-up list and ``explain``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from outreach.domain.events import ContactRole
from outreach.domain.people import Known, Way, reach
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, Patient, Permission
from outreach.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Reached:
    """The addresses that may be used, by patient, the first choice first."""

    contacts: dict[UUID, list[ContactPoint]] = field(default_factory=dict)
    ways: dict[UUID, Way] = field(default_factory=dict)
    """By contact point: why it may be used."""
    barred: dict[UUID, str] = field(default_factory=dict)
    """By patient: why none of the addresses on file may be used."""


def born_on(patient: Patient) -> date | None:
    """A patient's birth date, if it is known."""
    return None if patient.birth_date is None else date.fromisoformat(patient.birth_date)


def who_is_written_to(unit: Unit, world: World, patients: Mapping[UUID, Patient]) -> Reached:
    """What may be used at this moment (clinic time), whatever could be used when it was planned."""
    known = unit.people.contacts_of(list(patients)) if patients else {}
    permissions = _permissions(unit, known)
    found = Reached()
    for patient_id, rows in known.items():
        answer = reach(
            [_known(row, permissions.get((patient_id, row.address_index))) for row in rows],
            born=born_on(patients[patient_id]),
            now=world.clinic_now(),
            zone=world.clinic.zone,
            rules=world.policy.people,
        )
        found.contacts[patient_id] = [rows[way.index] for way in answer.ways]
        found.ways.update({rows[way.index].id: way for way in answer.ways})
        if answer.barred:
            found.barred[patient_id] = answer.barred
    return found


def contacts_for(unit: Unit, world: World, patient: Patient) -> list[ContactPoint]:
    """The addresses of one patient that may be used now, the first choice first."""
    return who_is_written_to(unit, world, {patient.id: patient}).contacts.get(patient.id, [])


def rests(contact: ContactPoint, now: datetime) -> bool:
    """Whether a phone takes no texts now (clinic time): several in a row did not reach it."""
    return contact.suspect_until is not None and contact.suspect_until > now


def _permissions(
    unit: Unit, known: Mapping[UUID, Collection[ContactPoint]]
) -> dict[tuple[UUID, str], Permission]:
    """Read only for those with somebody else's address on file: few have one."""
    asked = {
        patient_id
        for patient_id, rows in known.items()
        if any(row.role is not ContactRole.SELF for row in rows)
    }
    return unit.circle.permissions(asked) if asked else {}


def _known(row: ContactPoint, permission: Permission | None) -> Known:
    granted = permission is not None and permission.granted
    forbidden = permission is not None and not permission.granted
    return Known(
        role=row.role,
        channel=row.channel,
        rank=row.rank,
        preferred=row.preferred,
        permitted_at=permission.recorded_at if permission is not None and granted else None,
        forbidden=forbidden,
    )
