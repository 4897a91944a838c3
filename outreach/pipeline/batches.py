"""One bad row must not stop the others: a batch that fails is done once more, row by row."""

from collections.abc import Callable

import structlog

from outreach.domain.errors import Unavailable
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.world import World
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)


def together_or_alone(work: Callable[[bool], int]) -> int:
    """``work(False)`` in one go; where that fails, ``work(True)``: each row by itself.

    Raises:
        Unavailable: the database failed, and not a row.
    """
    try:
        return work(False)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the others must go on
        log.warning("batch.failed", error=type(error).__name__)
        return work(True)


def tell_operator(unit: Unit, world: World, stage: str, error: Exception) -> None:
    """One item a day for each kind of failure of this program itself."""
    name, day = type(error).__name__, world.clinic_now().date().isoformat()
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"operator:{stage}:{name}:{day}",
            kind="operator",
            action=Action.SAME_DAY,
            summary=f"This program fails in '{stage}' ({name}). Run 'outreach doctor'.",
        ),
    )
