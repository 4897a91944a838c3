"""The world a command works in: this installation's own database, rules and channels."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from outreach.bootstrap import build_world, record_configuration
from outreach.logs import configure_logs
from outreach.pipeline.world import World
from outreach.settings import load_settings


@contextmanager
def opened_world(*, record: bool = False) -> Iterator[World]:
    """A world for one command, closed when it ends.

    Args:
        record: also writes the clinic's sites and journeys into the database, which a command
            that plans needs.

    Raises:
        ConfigurationError: a setting, a key or a file in ``config/`` is missing or wrong.
        Unavailable: the database cannot be reached.
    """
    configure_logs(logging.ERROR)  # what a command finds it says itself
    world = build_world(load_settings())
    try:
        if record:
            record_configuration(world)
        yield world
    finally:
        world.db.close()
