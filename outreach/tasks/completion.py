"""Completion: visits whose end nobody reported. See ``pipeline.completion``."""

from outreach.pipeline import completion as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.completion")
def completion() -> int:
    """Takes the planned end for the actual one, or asks staff."""
    return drain(stage.drain)
