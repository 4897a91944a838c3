"""Whoever has a visit hears of it before it begins, or staff are asked to call."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from outreach.configuration.journey_files import load_journeys
from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor
from outreach.domain.states import SkipReason, TouchpointStatus
from outreach.storage.models import Appointment, Touchpoint
from outreach.storage.unit import Unit
from tests.worlds import CONFIG, START, Bench, clinic, make_bench, templates

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SERVICES = ("Infusion", "Infusion", "Blood Draw", "SCIG Training", "Home Nurse Visit")
PATIENTS = {f"P{n}": f"+120255501{n:02d}" for n in range(4)}
_NO_NEED = {SkipReason.PAST_EVENT, SkipReason.COVERED, SkipReason.MERGED, SkipReason.COLLAPSED}
"""It had begun when it was booked, or another text of this very visit or day says it."""


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """The journeys as they are shipped."""
    journeys = load_journeys(CONFIG / "journeys", clinic(), frozenset(templates().names()))
    yield (made := make_bench(database_url, journeys=journeys))
    made.world.db.close()


class Desk:
    """A busy front desk: visits are booked, moved, cancelled and revived, often for soon."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        self.chance = Random(seed)  # noqa: S311 - the same days in every run
        self.visits: dict[str, tuple[str, str]] = {}

    def day(self) -> None:
        """A few things happen, and time passes; now and then nothing runs for hours."""
        pick = self.chance.choice
        pick([self.book, self.book, self.move, self.cancel])()
        later = self.bench.clock.now() + pick([5, 40, 130, 300, 700, 1300]) * MINUTE
        if self.chance.random() < 0.15:
            self.bench.to(later)
        else:
            self.bench.through(later)

    def book(self) -> None:
        name = f"A{len(self.visits)}"
        self.visits[name] = (self.chance.choice(list(PATIENTS)), self.chance.choice(SERVICES))
        self._say(name, "appointment.booked")

    def move(self) -> None:
        if self.visits:  # one that was cancelled is on again by it
            self._say(self.chance.choice(list(self.visits)), "appointment.rescheduled")

    def cancel(self) -> None:
        if self.visits:
            name = self.chance.choice(list(self.visits))
            ids = [{"system": "visit", "value": name}]
            self.bench.event(
                "appointment.cancelled", self.visits[name][0], appointment={"ids": ids}
            )

    def _say(self, name: str, kind: str) -> None:
        patient, service = self.visits[name]
        ahead = self.chance.choice([1, 2, 3, 5, 9, 14, 20, 26, 40, 60, 75, 120, 200])
        start = self.bench.clock.now() + (ahead * 60 + self.chance.randrange(60)) * MINUTE
        phone = PATIENTS[patient]
        self.bench.book(start, visit=name, patient=patient, phone=phone, kind=kind, service=service)


def untold(unit: Unit, now: datetime) -> list[str]:
    """Visits that began without a word to the patient, and without an item for staff."""
    calls = {item.reason_key for item in unit.followups.worklist(closed=True)}
    by_visit: dict[tuple[UUID, int], list[Touchpoint]] = {}
    for row in unit.ledger.everything():
        if row.anchor_kind is Anchor.VISIT_START:
            by_visit.setdefault((row.anchor_id, row.anchor_version), []).append(row)
    found = []
    for (visit_id, version), rows in by_visit.items():
        visit = unit.visits.appointment(visit_id)
        if visit is None or not _took_place(visit, version, now) or any(map(_said, rows)):
            continue
        reasons = {row.reason for row in rows}
        asked = {f"touchpoint:{row.id.hex}:call" for row in rows}
        asked.add(f"visit:{visit_id.hex}:{version}:call")
        if not reasons <= _NO_NEED and not asked & calls:
            found.append(f"{rows[0].journey}: {sorted(str(reason) for reason in reasons)}")
    return found


def _took_place(visit: Appointment, version: int, now: datetime) -> bool:
    return (
        visit.version == version
        and visit.status not in GONE
        and visit.start_at is not None
        and visit.start_at <= now
    )


def _said(row: Touchpoint) -> bool:
    said_elsewhere = row.reason in {SkipReason.MERGED, SkipReason.COVERED}
    return row.status is TouchpointStatus.SENT or said_elsewhere


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(2))
def test_nobody_comes_to_a_visit_untold(bench: Bench, seed: int) -> None:
    desk = Desk(bench, seed)
    for _ in range(25):
        desk.day()
    bench.through(bench.clock.now() + 9 * 24 * HOUR)
    with bench.world.db.read() as unit:
        kinds = {row.journey for row in unit.ledger.everything() if row.status == "sent"}
        assert {"infusion_visit", "laboratory_visit", "training_visit", "nurse_visit"} <= kinds
        assert untold(unit, bench.clock.now()) == []
    assert bench.clock.now() > START
