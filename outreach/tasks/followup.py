"""Follow-up: escalation. See ``pipeline.followup``."""

from outreach.pipeline import followup as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.followup")
def followup() -> int:
    """Pages staff about what nobody has taken yet."""
    return drain(stage.drain)
