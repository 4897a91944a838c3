"""What a worker process holds: its ``World``, made after the fork so that no socket is shared."""

from collections.abc import Callable
from functools import lru_cache
from time import monotonic

import structlog
from celery.signals import worker_process_init, worker_process_shutdown

from outreach.bootstrap import build_world
from outreach.logs import configure_logs
from outreach.pipeline.world import World
from outreach.settings import load_settings

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 20.0
"""A drain task ends by then; what is left is found by the next wake-up or tick."""


@lru_cache(maxsize=1)
def world() -> World:
    """This process's world; made when first asked for."""
    return build_world(load_settings())


@worker_process_init.connect
def _begin(**_: object) -> None:
    configure_logs()
    world.cache_clear()


@worker_process_shutdown.connect
def _end(**_: object) -> None:
    if world.cache_info().currsize:
        world().db.close()


def drain(stage: Callable[[World], int]) -> int:
    """Runs a stage until it finds nothing more or its time is up; returns what it settled.

    Machine time here is the processor's own: it measures a duration and is never stored.
    """
    began, total = monotonic(), 0
    while monotonic() - began < DRAIN_SECONDS:
        done = stage(world())
        total += done
        if done == 0:
            break
    return total
