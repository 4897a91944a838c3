"""Messages with all that belongs to them, read for a whole batch and locked for one unit."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from outreach.domain.triage.result import Prompt
from outreach.pipeline.outcomes.outcome import Sent
from outreach.storage.models import Appointment, Touchpoint
from outreach.storage.unit import Unit


def load(unit: Unit, ids: Sequence[UUID]) -> list[Sent | None]:
    """Messages with their latest attempts and touchpoints, locked, in the order of ``ids``."""
    messages = unit.messages.messages(ids, lock=True)
    attempts = unit.messages.attempts_of(ids)
    owners = [row.touchpoint_id for row in messages.values() if row.touchpoint_id is not None]
    touchpoints = unit.ledger.touchpoints(owners) if owners else {}
    asked = unit.replies.asked_by(row.id for row in touchpoints.values() if row.asks is not None)
    visits = to_confirm(unit, touchpoints.values())
    found: list[Sent | None] = []
    for message_id in ids:
        message = messages.get(message_id)
        if message is None:
            found.append(None)
            continue
        touchpoint = touchpoints.get(message.touchpoint_id) if message.touchpoint_id else None
        found.append(Sent(message, attempts.get(message_id), touchpoint, asked, visits))
    return found


def to_confirm(unit: Unit, rows: Iterable[Touchpoint]) -> dict[UUID, Appointment]:
    """The visits that these touchpoints ask to confirm."""
    ids = {row.appointment_id for row in rows if row.asks is Prompt.CONFIRM}
    named = [one for one in ids if one is not None]
    return unit.visits.appointments(named) if named else {}
