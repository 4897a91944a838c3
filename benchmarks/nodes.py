"""Redis and the two worker nodes, started as ``outreach up`` starts them, and nothing else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.children import running
from benchmarks.processes import children_of, family, family_cpu_seconds, pss_mib
from outreach.cli.environment import child_environment
from outreach.cli.stack import BULK_PROCESSES, URGENT_PROCESSES, worker_words
from outreach.domain.errors import Unavailable
from outreach.embedded.program import Program
from outreach.embedded.redis_server import start_redis
from outreach.settings import Settings
from outreach.wakeup import BULK_QUEUES, URGENT_QUEUES

_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Nodes:
    """Both nodes; the urgent one ticks."""

    urgent: Program
    bulk: Program

    def cpu_seconds(self) -> float:
        """CPU of both with all their processes, the beat among them."""
        return family_cpu_seconds(self.urgent.pid) + family_cpu_seconds(self.bulk.pid)

    def pair_mib(self) -> float:
        """Memory of the bulk node's parent and the larger of its children, in MiB."""
        return pss_mib(self.bulk.pid) + max(map(pss_mib, children_of(self.bulk.pid)), default=0.0)

    def all_mib(self) -> float:
        """Memory of all processes of both nodes, in MiB."""
        return sum(pss_mib(one) for node in (self.urgent, self.bulk) for one in family(node.pid))

    def check(self) -> None:
        """Raises Unavailable when one has ended."""
        self.urgent.check()
        self.bulk.check()


@contextmanager
def worker_nodes(settings: Settings, log: Path, processes: int = BULK_PROCESSES) -> Iterator[Nodes]:
    """Both nodes at work, the bulk node with so many ``processes``.

    Raises:
        Unavailable: there is no Redis here, or a node did not start.
    """
    redis = start_redis(log / "redis")
    if redis is None:
        raise Unavailable("No Redis found: run 'make test' once, or install Redis.")
    settings = settings.model_copy(update={"broker_url": redis.broker_url, "data_dir": log / "var"})
    environment = child_environment(settings, os.environ)
    bulk, urgent = log / "bulk.ready", log / "urgent.ready"
    for ready in (bulk, urgent):
        ready.unlink(missing_ok=True)
    cli = "outreach.cli"
    bulk_words = [cli, *worker_words(BULK_QUEUES, processes, bulk)]
    urgent_words = [cli, *worker_words(URGENT_QUEUES, URGENT_PROCESSES, urgent, "--beat")]
    with (
        redis,
        running("worker-bulk", bulk_words, log, environment) as bulk_node,
        running("worker-urgent", urgent_words, log, environment) as urgent_node,
    ):
        bulk_node.wait_ready(bulk.exists, _READY_SECONDS)
        urgent_node.wait_ready(urgent.exists, _READY_SECONDS)
        try:
            yield Nodes(urgent_node, bulk_node)
        finally:
            for node in (urgent_node, bulk_node):
                node.stop(grace=1.0)  # nobody needs what they still do
