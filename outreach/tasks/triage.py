"""Triage: replies become answers and work. See ``pipeline.triage``."""

from outreach.pipeline import triage as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.triage")
def triage() -> int:
    """Reads every reply that waits."""
    return drain(stage.drain)
