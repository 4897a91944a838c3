"""What a worker process holds: a ``World``.

It is made before the fork and used after it alone: what opens a connection does so when it is first
used, so that no socket is shared.
"""

import signal
from collections.abc import Callable
from functools import lru_cache
from time import monotonic

import structlog
from celery.signals import task_prerun, worker_init, worker_process_init, worker_process_shutdown

from outreach.bootstrap import build_world
from outreach.collector import spare_the_collector
from outreach.domain.errors import OutreachError
from outreach.logs import configure_logs
from outreach.pipeline.world import World
from outreach.settings import load_settings

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 20.0
"""A drain task ends by then; what is left is found by the next wake-up or tick."""


class OutOfTime(BaseException):
    """A task's soft time limit has come. No ``Exception``: a stage that sets a row aside because it
    failed must not take the limit for the row's fault.
    """


@lru_cache(maxsize=1)
def world() -> World:
    """This process's world: its worker node's, or one made when first asked for."""
    return build_world(load_settings())


@worker_init.connect
def _before_the_fork(**_: object) -> None:
    """Makes what all processes of the pool read, once, and opens nothing.

    The pages it lies in stay shared with them. Only a collector that looked at it, and so wrote
    into it, would give each process a copy of it all.
    """
    _make_world()


@worker_process_init.connect
def _begin(**_: object) -> None:
    """The first patient who writes does not wait for a world, should there be none yet."""
    configure_logs()
    _make_world()


def _make_world() -> None:
    try:
        world()
    except OutreachError as error:  # the first task says it again
        log.warning("worker.not_ready", error=type(error).__name__)
    spare_the_collector()


@worker_process_shutdown.connect
def _end(**_: object) -> None:
    if world.cache_info().currsize:
        world().db.close()


@task_prerun.connect
def _interrupt_as_ours(**_: object) -> None:
    """Celery's own exception for the soft limit is an ``Exception``; the signal is the same."""
    signal.signal(signal.SIGUSR1, _out_of_time)


def _out_of_time(*_: object) -> None:
    raise OutOfTime


def drain(stage: Callable[[World], int], full: int = 1) -> int:
    """Runs a stage until it finds nothing more or its time is up; returns what it settled.

    A round that settles fewer than ``full`` has found all there was, and is the last. What has come
    meanwhile has a wake-up of its own, or waits for the tick: so many small rounds, each of which
    costs as much as a large one, do not follow upon each other.

    At the soft limit the unit at hand rolls back, and a later wake-up or tick takes its work up.

    Machine time here is the processor's own: it measures a duration and is never stored.
    """
    began, total = monotonic(), 0
    try:
        while monotonic() - began < DRAIN_SECONDS:
            done = stage(world())
            total += done
            if done < full:
                break
    except OutOfTime:
        log.warning("task.out_of_time", settled=total)  # its unit rolled back: the work still waits
    return total
