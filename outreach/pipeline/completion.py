"""Completion: an infusion has ended, or nobody said so in time; the check-ins count from there."""

from datetime import UTC, datetime, time, timedelta

from outreach.domain.events import AppointmentStatus
from outreach.domain.journeys import Anchor, Only
from outreach.domain.states import FollowUpStatus, SkipReason, TouchpointStatus
from outreach.domain.triage.result import Action, Prompt
from outreach.pipeline import due, followup, plan
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Touchpoint
from outreach.storage.unit import Unit

PRESENT = frozenset(
    {AppointmentStatus.ARRIVED, AppointmentStatus.CHECKED_IN, AppointmentStatus.FULFILLED}
)
"""The patient was there: the visit took place."""


_ENOUGH = 10
"""So many visits of one site without a reported end, and none with one, are no accident."""


def drain(world: World, limit: int = 200) -> int:
    """Settles up to ``limit`` visits whose end nobody reported in time; returns how many.

    Where the patient was there, the planned end is taken for the actual one and marked as an
    estimate; a report that comes later corrects it. Otherwise staff are asked: about each visit, or
    once a day about all of a site whose system has never reported an end.
    """
    with world.db.write() as unit:
        rows = unit.visits.unreported(world.clinic_now(), limit)
        for visit in rows:
            _unreported(unit, world, visit)
    return len(rows)


def _unreported(unit: Unit, world: World, visit: Appointment) -> None:
    visit.report_by = None
    if visit.status in PRESENT and visit.start_at is not None:
        end = visit.end_at or visit.start_at + plan.usual_length(world, visit.kind)
        ended(unit, world, visit, end, estimated=True)
    elif _died(unit, visit):
        return
    elif _nobody_ever_says(unit, visit):
        _ask_about_the_day(unit, world, visit)
    else:
        _ask_about(unit, world, visit)


def _died(unit: Unit, visit: Appointment) -> bool:
    """Whether there is nobody left to ask about."""
    patient = unit.people.patient(visit.patient_id)
    return patient is not None and patient.deceased


def _nobody_ever_says(unit: Unit, visit: Appointment) -> bool:
    """Whether its site's system reports no ends at all: none ever, and several that were missed.

    A question for each visit would then only hide the others.
    """
    if visit.site_code is None or visit.kind is None or visit.start_at is None:
        return False
    missed = unit.visits.never_ended(visit.site_code, visit.kind, before=visit.start_at)
    return missed >= _ENOUGH and not unit.visits.ends_reported(visit.site_code)


def _ask_about_the_day(unit: Unit, world: World, visit: Appointment) -> None:
    """One item for all such visits of a site and its calendar day, with their number."""
    site = world.clinic.find_site(visit.site_code)
    if site is None or visit.start_at is None or visit.kind is None:
        _ask_about(unit, world, visit)
        return
    unit.flush()
    day = visit.start_at.astimezone(site.zone).date()
    midnight = datetime.combine(day, time(), site.zone)
    span = midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)
    count = unit.visits.never_ended(site.code, visit.kind, since=span[0], before=span[1])
    key = f"operator:unreported:{site.code}:{day.isoformat()}"
    summary = (
        f"Visits at {site.name} on {day.isoformat()} of which nobody reported the end: {count}."
        " The scheduling system has never reported one for this site, so no check-in is sent."
        " Let it report them, and call those who came."
    )
    known = unit.followups.by_reason(key)
    item = followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=key,
            kind="operator",
            action=Action.SAME_DAY,
            summary=summary,
            grows=known is not None and known.status is FollowUpStatus.CLOSED,
        ),
    )
    item.summary = summary


def _ask_about(unit: Unit, world: World, visit: Appointment) -> None:
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"visit:{visit.id.hex}:unreported:{visit.version}",
            kind="did_it_happen",
            action=Action.SAME_DAY,
            summary="Did this visit take place? Nobody reported its end, so no check-in is sent. "
            "If it did, report the end in the scheduling system, or call the patient.",
            patient_id=visit.patient_id,
        ),
    )


def ended(
    unit: Unit,
    world: World,
    visit: Appointment,
    end: datetime,
    *,
    estimated: bool = False,
    stopped_early: bool = False,
    quiet: bool = False,
) -> None:
    """Takes ``end`` (UTC) for the end of an infusion; a correction of it counts anew.

    Args:
        stopped_early: a nurse calls, and no survey is sent.
        quiet: loaded at go-live: state only.
    """
    visit.report_by = None
    if visit.actual_end == end:
        visit.end_estimated = visit.end_estimated and estimated
        return
    if visit.actual_end is None:
        patient = unit.people.patient(visit.patient_id)
        if patient is not None:
            patient.infusions += 1
    visit.actual_end, visit.end_estimated = end, estimated
    _anew(unit, world, visit)
    now = world.clinic_now()
    unit.ledger.end_anchor(
        visit.id, TouchpointStatus.EXPIRED, SkipReason.PAST_EVENT, now, kind=Anchor.VISIT_START
    )
    if quiet:
        return
    if stopped_early:
        _call_about_stop(unit, world, visit)
    else:
        plan.plan_infusion_end(unit, world, visit)
        _call_instead(unit, world, visit)


def recount(unit: Unit, world: World, visit: Appointment) -> None:
    """Counts the check-ins of an ended infusion again, for whoever the visit belongs to now.

    Those that were left to a later day of the course, which is not to come, are due after all; one
    that is of no use any more becomes a call.
    """
    rows = [
        row for row in unit.ledger.of_anchor(visit.id) if row.anchor_kind is Anchor.INFUSION_END
    ]
    if visit.actual_end is None or not rows:
        return  # stopped early, or loaded quietly: no survey is sent
    _anew(unit, world, visit)
    plan.plan_infusion_end(unit, world, visit)
    late = [
        row
        for row in unit.ledger.of_anchor(visit.id)
        if row.anchor_version == visit.end_version and _missed(row)
    ]
    if late:
        due.call_instead(unit, world, late[-1], "It was left to another day, which is not to come.")


def waits_for_later(unit: Unit, visit: Appointment) -> bool:
    """Whether check-ins of an infusion were left to a later day of its course."""
    return any(
        row.anchor_kind is Anchor.INFUSION_END
        and row.anchor_version == visit.end_version
        and row.reason is SkipReason.COVERED
        for row in unit.ledger.of_anchor(visit.id)
    )


def _missed(row: Touchpoint) -> bool:
    """A check-in that was too late when it was planned; that of an evening is not made up for."""
    return (
        row.anchor_kind is Anchor.INFUSION_END
        and row.asks is Prompt.SEVERITY_0_3
        and row.only is not Only.COURSE_DAY
        and row.reason is SkipReason.LATE
    )


def _anew(unit: Unit, world: World, visit: Appointment) -> None:
    """What was counted from the end as it was known before is superseded."""
    visit.end_version += 1
    unit.flush()
    unit.ledger.end_anchor(
        visit.id,
        TouchpointStatus.SUPERSEDED,
        SkipReason.MOVED,
        world.clinic_now(),
        kind=Anchor.INFUSION_END,
        older_than=visit.end_version,
    )


def _call_about_stop(unit: Unit, world: World, visit: Appointment) -> None:
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"visit:{visit.id.hex}:stopped_early",
            kind="infusion_stopped",
            action=Action.SAME_DAY,
            summary="The infusion was stopped early. Call the patient; no survey is sent.",
            patient_id=visit.patient_id,
        ),
    )


def _call_instead(unit: Unit, world: World, visit: Appointment) -> None:
    """A check-in that no text can make is made by phone, once for each infusion.

    Either nothing could be planned, for want of a service or place that clinic.yaml knows, or
    the end was reported when a check-in was of no use any more.
    """
    if visit.kind is None or world.clinic.zone_at(visit.site_code) is None:
        followup.open_item(
            unit,
            world,
            followup.NewItem(
                reason_key=f"visit:{visit.id.hex}:no_check_in",
                kind="call_patient",
                action=Action.SAME_DAY,
                summary="Call and ask how the patient feels: an infusion ended and no check-in "
                "can be sent, because its service or place is not in clinic.yaml.",
                patient_id=visit.patient_id,
            ),
        )
        return
    late = [row for row in unit.ledger.of_anchor(visit.id) if _missed(row)]
    if late and all(row.anchor_version == visit.end_version for row in late):
        due.call_instead(unit, world, late[-1], "The end of the infusion was reported late.")
