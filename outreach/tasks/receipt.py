"""Receipt: delivery reports. See ``pipeline.receipt``."""

from outreach.pipeline import receipt as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.receipt")
def receipt() -> int:
    """Applies every stored report."""
    return drain(stage.drain)
