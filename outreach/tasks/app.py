"""The Celery app. A message is a wake-up: it carries nothing, and losing it costs a second.

Each setting says why it is as it is.
"""

from celery import Celery
from kombu import Queue

from outreach.settings import Settings, load_settings
from outreach.wakeup import QUEUE_OF, QUEUES, broker_settings

SOFT_LIMIT = 45
HARD_LIMIT = 60


def make_app(settings: Settings) -> Celery:
    """A worker app for these settings, with the beat's one tick."""
    app = Celery("outreach", include=[f"outreach.tasks.{name}" for name in _MODULES])
    app.conf.update(
        broker_settings(settings.broker_url or "memory://"),
        broker_connection_retry_on_startup=True,
        task_queues=[Queue(name) for name in QUEUES],
        task_routes={f"outreach.{stage}": {"queue": queue} for stage, queue in QUEUE_OF.items()},
        task_create_missing_queues=False,  # a misspelt queue must fail, not wait unread for ever
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,  # results are rows
        task_acks_late=True,  # a killed worker's wake-up is delivered again; tasks are idempotent
        task_reject_on_worker_lost=True,
        task_soft_time_limit=SOFT_LIMIT,
        task_time_limit=HARD_LIMIT,  # under the visibility timeout, so nothing runs twice at once
        worker_prefetch_multiplier=1,  # a drain task may take long: none is held behind it
        worker_proc_alive_timeout=60,  # a new process reads the configuration before it is up
        worker_hijack_root_logger=False,
        worker_soft_shutdown_timeout=30,  # a deploy lets batches end
        worker_enable_soft_shutdown_on_idle=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,  # work is rows; let it end
        worker_send_task_events=False,
        enable_utc=True,
        timezone="UTC",
        beat_schedule={
            "tick": {
                "task": "outreach.tick",
                "schedule": settings.tick_seconds,
                # a second beat, or a beat after a pause, is harmless
                "options": {"queue": QUEUE_OF["tick"], "expires": max(1.0, settings.tick_seconds)},
            }
        },
        beat_max_loop_interval=max(0.1, min(1.0, settings.tick_seconds)),
    )
    return app


_MODULES = (
    "carrier_consent",
    "completion",
    "coverage",
    "due",
    "followup",
    "ingest",
    "media",
    "receipt",
    "send",
    "settle",
    "tick",
    "triage",
    "unheard",
    "upkeep",
)

app = make_app(load_settings())
