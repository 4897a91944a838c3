"""Permission: whom an adult patient permits to be written to, as staff or the record say it.

A ledger of its own, beside that of consent: consent is the word of whoever holds an address, a
permission is the patient's word about somebody else's (45 CFR 164.510(b)).
"""

from collections.abc import Sequence
from uuid import UUID

from outreach.domain.events import ContactRole
from outreach.domain.states import ChannelKind
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, Permission, PermissionSource
from outreach.storage.unit import Unit

Key = tuple[ChannelKind, str]


def write(
    unit: Unit,
    world: World,
    patient_id: UUID,
    key: Key,
    granted: bool,
    source: PermissionSource,
    actor: str,
) -> None:
    """One more line, where it says anything new.

    What staff recorded, the record does not change; and a record that only repeats itself makes no
    permission younger. A word of staff is always new.
    """
    channel, index = key
    if source is PermissionSource.RECORD:
        unit.flush()
        known = unit.circle.permissions([patient_id]).get((patient_id, index))
        if known is not None and (
            known.source is PermissionSource.STAFF or known.granted is granted
        ):
            return
    unit.add(
        Permission(
            patient_id=patient_id,
            channel=channel,
            address_index=index,
            granted=granted,
            source=source,
            actor=actor,
            recorded_at=world.clinic_now(),
        )
    )


def kept_by_staff(unit: Unit, patient_id: UUID, rows: Sequence[ContactPoint]) -> set[UUID]:
    """Those of these contact points that staff recorded a permission for."""
    if all(row.role is ContactRole.SELF for row in rows):
        return set()
    lines = unit.circle.permissions([patient_id])
    return {
        row.id
        for row in rows
        if (line := lines.get((patient_id, row.address_index))) is not None
        and line.granted
        and line.source is PermissionSource.STAFF
    }
