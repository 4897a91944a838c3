"""What is under way at the providers: claimed ahead, recorded together, not waited for in vain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from outreach.domain.states import AttemptOutcome, ChannelKind
from outreach.pipeline import due, send
from outreach.pipeline.outgoing import flow, prepare, record
from outreach.pipeline.ports import Outgoing, SendResult
from outreach.storage.models import Base
from tests.pipeline.rows import VISIT, attempts, message, messages, touchpoint, visit
from tests.recording import Answers, RecordingChannel
from tests.worlds import Bench

D7 = VISIT - timedelta(days=7)


def queued(bench: Bench, count: int) -> None:
    """Texts that ask for a confirmation, to as many patients, ready to leave."""
    for number in range(count):
        bench.book(
            VISIT, patient=f"P{number}", visit=f"A{number}", phone=f"+1202555{100 + number:04d}"
        )
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)


@dataclass
class Slow(RecordingChannel):
    """Answers half of a batch, and the rest when it is given the next one or none is left."""

    given: list["Later"] = field(default_factory=list)
    at_once: int = 0
    """The most messages that were under way together."""
    expected: int = 0

    def send(self, batch: Sequence[Outgoing]) -> "Later":
        made = Later(self, batch)
        self.at_once = max(self.at_once, made.left + sum(one.left for one in self.given))
        for earlier in self.given:
            earlier.answer_all()
        self.given.append(made)
        self.expected -= len(batch)
        return made


class Later(Answers):
    """Results that come when the provider says, whoever waits."""

    def __init__(self, channel: RecordingChannel, batch: Sequence[Outgoing]) -> None:
        super().__init__(channel, batch)
        self.come: list[SendResult] = []
        self.taken = 0

    def tell(self, came: Callable[[int], object]) -> None:
        self.came = came
        last = isinstance(self.channel, Slow) and self.channel.expected <= 0
        self._answer(len(self.batch) if last else len(self.batch) // 2)

    def answer_all(self) -> None:
        self._answer(len(self.batch))

    def _answer(self, until: int) -> None:
        new = [self.answer(one) for one in self.batch[self._turn : until]]
        self._turn = max(self._turn, until)
        self.come += new
        if new:
            self.came(len(new))

    @property
    def left(self) -> int:
        return len(self.batch) - self.taken

    def take(self) -> list[SendResult]:
        taken, self.come = self.come, []
        self.taken += len(taken)
        return taken


def test_the_next_batch_is_claimed_while_the_last_is_under_way(bench: Bench) -> None:
    slow = Slow(ChannelKind.SMS, bench.machine, capacity=4, expected=12)
    queued(bench, 12)
    channels = {ChannelKind.SMS: slow, ChannelKind.EMAIL: bench.email}
    assert send.drain(replace(bench.world, channels=channels)) == 12
    assert [len(one.batch) for one in slow.given] == [4, 4, 4]
    assert slow.at_once == 6  # what is in flight, and one claim ahead of it
    assert len({one.to for one in slow.sent}) == len(slow.sent) == 12
    assert {row.status for row in messages(bench)} == {"accepted"}


_NAME = f"SM{1:032x}"
"""What the provider calls the first text that it takes."""
_OWN = {"reason_key", "address", "address_index", "body", "provider_id", "visits", "opened_at"}
"""What differs between two patients in any case."""


def told(row: Base) -> dict[str, Any]:
    """A row without what names it or its patient."""
    names = [column.key for column in type(row).__mapper__.columns]
    return {
        name: getattr(row, name)
        for name in names
        if name not in _OWN and name != "id" and not name.endswith("_id")
    }


def about(bench: Bench, name: str) -> list[dict[str, Any]]:
    """A patient's first text, its try, its touchpoint, its visit and what it asks."""
    text, contact = message(bench, "d7", name), touchpoint(bench, "d7", name)
    with bench.world.db.read() as unit:
        asked = unit.replies.question_of(contact.id)
    assert asked is not None
    (tried,) = attempts(bench, text.id)
    assert tried.provider_id == text.provider_id is not None
    return [told(row) for row in (text, tried, contact, visit(bench, f"A{name[1:]}"), asked)]


def test_what_is_recorded_together_is_as_what_is_recorded_one_by_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short way, for answers that say no more than "accepted", leaves the same rows."""
    queued(bench, 2)
    alone = message(bench, "d7", "P1").id

    def forgetful(world: Any, claim_id: UUID, results: Any, claimed: dict[UUID, Any]) -> None:
        known = {one: sent for one, sent in claimed.items() if one != alone}
        record.record(world, claim_id, results, known)

    monkeypatch.setattr(flow, "record", forgetful)
    send.drain(bench.world)
    assert about(bench, "P0") == about(bench, "P1")


def test_a_name_that_a_look_up_gave_to_another_message_is_taken_back(bench: Bench) -> None:
    queued(bench, 2)
    first, second = message(bench, "d7", "P0"), message(bench, "d7", "P1")
    with bench.world.db.write() as unit:
        wrong = unit.messages.messages([second.id])[second.id]
        tried = prepare.attempt(bench.world, wrong)
        tried.number, tried.provider_id, tried.outcome = 9, _NAME, AttemptOutcome.ACCEPTED
        unit.add(tried)
        wrong.retry_at += timedelta(days=1)
    send.drain(bench.world)
    (mine,) = attempts(bench, first.id)
    assert (mine.outcome, mine.provider_id) == ("accepted", _NAME)
    (other,) = attempts(bench, second.id)
    assert (other.outcome, other.provider_id) == ("unknown", None)


class Interrupted(Later):
    """All has come, and then the worker's time is up before it looks."""

    interrupted = False

    def take(self) -> list[SendResult]:
        if not self.interrupted:
            self.interrupted = True
            self.answer_all()
            raise TimeIsUp
        return super().take()


class TimeIsUp(BaseException):
    """Stands for the time limit of a worker."""


@pytest.mark.timeout(60)
def test_a_worker_whose_time_is_up_waits_for_nothing_that_has_come(bench: Bench) -> None:
    queued(bench, 4)
    bench.sms.send = lambda batch: Interrupted(bench.sms, batch)  # type: ignore[method-assign]
    with pytest.raises(TimeIsUp):
        send.drain(bench.world)
    assert {row.status for row in messages(bench)} == {"accepted"}


def test_nothing_is_claimed_when_the_time_is_up(bench: Bench) -> None:
    queued(bench, 2)
    assert send.drain(bench.world, until=bench.world.machine_now()) == 0
    assert {row.status for row in messages(bench)} == {"queued"}


def test_a_channel_that_takes_more_meanwhile_does_not_end_the_drain(bench: Bench) -> None:
    """A batch that was full when it was claimed is full, whatever the channel takes by then."""
    grows = Growing(ChannelKind.SMS, bench.machine, capacity=2)
    queued(bench, 6)
    channels = {ChannelKind.SMS: grows, ChannelKind.EMAIL: bench.email}
    assert send.drain(replace(bench.world, channels=channels)) == 6


class Growing(RecordingChannel):
    """It takes more with each batch."""

    def send(self, batch: Sequence[Outgoing]) -> Answers:
        self.capacity += 1
        return super().send(batch)
