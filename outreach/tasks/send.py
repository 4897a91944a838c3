"""Send: one task per lane, so that urgent work never waits behind bulk. See ``pipeline.send``."""

from collections.abc import Collection

from outreach.domain.states import Urgency
from outreach.pipeline import send as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain

_MOST = 500
"""Messages claimed before a worker looks at its time."""


def _lane(lane: Collection[Urgency]) -> int:
    return drain(lambda world: stage.drain(world, lane, _MOST), full=_MOST)


@app.task(name="outreach.send_urgent")
def send_urgent() -> int:
    """Answers to patients and pages to staff."""
    return _lane(stage.URGENT_LANE)


@app.task(name="outreach.send")
def send() -> int:
    """Care messages."""
    return _lane(stage.CARE_LANE)


@app.task(name="outreach.send_bulk")
def send_bulk() -> int:
    """Campaigns and education."""
    return _lane(stage.BULK_LANE)
