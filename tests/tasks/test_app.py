"""The Celery app: every task has a queue, every queue a reader, and nothing waits on a timer."""

from outreach.tasks.app import HARD_LIMIT, SOFT_LIMIT, app, make_app
from outreach.tasks.process import DRAIN_SECONDS
from outreach.wakeup import BULK_QUEUES, QUEUE_OF, QUEUES, URGENT_QUEUES, broker_settings
from tests.settings import settings_for
from tests.worlds import make_bench


def stage_tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name.removeprefix("outreach.") for name in app.tasks if name.startswith("outreach.")}


def test_every_stage_that_can_be_woken_has_a_task_and_a_queue() -> None:
    assert stage_tasks() == set(QUEUE_OF)


def test_the_two_nodes_together_read_every_queue() -> None:
    declared = {queue.name for queue in app.conf.task_queues}
    assert declared == set(QUEUES) == set(QUEUE_OF.values())
    assert set(URGENT_QUEUES) | set(BULK_QUEUES) == declared
    assert set(URGENT_QUEUES) & set(BULK_QUEUES) == {QUEUE_OF["tick"]}
    assert not app.conf.task_create_missing_queues


def test_the_tick_asks_for_no_stage_that_does_not_exist(database_url: str) -> None:
    bench = make_bench(database_url)
    bench.book(bench.clock.now())
    with bench.world.db.read() as unit:
        waiting = unit.work.waiting(bench.clock.now(), bench.machine.now())
    assert set(waiting) <= set(QUEUE_OF)


def test_a_task_ends_before_redis_would_deliver_it_again() -> None:
    options = broker_settings("redis://localhost:1/0")["broker_transport_options"]
    assert DRAIN_SECONDS < SOFT_LIMIT < HARD_LIMIT < options["visibility_timeout"]
    assert options["unacked_restore_interval"] <= 5


def test_a_killed_worker_gives_its_wake_up_back_and_nothing_carries_a_result() -> None:
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.task_ignore_result
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]


def test_the_beat_has_one_tick_that_a_second_beat_makes_no_worse() -> None:
    made = make_app(settings_for(tick_seconds=1.0))
    assert list(made.conf.beat_schedule) == ["tick"]
    entry = made.conf.beat_schedule["tick"]
    assert entry["schedule"] == 1.0
    assert entry["options"]["expires"] == 1.0
