"""Upkeep: dead workers' claims are taken up again, old questions closed, children looked at."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from outreach.domain.journeys import Silence
from outreach.domain.states import AttemptOutcome
from outreach.domain.triage.result import Action, Label
from outreach.pipeline import circuits, followup
from outreach.pipeline.outcomes import outcome, unconfirmed
from outreach.pipeline.outcomes.loading import load
from outreach.pipeline.people import handover
from outreach.pipeline.replies import takeover, voice
from outreach.pipeline.world import World
from outreach.storage.models import ConversationStatus
from outreach.storage.unit import Unit


def drain(world: World, limit: int = 500) -> int:
    """Recovers claims whose lease ran out (machine time), ends unanswered questions and
    conversations that a person has left, gives staff what nobody confirmed or could read, and looks
    at children who may come of age, at calls of whose end nobody told, and at stopped senders.

    A claim without an attempt never reached the provider and is queued again; one whose attempt is
    still in flight has an unknown outcome and is settled by evidence.
    """
    with world.db.write() as unit:
        lost = unit.claims.abandoned(world.machine_now(), limit)
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
        unread = _mind_unread(unit, world)
        closed = unit.replies.close_overdue(world.clinic_now())
        if closed:
            unit.surveys.expire(closed, world.clinic_now())
            _mind_silence(unit, world, closed)
        visits = unconfirmed.drain(unit, world, limit)
        looked_at = circuits.tend(unit, world)
    if lost or looked_at:
        world.wake("send")
    if looked_at:
        world.wake("send_urgent")
    ended = takeover.drain(world, limit)
    ended += handover.drain(world, limit) + voice.give_up(world, limit)
    return len(lost) + unread + len(closed) + visits + looked_at + ended


def _mind_unread(unit: Unit, world: World) -> int:
    """A number that no question has a place for, and nothing readable since: a person asks."""
    rows = unit.replies.unread(world.clinic_now())
    for row in rows:
        row.staff_at = None
        if row.status is ConversationStatus.ANSWERED:
            continue
        followup.open_item(
            unit,
            world,
            followup.NewItem(
                reason_key=f"conversation:{row.id.hex}:unread",
                kind=Label.UNCLEAR.value,
                action=Action.SAME_DAY,
                summary="Call the patient: the answer to a check-in could not be read, and no "
                "other has come.",
                patient_id=row.patient_id,
                reply_id=unit.replies.last_answer_to(row),
            ),
        )
    return len(rows)


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
