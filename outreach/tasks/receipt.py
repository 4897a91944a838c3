"""Receipt: delivery reports. See ``pipeline.receipt``."""

from outreach.pipeline import receipt as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain

_MOST = 500
"""Reports applied in one unit."""


@app.task(name="outreach.receipt")
def receipt() -> int:
    """Applies every stored report."""
    return drain(lambda world: stage.drain(world, _MOST), full=_MOST)
