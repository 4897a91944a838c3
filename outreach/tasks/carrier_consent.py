"""Carrier consent: what the carrier is told. See ``pipeline.carrier_consent``."""

from outreach.pipeline import carrier_consent as stage
from outreach.tasks.app import app
from outreach.tasks.process import drain


@app.task(name="outreach.carrier_consent")
def carrier_consent() -> int:
    """Tells the carrier of opt-outs and opt-ins."""
    return drain(stage.drain)
