"""Staff steps: a step of a journey may make work for staff at its time, beside the text."""

from outreach.domain.policy import Decision, Verdict
from outreach.domain.states import SkipReason
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.world import World
from outreach.storage.models import Touchpoint
from outreach.storage.unit import Unit

_STILL_STANDS = frozenset(
    {
        SkipReason.OPTED_OUT,
        SkipReason.NO_CONSENT,
        SkipReason.QUIET_HOURS,
        SkipReason.CAP,
        SkipReason.LATE,
        SkipReason.NO_ADDRESS,
        SkipReason.PAUSED,
        SkipReason.ZONE_UNKNOWN,
    }
)
"""The text may not go for one of these reasons, and its matter stands all the same."""


def make_work(unit: Unit, world: World, row: Touchpoint, decision: Decision) -> None:
    """Opens the item that a step has words for, once, when its time has come and its matter stands.

    Whether the patient may be texted makes no difference to it.
    """
    if decision.verdict is not Verdict.GO and decision.reason not in _STILL_STANDS:
        return
    words = _words(world, row)
    if words is None:
        return
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"touchpoint:{row.id.hex}:staff",
            kind="care_step",
            action=Action.SAME_DAY,
            summary=words,
            patient_id=row.patient_id,
        ),
    )


def _words(world: World, row: Touchpoint) -> str | None:
    for journey in world.journeys:
        if journey.name == row.journey:
            return next((step.staff for step in journey.steps if step.id == row.step), None)
    return None
