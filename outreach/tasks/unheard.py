"""Unheard: messages of whose end nobody told. See ``pipeline.unheard``."""

from outreach.pipeline import unheard as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain

_MOST = 50
"""Messages asked about in one round, and so in one task: the rest waits for the next tick, so that
a day's missing reports neither crowd the provider nor keep a worker from sending."""


@app.task(name="outreach.unheard")
def unheard() -> int:
    """Asks the provider."""
    return drain(lambda world: stage.drain(world, _MOST), full=_MOST + 1)
