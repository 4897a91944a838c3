"""Coverage: the gap alarm. See ``pipeline.coverage``."""

from outreach.pipeline import coverage as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.coverage")
def coverage() -> int:
    """Tells staff of a gap in the roster ahead."""
    return drain(stage.drain)
