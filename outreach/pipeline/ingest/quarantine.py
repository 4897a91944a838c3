"""Quarantine: what was not understood is kept with its reason, and a person is told of it."""

import hashlib

from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent, InboxStatus
from outreach.storage.unit import Unit


def put(unit: Unit, world: World, row: InboxEvent, code: str, reason: str) -> None:
    """Ends ``row`` in quarantine; it texts nobody and can be replayed. No PHI in ``reason``."""
    row.status = InboxStatus.QUARANTINED
    row.code, row.reason = code[:60], reason[:400]
    row.settled_at = world.clinic_now()
    tell_operator(unit, world, row.source, code)


def tell_operator(unit: Unit, world: World, source: str, code: str) -> None:
    """One item a day (clinic time, UTC) for each source and code, however many rows there are."""
    day = world.clinic_now().date().isoformat()
    sender = hashlib.sha256(source.encode()).hexdigest()[:16]  # the name may outgrow the key
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"operator:quarantine:{sender}:{code[:60]}:{day}",
            kind="operator",
            action=Action.SAME_DAY,
            summary=f"Something from '{source}' was not understood ({code}) and changed nothing. "
            "List it with 'outreach inbox --status quarantined'; after mending the cause, "
            "'outreach inbox replay ID'.",
        ),
    )
