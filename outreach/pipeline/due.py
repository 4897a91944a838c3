"""Due: touchpoints whose time has come become messages, wait, or end with a reason."""

from datetime import datetime, timedelta

from outreach.domain.journeys import Anchor
from outreach.domain.policy import Decision, Verdict
from outreach.domain.states import (
    TOUCHPOINT_STEPS,
    ChannelKind,
    MessageStatus,
    Purpose,
    SkipReason,
    TouchpointStatus,
    Urgency,
    check_step,
)
from outreach.domain.triage.result import Action, Prompt
from outreach.pipeline import followup
from outreach.pipeline.batches import tell_operator, together_or_alone
from outreach.pipeline.closed_days import left_untold, said_already
from outreach.pipeline.facts import Facts, decide_touchpoint, facts_for_touchpoints
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, Message, Touchpoint
from outreach.storage.unit import Unit

_AFTER_FAILURE = timedelta(minutes=5)
_BECOMES_A_CALL = frozenset(
    {
        SkipReason.OPTED_OUT,
        SkipReason.NO_CONSENT,
        SkipReason.NO_ADDRESS,
        SkipReason.QUIET_HOURS,
        SkipReason.LATE,
        SkipReason.ZONE_UNKNOWN,
    }
)
"""A safety check-in that cannot be texted for one of these reasons is made by phone."""
_TOLD_BY_PHONE = _BECOMES_A_CALL | {SkipReason.PAUSED}
"""Who cannot hear by text that the site is closed is called: they would come for nothing."""


def drain(world: World, limit: int = 200) -> int:
    """Decides on up to ``limit`` due touchpoints in one unit; returns how many."""
    done = together_or_alone(lambda alone: _decide_all(world, limit, alone=alone))
    if done:
        world.wake("send")
        world.wake("send_bulk")
    return done


def _decide_all(world: World, limit: int, *, alone: bool) -> int:
    now = world.clinic_now()
    with world.db.write() as unit:

        def postpone(row: Touchpoint, error: Exception) -> None:
            """It stays planned: decided on again when somebody has mended this program."""
            row.due_at = now + _AFTER_FAILURE
            tell_operator(unit, world, "due", error)

        rows = unit.ledger.take_due(now, limit)
        if rows:
            facts = facts_for_touchpoints(unit, world, rows)
            unit.each(
                rows,
                lambda row: _decide(unit, world, facts, row, now),
                set_aside=postpone if alone else None,
            )
    return len(rows)


def _decide(unit: Unit, world: World, facts: Facts, row: Touchpoint, now: datetime) -> None:
    contact = facts.address_of(row)
    decision = decide_touchpoint(world, facts, row, contact, now)
    if decision.verdict is Verdict.GO and said_already(unit, world, row):
        why = "The text for another visit that day says it."
        decision = Decision(Verdict.SKIP, why, reason=SkipReason.COVERED)
    row.note = decision.why
    if decision.verdict is Verdict.WAIT and decision.until is not None:
        row.due_at = decision.until
        return
    row.decided_at = now
    if decision.verdict is Verdict.GO and contact is not None:
        row.status = check_step(TOUCHPOINT_STEPS, row.status, TouchpointStatus.QUEUED)
        row.channel = contact.channel
        facts.count(contact.address_index)
        _queue(unit, world, row, contact, now)
        email = facts.email_of(row.patient_id) if row.also_email else None
        if email is not None and contact.channel is not ChannelKind.EMAIL:
            _queue(unit, world, row, email, now)
        return
    skip(unit, world, row, decision, now)


def _queue(unit: Unit, world: World, row: Touchpoint, contact: ContactPoint, now: datetime) -> None:
    if row.campaign_id is not None:
        reason_key = f"campaign:{row.campaign_id.hex}:{row.patient_id.hex}"
    else:
        reason_key = f"touchpoint:{row.id.hex}"
    unit.add_new(
        Message(
            id=world.new_id(),
            reason_key=reason_key,
            channel=contact.channel,
            patient_id=row.patient_id,
            touchpoint_id=row.id,
            address=contact.address,
            address_index=contact.address_index,
            purpose=row.purpose,
            urgency=Urgency.NORMAL if row.purpose is Purpose.CARE else Urgency.BULK,
            template=row.template,
            status=MessageStatus.QUEUED,
            not_before=now,
            useful_until=row.useful_until,
            attempts=0,
            retry_at=world.machine_now(),
            created_at=now,
        )
    )


def skip(unit: Unit, world: World, row: Touchpoint, decision: Decision, now: datetime) -> None:
    """Ends a touchpoint with its reason; a safety check-in becomes a call instead."""
    row.status = check_step(TOUCHPOINT_STEPS, row.status, TouchpointStatus.SKIPPED)
    row.reason, row.note, row.decided_at = decision.reason, decision.why, now
    if _needs_a_call(row, decision.reason):
        call_instead(unit, world, row, f"It could not be sent: {decision.why}")
    elif decision.reason is SkipReason.MOVED:
        call_about_the_others(unit, world, row)


def _needs_a_call(row: Touchpoint, reason: SkipReason | None) -> bool:
    if row.anchor_kind is Anchor.CLOSURE:
        return reason in _TOLD_BY_PHONE
    return row.asks is Prompt.SEVERITY_0_3 and reason in _BECOMES_A_CALL


def call_instead(unit: Unit, world: World, row: Touchpoint, why: str) -> None:
    """What cannot be texted becomes a call for staff (once per touchpoint)."""
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"touchpoint:{row.id.hex}:call",
            kind="call_patient",
            action=Action.SAME_DAY,
            summary=f"{_what_to_do(row)} {why}",
            patient_id=row.patient_id,
        ),
    )


def call_about_the_others(unit: Unit, world: World, row: Touchpoint) -> None:
    """The word for one visit of a closed day ended unsaid: those it was to speak for are called."""
    for other in left_untold(unit, world, row):
        call_instead(unit, world, other, "The text that was to say so did not go.")


def _what_to_do(row: Touchpoint) -> str:
    if row.anchor_kind is Anchor.CLOSURE:
        return "Call the patient: the site is closed on the day of a visit of theirs."
    return f"Call the patient in place of the message '{row.step}'."
