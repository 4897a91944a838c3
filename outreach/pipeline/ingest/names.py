"""The names that outside systems give to what an event is about: checked, locked and kept."""

from collections.abc import Iterable
from uuid import UUID

from outreach.domain.errors import BadInput
from outreach.domain.events import Identifier, SchedulingEvent
from outreach.pipeline.world import World
from outreach.storage import models
from outreach.storage.models import IdentifierKind
from outreach.storage.repositories.people import identifier_index
from outreach.storage.unit import Unit

_SYSTEM = 200  # the width of the column: SQLite would not mind, PostgreSQL does
_VALUE = 1000


def of(event: SchedulingEvent) -> list[tuple[IdentifierKind, Identifier]]:
    """Every name in an event with what it names; a record that ends by a merge too."""
    people = (*event.patient.identifiers, *event.prior_identifiers)
    visit = () if event.appointment is None else event.appointment.identifiers
    regimen = () if event.regimen is None else event.regimen.identifiers
    return [
        *((IdentifierKind.PATIENT, item) for item in people),
        *((IdentifierKind.APPOINTMENT, item) for item in visit),
        *((IdentifierKind.REGIMEN, item) for item in regimen),
    ]


def check(event: SchedulingEvent) -> None:
    """Refuses names that the database cannot hold.

    Raises:
        BadInput: ``too-long``, or ``value`` for a NUL character.
    """
    for kind, item in of(event):
        if len(item.system) > _SYSTEM or len(item.value) > _VALUE:
            raise BadInput("too-long", f"An identifier of the {kind.value} is too long.")
        if "\0" in item.system or "\0" in item.value:
            raise BadInput("value", f"An identifier of the {kind.value} holds a NUL character.")


def read_ahead(unit: Unit, events: Iterable[SchedulingEvent]) -> None:
    """Holds all that some events name until the unit ends, and reads what is known of it.

    Once for many events, and without effect for what the unit holds already.
    """
    named = [name for event in events if _can_be_held(event) for name in of(event)]
    unit.remember()
    unit.people.lock(identifier_index(kind, item.system, item.value) for kind, item in named)
    unit.people.read_names(named)


def _can_be_held(event: SchedulingEvent) -> bool:
    try:
        check(event)
    except BadInput:
        return False
    return True


def keep(
    unit: Unit,
    world: World,
    kind: IdentifierKind,
    owner: UUID,
    identifiers: tuple[Identifier, ...],
) -> None:
    """Keeps every name an outside system has for a patient, appointment or regimen."""
    known = {(row.system, row.value) for row in unit.people.owners(kind, identifiers)}
    for item in dict.fromkeys(identifiers):
        if (item.system, item.value) in known:
            continue
        row = models.Identifier(
            id=world.new_id(),
            kind=kind,
            system=item.system,
            value=item.value,
            value_index=identifier_index(kind, item.system, item.value),
        )
        setattr(row, f"{kind.value}_id", owner)
        unit.add(row)
