"""Send: one task per lane, so that urgent work never waits behind bulk. See ``pipeline.send``."""

from collections.abc import Collection
from datetime import datetime, timedelta

from outreach.domain.states import Urgency
from outreach.pipeline import send as stage
from outreach.pipeline.world import World
from outreach.tasks.app import app
from outreach.tasks.process import DRAIN_SECONDS, drain

_MOST = 5000
"""Messages after which a worker is asked for its time, in one go at the providers until then."""


def _lane(lane: Collection[Urgency]) -> int:
    return drain(lambda world: stage.drain(world, lane, _MOST, _soon(world)), full=_MOST)


def _soon(world: World) -> datetime:
    """When it must claim no more (machine time)."""
    return world.machine_now() + timedelta(seconds=DRAIN_SECONDS)


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
