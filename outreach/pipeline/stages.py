"""The stages of the road, by the names under which the database says that they have work."""

from collections.abc import Callable, Mapping

from outreach.pipeline import (
    carrier_consent,
    completion,
    coverage,
    due,
    followup,
    ingest,
    media,
    receipt,
    send,
    settle,
    triage,
    unheard,
    upkeep,
)
from outreach.pipeline.world import World

Stage = Callable[[World], int]

STAGES: Mapping[str, Stage] = {
    "ingest": ingest.drain,
    "triage": triage.drain,
    "due": due.drain,
    "followup": followup.drain,
    "send_urgent": send.drain,
    "send": send.drain,
    "send_bulk": send.drain,
    "receipt": receipt.drain,
    "settle": settle.drain,
    "unheard": unheard.drain,
    "upkeep": upkeep.drain,
    "completion": completion.drain,
    "coverage": coverage.drain,
    "media": media.drain,
    "carrier_consent": carrier_consent.drain,
}
"""In the order of the road. Each settles up to some hundreds of rows and returns how many."""


def with_work(world: World) -> list[Stage]:
    """The stages that have something to do now, each once, in the order of the road."""
    with world.db.read() as unit:
        names = set(unit.work.waiting(world.clinic_now(), world.machine_now()))
    return list(dict.fromkeys(stage for name, stage in STAGES.items() if name in names))
