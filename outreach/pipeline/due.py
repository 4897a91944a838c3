"""Due: touchpoints whose time has come become messages, wait, or end with a reason."""

from datetime import datetime, timedelta

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
from outreach.pipeline import busy_day
from outreach.pipeline.batches import tell_operator, together_or_alone
from outreach.pipeline.facts.closed_days import left_untold, said_already
from outreach.pipeline.facts.deciding import decide_touchpoint
from outreach.pipeline.facts.reading import Facts, facts_for_touchpoints
from outreach.pipeline.facts.surroundings import SameDay, followed, same_day, told_with_its_course
from outreach.pipeline.outcomes import instead, staff_steps
from outreach.pipeline.world import World
from outreach.storage.models import ContactPoint, Message, Touchpoint
from outreach.storage.unit import Unit

_AFTER_FAILURE = timedelta(minutes=5)
_A_MOMENT = timedelta(minutes=1)


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

        unit.ledger.decide_alone()
        rows = unit.ledger.take_due(now, limit)
        rows.sort(key=lambda row: (row.due_at, row.anchor_at, row.id))  # a course's first day first
        if rows:
            facts = facts_for_touchpoints(unit, world, rows)
            queued: list[Message] = []

            def decide(row: Touchpoint) -> None:
                _decide(unit, world, facts, row, now, queued)
                if alone:  # what a row that fails has queued must not be written
                    unit.add_all_new(queued)
                    queued.clear()

            unit.each(rows, decide, set_aside=postpone if alone else None)
            unit.add_all_new(queued)
    return len(rows)


def _decide(
    unit: Unit,
    world: World,
    facts: Facts,
    row: Touchpoint,
    now: datetime,
    queued: list[Message],
) -> None:
    """What becomes of one; its messages join ``queued``, to be written with those of the others."""
    contact = facts.address_of(row)
    decision = _beside_others(world, facts, row, now) or decide_touchpoint(
        world, facts, row, contact, now
    )
    if decision.verdict is Verdict.GO and said_already(unit, world, row):
        why = "The text for another visit that day says it."
        decision = Decision(Verdict.SKIP, why, reason=SkipReason.COVERED)
    row.note = decision.sentence()
    if decision.verdict is Verdict.WAIT and decision.until is not None:
        row.due_at = decision.until
        return
    row.decided_at = now
    staff_steps.make_work(unit, world, row, decision)
    if decision.verdict is Verdict.GO and contact is not None:
        row.status = check_step(TOUCHPOINT_STEPS, row.status, TouchpointStatus.QUEUED)
        row.channel = contact.channel
        facts.count(contact.address_index, now)
        facts.around.queue(row, now)
        queued.append(_message(world, facts, row, contact, now))
        if row.purpose is Purpose.CARE and contact.channel is ChannelKind.SMS:
            busy_day.count(unit, world, facts, row.patient_id)
        email = facts.email_of(row.patient_id, contact.role) if row.also_email else None
        if email is not None and contact.channel is not ChannelKind.EMAIL:
            queued.append(_message(world, facts, row, email, now))
        return
    skip(unit, world, row, decision, now)


def _beside_others(world: World, facts: Facts, row: Touchpoint, now: datetime) -> Decision | None:
    """One text for each day and lead time: what another visit's text says is not said again."""
    if followed(facts.around, row, now):
        why = "A later reminder of the same visit is due as well and says what matters now."
        return Decision(Verdict.SKIP, why, reason=SkipReason.COLLAPSED)
    if told_with_its_course(world, facts.around, row, now):
        why = "The text about an earlier day of the same course went a short while ago."
        return Decision(Verdict.SKIP, why, reason=SkipReason.COVERED)
    match same_day(world, facts.around, row):
        case SameDay.SAID:
            why = "The text about another visit of that day names this one too."
            return Decision(Verdict.SKIP, why, reason=SkipReason.MERGED)
        case SameDay.COMING if now + _A_MOMENT < row.useful_until:
            why = "The text about another visit of that day is on its way."
            return Decision(Verdict.WAIT, why, until=now + _A_MOMENT)
    return None


def _message(
    world: World, facts: Facts, row: Touchpoint, contact: ContactPoint, now: datetime
) -> Message:
    if row.campaign_id is not None:
        reason_key = f"campaign:{row.campaign_id.hex}:{row.patient_id.hex}"
    else:
        reason_key = f"touchpoint:{row.id.hex}"
    return Message(
        id=world.new_id(),
        reason_key=reason_key,
        channel=contact.channel,
        patient_id=row.patient_id,
        touchpoint_id=row.id,
        address=contact.address,
        address_index=contact.address_index,
        to_whom=facts.to_whom(contact),
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


def skip(unit: Unit, world: World, row: Touchpoint, decision: Decision, now: datetime) -> None:
    """Ends a touchpoint with its reason; what must not be lost becomes work instead."""
    row.status = check_step(TOUCHPOINT_STEPS, row.status, TouchpointStatus.SKIPPED)
    row.reason, row.note, row.decided_at = decision.reason, decision.sentence(), now
    instead.make_up_for(unit, world, row, decision)
    if decision.reason is SkipReason.MOVED:
        call_about_the_others(unit, world, row)


def call_instead(unit: Unit, world: World, row: Touchpoint, why: str) -> None:
    """What cannot be texted becomes a call for staff (once per touchpoint)."""
    instead.call(unit, world, row, why)


def call_about_the_others(unit: Unit, world: World, row: Touchpoint) -> None:
    """The word for one visit of a closed day ended unsaid: those it was to speak for are called."""
    for other in left_untold(unit, world, row):
        call_instead(unit, world, other, "The text that was to say so did not go.")
