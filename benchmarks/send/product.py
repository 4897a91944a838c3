"""Outreach itself: one process drains what is due and then what is queued, as a worker does."""

from benchmarks.audience import book
from benchmarks.measuring import spending
from benchmarks.null_provider import NullProvider
from benchmarks.statements import counted
from outreach.domain.states import MessageStatus
from outreach.pipeline import due, send
from outreach.pipeline.world import World


def measure(world: World, provider: NullProvider, count: int) -> dict[str, float]:
    """Rates and costs of ``count`` texts; checked against what the provider itself counted.

    "Deciding" is from due to queued; "sending" is from claimed to recorded.
    """
    book(world, count)
    requests, messages = provider.counted()
    with counted(world.db.engine) as deciding_asked, spending() as deciding:
        while due.drain(world):
            continue
    with counted(world.db.engine) as sending_asked, spending() as sending:
        while send.drain(world, send.CARE_LANE):
            continue
    _check(world, provider, requests + count, messages + count)
    return {
        "per_second": count / (deciding.wall + sending.wall),
        "sending_per_second": sending.per_second(count),
        "deciding_per_second": deciding.per_second(count),
        "sending_cpu_ms": sending.cpu_ms_each(count),
        "deciding_cpu_ms": deciding.cpu_ms_each(count),
        "statements": sending_asked.total / count,
        "control": sending_asked.transaction_control / count,
        "deciding_statements": deciding_asked.total / count,
    }


def _check(world: World, provider: NullProvider, requests: int, messages: int) -> None:
    """Every text went out once, and is recorded as accepted."""
    with world.db.read() as unit:
        left = unit.messages.any_with(
            [MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.UNKNOWN]
        )
    if left or provider.counted() != (requests, messages):
        raise RuntimeError(
            f"The provider took {provider.counted()} (requests, messages) "
            f"where {(requests, messages)} were to be sent."
        )
