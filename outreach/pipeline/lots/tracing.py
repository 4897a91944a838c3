"""Tracing: who has to do with a lot, and whose lot in the same time nobody knows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from outreach.domain.errors import BadInput
from outreach.domain.lots import LotSource, lot_key
from outreach.pipeline.world import World
from outreach.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Use:
    """One use of the lot."""

    source: LotSource
    at: datetime
    lot: str
    """As it was written, so that whoever reads it sees what was taken for the same."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An infusion, a home dose or a delivery whose lot nobody knows."""

    source: LotSource
    at: datetime
    certain: bool
    """False of a home dose of which nobody said that it was taken."""


@dataclass(slots=True)
class Holder:
    """A patient who has to do with the lot, or may."""

    patient_id: UUID
    uses: list[Use] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Trace:
    """Everybody, those with the lot first."""

    lot: str
    """The form in which it was compared."""
    since: datetime | None
    until: datetime | None
    """The time in which unknown lots were looked for; None where the lot is not known either."""
    affected: tuple[Holder, ...]
    """Who has it on record, at any time."""
    unknown: tuple[Holder, ...]
    """Who has not, and has a use of an unknown lot in that time."""


def trace(
    unit: Unit,
    world: World,
    written: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Trace:
    """Everybody who may have to do with a lot, however it is written.

    Args:
        since: from when unknown lots count (clinic time); None is the first known use of the lot.
        until: until when; None is the last known use, or now where ``since`` is given.

    Raises:
        BadInput: this is no lot number, or the time ends before it begins.
    """
    if not lot_key(written):
        raise BadInput("lot", "This is no lot number: it holds no letter and no digit.")
    if since is not None and until is not None and until < since:
        raise BadInput("span", "The time ends before it begins.")
    affected: dict[UUID, Holder] = {}
    for row in unit.lots.with_lot(written):
        holder = affected.setdefault(row.patient_id, Holder(row.patient_id))
        holder.uses.append(Use(row.source, row.at, row.lot or ""))
    times = [use.at for holder in affected.values() for use in holder.uses]
    if until is None:
        until = world.clinic_now() if since is not None else max(times, default=None)
    if since is None:
        since = min(times, default=until)
    unknown = {} if since is None or until is None else _unknown(unit, world, since, until)
    for patient_id, holder in affected.items():
        if patient_id in unknown:
            holder.gaps.extend(unknown.pop(patient_id).gaps)
    return Trace(
        lot_key(written), since, until, tuple(affected.values()), _by_time(unknown.values())
    )


def _unknown(unit: Unit, world: World, since: datetime, until: datetime) -> dict[UUID, Holder]:
    found: dict[UUID, Holder] = {}

    def note(patient_id: UUID, source: LotSource, at: datetime, *, certain: bool = True) -> None:
        holder = found.setdefault(patient_id, Holder(patient_id))
        holder.gaps.append(Gap(source, at, certain))

    for who, at in unit.lots.infusions_without(since, until):
        note(who, LotSource.ADMINISTERED, at)
    for who, at, taken in unit.lots.doses_without(since, min(until, world.clinic_now())):
        note(who, LotSource.LOGGED, at, certain=taken)
    for who, at in unit.lots.deliveries_without(since, until):
        note(who, LotSource.DISPENSED, at)
    return found


def _by_time(holders: Iterable[Holder]) -> tuple[Holder, ...]:
    return tuple(sorted(holders, key=lambda one: (min(gap.at for gap in one.gaps), one.patient_id)))
