"""What every route needs: the world, the configuration, and a way to the database off the loop."""

from dataclasses import dataclass
from functools import partial

from outreach.pipeline import receipt
from outreach.pipeline.receipt import Reported
from outreach.pipeline.world import World
from outreach.web.config import WebConfig
from outreach.web.grouped import Grouped
from outreach.web.threads import DatabaseThreads


@dataclass(frozen=True, slots=True)
class Edge:
    """Handed to each group of routes."""

    world: World
    config: WebConfig
    run: DatabaseThreads
    receipts: Grouped[Reported, bool]
    """Stores a delivery report, with those of other requests; False when it was known."""


def edge_of(world: World, config: WebConfig) -> Edge:
    """An edge with as many database threads as do good.

    SQLite writes one at a time, and who waits for its lock sleeps: more threads only make the
    slowest answer slower (measured: p99 134 ms with 8, 47 ms with 2, at the same rate).
    """
    sqlite = world.db.engine.dialect.name == "sqlite"
    run = DatabaseThreads(2 if sqlite else 8)
    return Edge(world, config, run, Grouped(run, partial(receipt.receive_all, world)))
