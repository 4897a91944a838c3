"""Risks: what a patient's risk flags change in what is planned already.

A flag that comes adds the steps that ask for it, where they are still to come, and makes silence a
reason to call. One that goes ends nothing here: the last-moment check skips what asked for it, so
that a flag which comes back in time finds everything as it was.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, Journey
from outreach.domain.states import TouchpointStatus
from outreach.pipeline import plan
from outreach.pipeline.planning.blueprint import Blueprint
from outreach.pipeline.world import World
from outreach.storage.models import Appointment, Patient, Touchpoint
from outreach.storage.unit import Unit

_LOOKS_BACK = timedelta(days=30)
"""Check-ins count from an end this long ago at most."""


def take(unit: Unit, world: World, patient: Patient, words: Iterable[str]) -> None:
    """Takes the words of a scheduling system for all flags that a patient carries now."""
    flags = world.clinic.risk_flags(words)
    if flags != patient.risk_flags:
        patient.risks = " ".join(sorted(flags)) or None
        _follow(unit, world, patient)


def unite(unit: Unit, world: World, survivor: Patient, prior: Patient) -> None:
    """After a merge the survivor carries the flags of both, at the visits of both."""
    flags = survivor.risk_flags | prior.risk_flags
    if flags:
        survivor.risks = " ".join(sorted(flags))
        _follow(unit, world, survivor)


def _follow(unit: Unit, world: World, patient: Patient) -> None:
    """Brings what is planned for a patient into line with the flags."""
    unit.flush()
    for blueprint, several_days, rows in _plans(unit, world, patient):
        known = {(row.journey, row.step): row for row in rows}
        for journey in blueprint.journeys():
            wanted = blueprint.as_edited(journey, several_days=several_days)
            asking = _asks(journey)
            missing = [row for row in wanted if (row.journey, row.step) not in known]
            unit.add(*(row for row in missing if row.step in asking and row.reason is None))
            for row in wanted:
                mine = known.get((row.journey, row.step))
                if mine is not None and mine.status is TouchpointStatus.PLANNED:
                    mine.silence = row.silence
    unit.flush()


def _asks(journey: Journey) -> frozenset[str]:
    """The steps of a journey that ask for a risk flag."""
    return frozenset(step.id for step in journey.steps if step.risks)


def _plans(
    unit: Unit, world: World, patient: Patient
) -> Iterator[tuple[Blueprint, bool, list[Touchpoint]]]:
    """Each plan of a patient that still goes on, with its rows of the present version.

    What was never planned, as after a quiet load, is left alone.
    """
    now = world.clinic_now()
    for visit in unit.visits.appointments_of(patient.id):
        if visit.status in GONE or visit.quiet:
            continue
        rows = unit.ledger.of_anchor(visit.id)
        if visit.start_at is not None and visit.start_at > now:
            before = [row for row in rows if row.anchor_kind is Anchor.VISIT_START]
            made = plan.of_start(world, visit, before, patient.risk_flags)
            if made is not None and before:
                yield made, False, [row for row in before if row.anchor_version == visit.version]
        elif _ended_lately(world, visit):
            before = [row for row in rows if row.anchor_kind is Anchor.INFUSION_END]
            end = plan.of_end(unit, world, visit, before) if before else None
            if end is not None:
                yield *end, [row for row in before if row.anchor_version == visit.end_version]
    for dose in unit.visits.upcoming_doses(patient.id, now):
        before = unit.ledger.of_anchor(dose.id)
        if before:
            mine = [row for row in before if row.anchor_version == dose.version]
            yield plan.of_dose(unit, world, dose, before), False, mine


def _ended_lately(world: World, visit: Appointment) -> bool:
    end = visit.actual_end
    return end is not None and end > world.clinic_now() - _LOOKS_BACK
