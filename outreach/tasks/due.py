"""Due: the ledger's clockwork. See ``pipeline.due``."""

from outreach.pipeline import due as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain

_MOST = 200
"""Touchpoints decided in one unit."""


@app.task(name="outreach.due")
def due() -> int:
    """Decides on every touchpoint whose time has come."""
    return drain(lambda world: stage.drain(world, _MOST), full=_MOST)
