"""Settle: unknown outcomes. See ``pipeline.settle``."""

from outreach.pipeline import settle as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.settle")
def settle() -> int:
    """Looks up attempts with an unknown outcome."""
    return drain(stage.drain)
