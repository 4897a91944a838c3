"""Hold: a problem reported before a visit holds that visit's reminders until a nurse decides."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.events import GONE
from outreach.domain.triage.result import Action, Triage
from outreach.pipeline import followup
from outreach.pipeline.ruling import HOLD_REVIEW
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Conversation, FollowUpNote, Reply
from outreach.storage.unit import Unit

_SOON = timedelta(hours=4)
"""With less than this left before the visit, a nurse is paged within the hour."""


def visits_of(unit: Unit, world: World, questions: Sequence[Conversation]) -> list[Appointment]:
    """The visits these questions are about that can still be held: to come, and not called off."""
    touchpoints = unit.ledger.touchpoints([row.touchpoint_id for row in questions])
    ids = {row.appointment_id for row in touchpoints.values() if row.appointment_id is not None}
    now = world.clinic_now()
    visits = unit.visits.appointments(ids).values() if ids else ()
    return sorted(
        (
            visit
            for visit in visits
            if visit.status not in GONE and (visit.start_at is None or visit.start_at > now)
        ),
        key=lambda visit: visit.id,
    )


def decide_by(world: World, visits: Sequence[Appointment]) -> datetime | None:
    """When the drug of the earliest of these visits is made ready (clinic time)."""
    starts = [visit.start_at for visit in visits if visit.start_at is not None]
    if not starts:
        return None
    return min(starts) - timedelta(hours=world.clinic.prepare_hours_before)


def hold(
    unit: Unit, world: World, reply: Reply, result: Triage, visit: Appointment, *, silent: bool
) -> None:
    """Holds a visit and asks a nurse: one item for each visit, to which later answers are added."""
    visit.held = True
    soon = visit.start_at is not None and visit.start_at - world.clinic_now() < _SOON
    phone = " Opted out, so not answered by text: phone." if silent else ""
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"visit:{visit.id.hex}:hold",
            kind=HOLD_REVIEW,
            action=Action.PAGE_1H if soon else Action.SAME_DAY,
            summary="The patient reports a problem before the visit; its reminders wait. "
            f"Call, then close with go or hold. {result.reason}{phone}",
            patient_id=visit.patient_id,
            reply_id=reply.id,
            appointment_id=visit.id,
            due_at=decide_by(world, [visit]),
            grows=True,
        ),
    )


def note_all_clear(unit: Unit, world: World, reply: Reply, visit: Appointment) -> None:
    """A later NONE lets nothing go by itself; the nurse who decides should know of it."""
    if visit.held:
        _note(unit, world, visit, "added", "The patient now answers that there is nothing.", reply)


def release(unit: Unit, world: World, visit: Appointment) -> None:
    """The visit has a new time or place: its own reminders ask again. The item stays open."""
    if visit.held:
        visit.held = False
        _note(unit, world, visit, "released", "The visit was moved: its reminders go on.", None)


def _note(
    unit: Unit, world: World, visit: Appointment, what: str, said: str, reply: Reply | None
) -> None:
    item_id: UUID | None = unit.followups.id_of(f"visit:{visit.id.hex}:hold")
    if item_id is None:
        return
    unit.add(
        FollowUpNote(
            id=world.new_id(),
            followup_id=item_id,
            reply_id=None if reply is None else reply.id,
            what=what,
            who="outreach",
            note=said,
            at=world.clinic_now(),
        )
    )
