"""Replan: what an edit of the journeys changes in what is planned already, and making it so.

Nothing that has left, or has ended, is touched; and nothing that has passed is made up for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from outreach.domain.journeys import Anchor, Journey, correction_number
from outreach.domain.states import TOUCHPOINT_STEPS, SkipReason, TouchpointStatus, check_step
from outreach.pipeline import plan
from outreach.pipeline.planning.blueprint import Blueprint
from outreach.pipeline.world import World
from outreach.storage.models import Touchpoint
from outreach.storage.unit import Unit

_CHUNK = 500
_LOOKS_BACK = timedelta(days=30)
"""Check-ins count from an end this long ago at most, with all the time they are of use."""
_FROM_THE_STEP = (
    "template", "purpose", "channels", "also_email", "only", "of", "asks", "question_hours",
    "when_late", "silence", "due_at", "useful_until",
)  # fmt: skip


class Kind(StrEnum):
    """How one planned contact changes."""

    APPEARS = "appears"
    MOVES = "moves"
    CHANGES = "changes"
    """Other words, conditions or ways, at the same time."""
    VANISHES = "vanishes"


@dataclass(frozen=True, slots=True)
class Change:
    """One planned contact that the edited journeys change. Times are UTC."""

    kind: Kind
    journey: str
    step: str
    patient_id: UUID
    anchor_at: datetime
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True)
class _Edit:
    """What becomes of one touchpoint: a row that is there, a row that should be, or both."""

    row: Touchpoint | None
    wanted: Touchpoint | None

    def change(self) -> Change | None:
        """What staff should know of it; None where it only fills the ledger."""
        about = self.row or self.wanted
        if about is None or (self.row is None and about.reason is not None):
            return None
        before = None if self.row is None else self.row.due_at
        after = None if self.wanted is None else self.wanted.due_at
        return Change(
            self._kind(),
            about.journey,
            about.step,
            about.patient_id,
            about.anchor_at,
            before,
            after,
        )

    def _kind(self) -> Kind:
        if self.row is None:
            return Kind.APPEARS
        if self.wanted is None:
            return Kind.VANISHES
        return Kind.CHANGES if self.row.due_at == self.wanted.due_at else Kind.MOVES


def changes(world: World) -> Iterator[Change]:
    """What ``world.journeys`` would change for real patients; nothing is written."""
    for kind in (Anchor.VISIT_START, Anchor.INFUSION_END, Anchor.DOSE):
        after: UUID | None = None
        while True:
            with world.db.read() as unit:
                after, edits = _chunk(unit, world, kind, after)
                found = [change for edit in edits if (change := edit.change()) is not None]
            yield from found
            if after is None:
                break


def apply(world: World, by: str) -> dict[Kind, int]:
    """Brings what is planned into line with ``world.journeys``; how many of each kind changed.

    Chunk by chunk, each in a unit of its own: stopped in the middle, it is simply run again.
    """
    counts = dict.fromkeys(Kind, 0)
    for kind in (Anchor.VISIT_START, Anchor.INFUSION_END, Anchor.DOSE):
        after: UUID | None = None
        while True:
            with world.db.write() as unit:
                after, edits = _chunk(unit, world, kind, after, lock=True)
                for edit in edits:
                    if (change := edit.change()) is not None:
                        counts[change.kind] += 1
                    _carry_out(unit, world, edit)
            if after is None:
                break
    with world.db.write() as unit:
        unit.ledger.journeys_applied(
            {journey.name: journey.digest for journey in world.journeys}, by, world.clinic_now()
        )
    return counts


def _chunk(
    unit: Unit, world: World, kind: Anchor, after: UUID | None, *, lock: bool = False
) -> tuple[UUID | None, list[_Edit]]:
    """The edits of the next anchors after one, and the last of them; None when all are seen."""
    unit.remember()
    blueprints = _blueprints(unit, world, kind, after, lock=lock)
    names = unit.ledger.journey_names() | {journey.name for journey in world.journeys}
    edits = [edit for item in blueprints for edit in _edits(world, item, names)]
    return (blueprints[-1].anchor_id if len(blueprints) == _CHUNK else None), edits


@dataclass(frozen=True, slots=True)
class _Anchored:
    """One anchor with its plan and what stands in the ledger of its present version."""

    anchor_id: UUID
    blueprint: Blueprint | None
    """None where nothing was ever planned from it, or can be."""
    rows: Sequence[Touchpoint]
    several_days: bool = False


def _blueprints(
    unit: Unit, world: World, kind: Anchor, after: UUID | None, *, lock: bool
) -> list[_Anchored]:
    now = world.clinic_now()
    if kind is Anchor.DOSE:
        doses = unit.visits.doses_since(now - timedelta(days=3), after, _CHUNK)
        unit.people.read_patients({row.patient_id for row in doses})
        ledger = _ledger(unit, kind, [row.id for row in doses], lock=lock)
        return [
            _Anchored(row.id, plan.of_dose(unit, world, row, before), _now(before, row.version))
            if (before := ledger.get(row.id))
            else _Anchored(row.id, None, ())
            for row in doses
        ]
    since = now if kind is Anchor.VISIT_START else now - _LOOKS_BACK
    visits = unit.visits.live_since(kind, since, after, _CHUNK)
    patients = {row.patient_id for row in visits}
    people = unit.people.patients(patients)
    if kind is Anchor.INFUSION_END:
        unit.people.read_patients(patients)
        unit.visits.read_patients(patients)
    ledger = _ledger(unit, kind, [row.id for row in visits], lock=lock)
    found = []
    for visit in visits:
        before = ledger.get(visit.id, [])
        if kind is Anchor.VISIT_START:
            made = plan.of_start(world, visit, before, people[visit.patient_id].risk_flags)
            found.append(_Anchored(visit.id, made, _now(before, visit.version)))
        elif before:  # without any, it was stopped early or loaded quietly: no survey is sent
            end = plan.of_end(unit, world, visit, before)
            made, several = (None, False) if end is None else end
            found.append(_Anchored(visit.id, made, _now(before, visit.end_version), several))
        else:
            found.append(_Anchored(visit.id, None, ()))
    return found


def _ledger(
    unit: Unit, kind: Anchor, ids: Sequence[UUID], *, lock: bool
) -> Mapping[UUID, list[Touchpoint]]:
    return unit.ledger.of_anchors(kind, ids, lock=lock) if ids else {}


def _now(rows: Sequence[Touchpoint], version: int) -> list[Touchpoint]:
    return [row for row in rows if row.anchor_version == version]


def _edits(world: World, item: _Anchored, file_journeys: set[str]) -> Iterator[_Edit]:
    if item.blueprint is None:
        return
    known = {(row.journey, row.step): row for row in item.rows}
    kept: set[tuple[str, str]] = set()
    for journey in item.blueprint.journeys():
        kept |= {(row.journey, row.step) for row in item.rows if _is_notice(journey, row)}
        for wanted in item.blueprint.as_edited(journey, several_days=item.several_days):
            key = (wanted.journey, wanted.step)
            kept.add(key)
            row = known.get(key)
            if row is None or _differs(world, row, wanted):
                yield _Edit(row, wanted)
    for key, row in known.items():
        gone = key not in kept and row.journey in file_journeys
        if gone and row.status is TouchpointStatus.PLANNED:
            yield _Edit(row, None)


def _is_notice(journey: Journey, row: Touchpoint) -> bool:
    return row.journey == journey.name and any(
        correction_number(row.step, step.id) for step in journey.notices.values()
    )


def _differs(world: World, row: Touchpoint, wanted: Touchpoint) -> bool:
    """Whether a step that still waits is planned otherwise now. One whose time has come is left."""
    if row.status is not TouchpointStatus.PLANNED or wanted.due_at <= world.clinic_now():
        return False
    return any(getattr(row, name) != getattr(wanted, name) for name in _FROM_THE_STEP)


def _carry_out(unit: Unit, world: World, edit: _Edit) -> None:
    row, wanted = edit.row, edit.wanted
    if row is None and wanted is not None:
        unit.add(wanted)
    elif row is not None and wanted is not None:
        row.journey_digest = wanted.journey_digest
        for name in _FROM_THE_STEP:
            setattr(row, name, getattr(wanted, name))
    elif row is not None:
        row.status = check_step(TOUCHPOINT_STEPS, row.status, TouchpointStatus.CANCELLED)
        row.reason, row.decided_at = SkipReason.STOPPED, world.clinic_now()
        row.note = "The journey no longer has this step."
