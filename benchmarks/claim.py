"""Claim: what taking messages from the queue costs, and that a long queue costs no more."""

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from benchmarks.audience import book
from benchmarks.catalogue import Options
from benchmarks.clinic import clinic_settings, clinic_world
from benchmarks.databases import FLOOR, open_database
from benchmarks.measuring import spending
from benchmarks.report import Report, medians
from benchmarks.statements import counted
from outreach.domain.states import ChannelKind, MessageStatus
from outreach.pipeline import due, send
from outreach.pipeline.world import World
from outreach.storage.models import Attempt, Message


def run(options: Options) -> Report:
    """Batches taken from a short queue and from a long one, and rows taken one by one."""
    batches = options.count(8, 2)
    with open_database(options) as database, clinic_world(clinic_settings(database.url)) as world:
        size = world.tempo.batch
        short, long = size * batches, size * options.count(150, 4)
        book(world, long)
        while due.drain(world):
            continue
        rounds = [
            _round(world, short, long, options) | database.floor(options)
            for _ in range(options.runs)
        ]
        found = medians(rounds)
        return Report(
            figures={
                "messages_per_second": found["per_second"],
                "cpu_ms_per_message": found["cpu_ms"],
                "ms_per_batch": found["batch_ms"],
                "ms_per_batch_of_a_long_queue": found["long_batch_ms"],
                "statements_per_message": found["statements"],
            },
            baselines={
                **{name: found[name] for name in FLOOR},
                "one_by_one_per_second": found["singly"],
            },
            ratios={
                "to_one_by_one": found["per_second"] / found["singly"],
                "long_queue_to_short": found["long_batch_ms"] / found["batch_ms"],
            },
            facts={
                "database": database.kind,
                "batch": size,
                "short_queue": short,
                "long_queue": long,
            },
        )


def _round(world: World, short: int, long: int, options: Options) -> dict[str, float]:
    size = world.tempo.batch
    _requeue(world, long)
    with spending() as from_long:
        for _ in range(short // size):
            _claim(world, size)
    _requeue(world, short)
    with counted(world.db.engine) as asked, spending() as spent:
        for _ in range(short // size):
            _claim(world, size)
    singles = min(short, options.count(200, 10))
    _requeue(world, singles)
    with spending() as singly:
        for _ in range(singles):
            _take_one(world)
    batches = short // size
    return {
        "per_second": spent.per_second(short),
        "cpu_ms": spent.cpu_ms_each(short),
        "batch_ms": spent.wall * 1000 / batches,
        "long_batch_ms": from_long.wall * 1000 / batches,
        "statements": asked.total / short,
        "singly": singly.per_second(singles),
    }


def _claim(world: World, limit: int) -> None:
    with world.db.write() as unit:
        claimed = unit.claims.claim(
            send.CARE_LANE,
            channel=ChannelKind.SMS,
            claim_id=world.new_id(),
            clinic_now=world.clinic_now(),
            machine_now=world.machine_now(),
            lease_until=world.machine_now() + timedelta(seconds=world.tempo.lease),
            limit=limit,
        )
    if len(claimed) != limit:
        raise RuntimeError(f"A claim for {limit} took {len(claimed)}.")


def _take_one(world: World) -> None:
    """The usual way: find a row, lock it, mark it, commit."""
    with Session(world.db.engine) as session:
        row = session.scalars(
            select(Message)
            .where(Message.status == MessageStatus.QUEUED)
            .order_by(Message.retry_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one()
        row.status = MessageStatus.CLAIMED
        session.commit()


def _requeue(world: World, count: int) -> None:
    """Exactly ``count`` messages wait, however many were taken."""
    with Session(world.db.engine) as session:
        session.execute(delete(Attempt))
        session.execute(update(Message).values(status=MessageStatus.CLAIMED, claim_id=None))
        wanted = select(Message.id).order_by(Message.id).limit(count)
        session.execute(
            update(Message)
            .where(Message.id.in_(wanted))
            .values(status=MessageStatus.QUEUED, attempts=0)
            .execution_options(synchronize_session=False)
        )
        session.commit()
    if world.db.engine.dialect.name == "postgresql":
        with world.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
            plain.exec_driver_sql("VACUUM ANALYZE message")
