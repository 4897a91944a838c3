"""The soft time limit ends a task, and is never taken for the fault of the row at hand."""

import os
import signal
from collections.abc import Iterator

import pytest

from outreach.domain.states import ChannelKind
from outreach.pipeline import reply, triage
from outreach.pipeline.world import World
from outreach.tasks import process
from outreach.tasks.triage import triage as task
from tests.worlds import PHONE, Bench, make_bench


@pytest.fixture
def bench(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = make_bench(database_url)
    monkeypatch.setattr(process, "world", lambda: made.world)
    return made


@pytest.fixture(autouse=True)
def _restore_the_signal() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_a_reply_that_was_being_read_at_the_limit_still_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound = reply.Inbound("SM1", ChannelKind.SMS, PHONE, "+12025550100", "chest pain")
    reply.receive(bench.world, inbound)

    def too_long(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)  # as Celery's pool does at the soft limit

    with monkeypatch.context() as slow:
        slow.setattr(triage, "send_answer", too_long)
        assert task.apply().get() == 0
    with bench.world.db.read() as unit:
        assert [row.triaged_at for row in unit.replies.everything()] == [None]
        assert unit.followups.worklist() == []

    assert task.apply().get() == 1


def test_what_was_settled_before_the_limit_is_told(bench: Bench) -> None:
    rounds = iter([3, 4])

    def stage(_: World) -> int:
        done = next(rounds, None)
        if done is None:
            raise process.OutOfTime
        return done

    assert process.drain(stage) == 7
