"""Applies receipts as a worker does, in a process of its own, until it is stopped."""

from time import sleep

from outreach.bootstrap import Parts, build_world
from outreach.logs import configure_logs
from outreach.pipeline import receipt
from outreach.settings import load_settings
from outreach.wakeup import NoWake

_PAUSE = 0.05
"""Seconds; about what a wake-up takes."""


def main() -> None:
    """Runs for ever."""
    configure_logs()
    world = build_world(load_settings(), Parts(wake=NoWake()))
    while True:
        if receipt.drain(world) == 0:
            sleep(_PAUSE)


if __name__ == "__main__":
    main()
