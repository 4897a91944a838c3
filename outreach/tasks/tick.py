"""The tick: once a second, one statement finds the stages that have work, and wakes them.

It is the guarantee behind every wake-up: idempotent, expiring, harmless when it runs twice.
"""

from outreach.tasks.app import app
from outreach.tasks.process import world


@app.task(name="outreach.tick")
def tick() -> list[str]:
    """Wakes what waits; returns the stages' names."""
    here = world()
    with here.db.read() as unit:
        stages = unit.work.waiting(here.clinic_now(), here.machine_now())
    for stage in stages:
        here.wake(stage)
    return stages
