"""Upkeep: dead workers' claims are taken up again, old questions closed, children looked at."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from outreach.domain.journeys import Silence
from outreach.domain.states import AttemptOutcome
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.pipeline.outcomes import outcome
from outreach.pipeline.people import handover
from outreach.pipeline.replies import takeover, voice
from outreach.pipeline.send import load
from outreach.pipeline.world import World
from outreach.storage.unit import Unit


def drain(world: World, limit: int = 500) -> int:
    """Recovers claims whose lease ran out (machine time), ends unanswered questions and
    conversations that a person has left, and looks at children who may come of age and at calls of
    whose end nobody told.

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
        if closed:
            _mind_silence(unit, world, closed)
    if lost:
        world.wake("send")
    ended = takeover.drain(world, limit)
    ended += handover.drain(world, limit) + voice.give_up(world, limit)
    return len(lost) + len(closed) + ended


def _mind_silence(unit: Unit, world: World, asked: Sequence[UUID]) -> None:
    """No answer is a sign too: where a step says so, staff call (once for each infusion)."""
    silent = unit.replies.silent(asked)
    rows = unit.ledger.touchpoints(silent).values()
    for row in sorted(rows, key=lambda row: row.due_at):
        if row.silence is not Silence.CALL:
            continue
        followup.open_item(
            unit,
            world,
            followup.NewItem(
                reason_key=f"silent:{row.anchor_id.hex}:{row.anchor_version}",
                kind="silent",
                action=Action.SAME_DAY,
                summary=f"Call the patient: no answer to the message '{row.step}'.",
                patient_id=row.patient_id,
            ),
        )
