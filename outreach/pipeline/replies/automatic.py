"""Automatic: what a machine wrote gets no answer, and one item a day for each address.

Only what triage found no red flag and no wish in: an out-of-office note that says "chest pain" is
read as if a person had written it.
"""

from outreach.domain.triage.result import Action, Triage
from outreach.pipeline import followup
from outreach.pipeline.world import World
from outreach.storage.models import Reply
from outreach.storage.unit import Unit

AUTOMATIC = "automatic_reply"


def take(unit: Unit, world: World, reply: Reply, result: Triage) -> bool:
    """Adds such a reply to the day's item of its address; False when it is none."""
    if not reply.automatic or result.urgent or result.opt_out or result.answer is not None:
        return False
    day = reply.received_at.date().isoformat()
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"automatic:{reply.address_index}:{day}",
            kind=AUTOMATIC,
            action=Action.ROUTINE,
            summary="This reads like an automatic reply, such as an out-of-office note, and was "
            "not answered. See that it is none.",
            patient_id=reply.patient_id,
            reply_id=reply.id,
            grows=True,
        ),
    )
    return True
