"""Triage: replies become answers and work. See ``pipeline.triage``."""

from outreach.pipeline import send
from outreach.pipeline import triage as stage
from outreach.pipeline.world import World
from outreach.tasks.app import app
from outreach.tasks.process import drain

_MOST = 10
"""Replies read before they are answered."""


@app.task(name="outreach.triage")
def triage() -> int:
    """Reads every reply that waits, and answers."""
    return drain(_read_and_answer, full=_MOST)


def _read_and_answer(world: World) -> int:
    """The answers leave from here: a task of their own would be one more wait for the patient."""
    read = stage.drain(world, _MOST)
    if read:
        send.drain(world, send.URGENT_LANE)
    return read
