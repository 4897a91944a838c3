"""Upkeep: leases and old questions. See ``pipeline.upkeep``."""

from outreach.pipeline import upkeep as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.upkeep")
def upkeep() -> int:
    """Takes up what dead workers left behind."""
    return drain(stage.drain)
