"""Ingest: arrivals become state and plans. See ``pipeline.ingest``."""

from outreach.pipeline import ingest as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.ingest")
def ingest() -> int:
    """Settles every arrival that waits."""
    return drain(stage.drain)
