"""Media: pictures that came with replies. See ``pipeline.media``."""

from outreach.pipeline import media as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.media")
def media() -> int:
    """Fetches pictures from the carrier."""
    return drain(stage.drain)
