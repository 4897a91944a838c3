"""The clinic of the benchmarks: the shipped configuration, ten in the morning, wired as in life."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from outreach.bootstrap import Parts, build_world, record_configuration
from outreach.clocks import ManualClock
from outreach.collector import spare_the_collector
from outreach.domain.clock import Clock
from outreach.pipeline.world import World
from outreach.settings import Settings, load_settings, new_keys
from outreach.wakeup import NoWake

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "config"
MORNING = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 in New York: texts may go."""
IN_FLIGHT = 64
_NOWHERE = "http://127.0.0.1:9"


def clinic_settings(
    database_url: str, provider_url: str = _NOWHERE, public_url: str = "http://127.0.0.1:8000"
) -> Settings:
    """Settings of a run: fresh keys, the null provider in the place of Twilio, no broker."""
    keys, index_key = new_keys()
    return load_settings(
        config_dir=CONFIG,
        database_url=database_url,
        broker_url="",
        keys=keys,
        index_key=index_key,
        sandbox=True,
        sandbox_url=provider_url,
        public_url=public_url,
        clock_file=None,
        in_flight=IN_FLIGHT,
    )


@contextmanager
def clinic_world(settings: Settings, clock: Clock | None = None) -> Iterator[World]:
    """A process's world, closed afterwards.

    Clinic time is that of ``clock``, and stands still at ``MORNING`` without one.
    """
    clock = clock or ManualClock(MORNING)
    world = build_world(settings, Parts(clinic_clock=clock, wake=NoWake()))
    record_configuration(world)
    spare_the_collector()
    try:
        yield world
    finally:
        for channel in world.channels.values():
            close = getattr(channel, "close", None)
            if close is not None:
                close()
        world.db.close()
