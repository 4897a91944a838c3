"""Two worker nodes on a real Redis: every queue is read, and a lost wake-up costs a tick."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery

from outreach.bootstrap import Parts, build_world
from outreach.cli.demo.theatre import FEEDS, demo_settings
from outreach.cli.stack import Stack
from outreach.clocks import SharedClock, SystemClock
from outreach.pipeline.arrive import arrive
from outreach.pipeline.world import World
from outreach.storage.models import InboxStatus
from outreach.wakeup import BULK_QUEUES, URGENT_QUEUES, NoWake, broker_settings
from tests.e2e.waiting import wait_until

pytestmark = [pytest.mark.celery, pytest.mark.redis, pytest.mark.timeout(120)]


@contextmanager
def running(folder: Path) -> Iterator[tuple[Stack, World]]:
    """A stack whose clinic clock stands still, and a world that wakes nobody."""
    from outreach.cli.demo import story

    SharedClock(folder / "clock", SystemClock()).set(story.BEGIN)
    settings = demo_settings(folder, "an-api-key-for-this-test")
    with Stack(settings, web_port=0, sandbox_port=0, durable=False, grace=5.0) as stack:
        stack.start()
        world = build_world(stack.settings, Parts(wake=NoWake()))
        try:
            yield stack, world
        finally:
            world.db.close()


def test_the_nodes_read_every_queue_and_work_goes_on_without_a_wake_up(tmp_path: Path) -> None:
    with running(tmp_path) as (stack, world):
        app = Celery(set_as_current=False)
        app.conf.update(broker_settings(stack.settings.broker_url or ""))
        seen = app.control.inspect(timeout=5).active_queues() or {}
        app.close()
        reads = {node: {queue["name"] for queue in queues} for node, queues in seen.items()}
        assert sorted(map(sorted, reads.values())) == sorted(
            [sorted(URGENT_QUEUES), sorted(BULK_QUEUES)]
        )

        raw = (FEEDS / "01_siu_s12_visit.hl7").read_bytes()
        arrive(world, raw, source="no-wake-up", content_type="")

        def settled() -> bool:
            with world.db.read() as unit:
                return len(unit.inbox.with_status(InboxStatus.APPLIED)) == 1

        wait_until(settled, "the tick to find the arrival")
