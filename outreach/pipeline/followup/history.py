"""History: what happened to an item, and the item that a code names."""

from uuid import UUID

from outreach.domain.errors import NotFound
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, FollowUpNote
from outreach.storage.unit import Unit

PAGED = "paged"


def write(
    unit: Unit,
    world: World,
    item: FollowUp,
    what: str,
    who: str,
    note: str | None = None,
    *,
    reply_id: UUID | None = None,
) -> None:
    """One line of an item's history, which is never changed."""
    unit.add(
        FollowUpNote(
            id=world.new_id(),
            followup_id=item.id,
            reply_id=reply_id,
            what=what,
            who=who,
            note=note,
            at=world.clinic_now(),
        )
    )


def named(unit: Unit, code: str) -> FollowUp:
    """The item of a code, in any case, held for this unit.

    Raises:
        NotFound: no item has it.
    """
    item = unit.followups.by_code(code.strip().upper(), lock=True)
    if item is None:
        raise NotFound("No follow-up has this code. 'outreach followups' lists them.")
    return item
