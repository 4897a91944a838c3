"""Runs the usual design: a real Redis, a real Celery worker of one process, a message a task."""

import os
from pathlib import Path
from time import monotonic, perf_counter, sleep

from celery import Celery
from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.orm import Session

from benchmarks.audience import phone
from benchmarks.children import running
from benchmarks.send.usual_app import BROKER, DATABASE, PROVIDER, TASK, Base, UsualMessage
from outreach.domain.errors import Unavailable
from outreach.embedded.redis_server import start_redis
from outreach.storage.database import create_engine_for

_WORKER = ["celery", "-A", "benchmarks.send.usual_app", "worker", "-P", "prefork", "-c", "1"]
_QUIET = ["-l", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat"]
_PATIENCE = 120.0


def messages_per_second(database_url: str, provider_url: str, count: int, log: Path) -> float:
    """From the first task enqueued to the last row updated.

    Raises:
        Unavailable: there is no Redis here, or the worker did not do its work.
    """
    redis = start_redis(log / "redis")
    if redis is None:
        raise Unavailable("No Redis found: run 'make test' once, or install Redis.")
    engine = create_engine_for(database_url)
    environment = {
        **os.environ,
        BROKER: redis.broker_url,
        DATABASE: engine.url.render_as_string(hide_password=False),
        PROVIDER: provider_url,
    }
    try:
        with redis, running("usual", [*_WORKER, *_QUIET], log, environment):
            return _measure(engine, Celery(broker=redis.broker_url), count)
    finally:
        engine.dispose()


def _measure(engine: Engine, sender: Celery, count: int) -> float:
    Base.metadata.create_all(engine)
    _fill(engine, count + 1)
    sender.send_task(TASK, [0])  # waits until the worker is up, and opens its connections
    _await(engine, count)
    began = perf_counter()
    for number in range(1, count + 1):
        sender.send_task(TASK, [number])
    _await(engine, 0)
    return count / (perf_counter() - began)


def _fill(engine: Engine, count: int) -> None:
    with Session(engine) as session:
        session.execute(delete(UsualMessage))
        session.execute(
            insert(UsualMessage),
            [
                {
                    "id": number,
                    "address": phone(number),
                    "name": "Robin",
                    "visit": "Tue, Mar 2 at 10:00 AM",
                    "status": "queued",
                }
                for number in range(count)
            ],
        )
        session.commit()


def _await(engine: Engine, left: int) -> None:
    """Returns when no more than ``left`` messages wait."""
    deadline = monotonic() + _PATIENCE
    query = select(func.count()).where(UsualMessage.status == "queued")
    while True:
        with Session(engine) as session:
            if (session.scalar(query) or 0) <= left:
                return
        if monotonic() > deadline:
            raise Unavailable("The worker of the usual design did not end in time.")
        sleep(0.02)
