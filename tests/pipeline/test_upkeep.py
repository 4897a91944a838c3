"""Upkeep: what dead workers left behind is taken up again, and old questions are closed."""

from datetime import timedelta

from outreach.domain.states import ChannelKind, Urgency
from outreach.pipeline import due, upkeep
from outreach.pipeline.outgoing import prepare
from outreach.storage.models import ConversationStatus
from tests.pipeline.rows import VISIT, attempts, message, statuses, touchpoint
from tests.worlds import Bench

DAY, SECOND, HOUR = timedelta(days=1), timedelta(seconds=1), timedelta(hours=1)
D7 = VISIT - 7 * DAY


def claimed(bench: Bench) -> None:
    """A worker claimed the first reminder and died before it wrote an attempt down."""
    bench.book(VISIT)
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)
    world = bench.world
    with world.db.write() as unit:
        rows = unit.claims.claim(
            tuple(Urgency),
            ChannelKind.SMS,
            claim_id=world.new_id(),
            clinic_now=world.clinic_now(),
            machine_now=world.machine_now(),
            lease_until=world.machine_now() + 60 * SECOND,
            limit=10,
        )
    assert len(rows) == 1


def test_a_claim_under_lease_is_left_alone(bench: Bench) -> None:
    claimed(bench)
    bench.machine.advance(59 * SECOND)
    assert upkeep.drain(bench.world) == 0
    assert statuses(bench) == ["claimed"]


def test_a_claim_without_an_attempt_is_queued_again_and_sent_once(bench: Bench) -> None:
    claimed(bench)
    bench.machine.advance(60 * SECOND)
    assert upkeep.drain(bench.world) == 1
    assert statuses(bench) == ["queued"]
    bench.run()
    assert len(bench.sms.sent) == 1
    assert [row.number for row in attempts(bench, message(bench, "d7").id)] == [1]


def test_a_claim_with_an_attempt_under_way_is_unknown(bench: Bench) -> None:
    claimed(bench)
    row = message(bench, "d7")
    with bench.world.db.write() as unit:
        stored = unit.messages.messages([row.id])[row.id]
        unit.add(prepare.attempt(bench.world, stored))
    bench.machine.advance(60 * SECOND)
    upkeep.drain(bench.world)
    assert statuses(bench) == ["unknown"]
    (attempt,) = attempts(bench, row.id)
    assert (attempt.outcome, attempt.detail) == ("unknown", "the worker died")


def test_a_question_nobody_answered_is_closed(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(D7)
    bench.clock.set(D7 + 48 * HOUR)
    assert upkeep.drain(bench.world) == 1
    with bench.world.db.read() as unit:
        question = unit.replies.question_of(touchpoint(bench, "d7").id)
    assert question is not None
    assert question.status is ConversationStatus.EXPIRED
