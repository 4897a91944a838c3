"""Upkeep: what dead workers left behind is taken up again, and old questions are closed."""

from datetime import timedelta

from outreach.domain.states import AttemptOutcome
from outreach.pipeline import outcome
from outreach.pipeline.send import load
from outreach.pipeline.world import World


def drain(world: World, limit: int = 500) -> int:
    """Recovers claims whose lease ran out (machine time) and ends unanswered questions.

    A claim without an attempt never reached the provider and is queued again; one whose attempt is
    still in flight has an unknown outcome and is settled by evidence.
    """
    with world.db.write() as unit:
        lost = unit.messages.abandoned(world.machine_now(), limit)
        for sent in load(unit, [row.id for row in lost]):
            if sent is None:
                continue
            attempt = sent.attempt
            current = attempt is not None and attempt.number == sent.message.attempts
            if current and attempt is not None and attempt.outcome is AttemptOutcome.IN_FLIGHT:
                outcome.unknown(world, sent, "the worker died")
            else:
                sent.message.attempts -= 1
                outcome.requeue(world, sent.message, timedelta())
        closed = unit.replies.close_overdue(world.clinic_now())
    if lost:
        world.wake("send")
    return len(lost) + closed
