"""Triage: replies become answers and work. See ``pipeline.triage``."""

from outreach.pipeline import triage as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain

_MOST = 50
"""Replies read before a worker looks at its time."""


@app.task(name="outreach.triage")
def triage() -> int:
    """Reads every reply that waits."""
    return drain(lambda world: stage.drain(world, _MOST), full=_MOST)
