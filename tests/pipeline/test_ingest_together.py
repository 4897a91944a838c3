"""Many arrivals in one unit of work end as they would one by one, and fail one by one."""

import json
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from benchmarks.statements import counted
from outreach.domain.errors import Unavailable
from outreach.pipeline import arrive, closure, ingest
from outreach.pipeline.ingest import patients, visits
from outreach.storage.models import (
    Appointment,
    Base,
    Consent,
    ContactPoint,
    Dose,
    FollowUp,
    Identifier,
    InboxEvent,
    Occasion,
    Patient,
    Touchpoint,
)
from outreach.storage.unit import Unit
from tests.pipeline.rows import VISIT, kinds, settled_as, touchpoint, visit
from tests.worlds import START, Bench, make_bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_LEFT_OUT = {"id", "created_at", "code", "event_id", "digest", "journey_digest", "position"}
"""What differs from run to run, or says nothing of what became of an event."""


@pytest.fixture
def other(tmp_path: Path, sqlite_template: Path) -> Bench:
    """A second clinic, for the same events one by one."""
    path = tmp_path / "one_by_one.db"
    shutil.copyfile(sqlite_template, path)
    return make_bench(f"sqlite:///{path}")


def put(bench: Bench, event: dict[str, Any]) -> None:
    raw = json.dumps(event).encode()
    arrive.arrive(bench.world, raw, source="test", content_type="application/json")


def booking(number: int, whose: int | str | None = None, **rest: Any) -> dict[str, Any]:
    patient = number if whose is None else whose
    return {
        "id": f"e{number}",
        "source": "test",
        "type": "appointment.booked",
        "occurred_at": START.isoformat(),
        "patient": {
            "ids": [{"system": "mrn", "value": f"P{patient}"}],
            "phone": f"+1202555010{patient}",
        },
        "appointment": {
            "ids": [{"system": "visit", "value": f"A{number}"}],
            "start": (VISIT + number * HOUR).isoformat(),
            "service": "Infusion",
            "location": "cedar_grove",
        },
        **rest,
    }


class Day:
    """Random events of a small clinic: few patients and visits, so that events meet each other."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same days in every run
        self._number = 0

    def events(self, count: int) -> list[dict[str, Any]]:
        return [self._event() for _ in range(count)]

    def _event(self) -> dict[str, Any]:
        pick = self._random.choice
        self._number += 1
        when = START + timedelta(seconds=self._number - pick([0, 0, 0, 30]))
        event: dict[str, Any] = {
            "id": f"e{self._number}",
            "source": "test",
            "type": pick(_KINDS),
            "occurred_at": when.isoformat(),
            "patient": self._patient(),
        }
        if event["type"] == "patient.merged":
            event["prior_ids"] = [{"system": "mrn", "value": f"P{pick([1, 2, 3, 4])}"}]
        elif event["type"].startswith(("appointment.", "infusion.")):
            event["appointment"] = self._visit(event["type"])
        elif event["type"].startswith("regimen."):
            event["regimen"] = {
                "ids": [{"system": "rx", "value": f"R{pick([1, 2])}"}],
                "dose_dates": [
                    (VISIT + pick([1, 2, 3]) * DAY * n).isoformat() for n in range(1, 5)
                ],
            }
        return event

    def _patient(self) -> dict[str, Any]:
        pick = self._random.choice
        number = pick([1, 2, 3, 4])
        names = [{"system": "mrn", "value": f"P{number}"}]
        if pick([True, False, False, False]):
            names.append({"system": "old", "value": f"Q{pick([1, 2, 3, 4])}"})
        rest: dict[str, Any] = pick(
            [
                {},
                {"phone": f"+1202555010{number}", "given": "Robin"},
                {"phone": f"+1202555011{pick([1, 2])}", "email": f"p{number}@example.org"},
                {"phone": f"+1202555010{number}", "active": pick([True, True, False])},
            ]
        )
        return {"ids": names, **rest}

    def _visit(self, kind: str) -> dict[str, Any]:
        pick = self._random.choice
        start = VISIT + pick([-8, 0, 0, 1, 2]) * DAY + pick([0, 3]) * HOUR
        found = {
            "ids": [{"system": "visit", "value": f"A{pick([1, 2, 3, 4, 5])}"}],
            "start": start.isoformat(),
            "service": pick(["Infusion", "Infusion", "Mystery"]),
            "location": pick(["cedar_grove", "cedar_grove", "lakeside", "Nowhere"]),
        }
        if kind.startswith("infusion."):
            found["actual_end"] = (START - pick([1, 2]) * HOUR).isoformat()
        return found


_KINDS = [
    *["appointment.booked"] * 6,
    *["appointment.rescheduled"] * 3,
    *["appointment.cancelled"] * 2,
    "appointment.noshow",
    "infusion.completed",
    "infusion.stopped",
    "patient.updated",
    "patient.merged",
    "patient.admitted",
    "patient.discharged",
    "regimen.prescribed",
    "regimen.stopped",
    "shipment.delayed",
    "authorization.expiring",
]


def what_is_known(bench: Bench) -> dict[str, list[str]]:
    """All that ingest wrote, with names instead of identifiers."""
    with bench.world.db.read() as unit:
        session = unit._session
        names: dict[Any, str] = {}
        for row in session.query(Identifier):
            owner = row.patient_id or row.appointment_id or row.regimen_id
            names[owner] = min(names.get(owner, "~"), f"{row.system}:{row.value}")
        tables: tuple[type[Base], ...] = (
            Patient,
            Identifier,
            ContactPoint,
            Consent,
            Appointment,
            Dose,
            Occasion,
            Touchpoint,
            FollowUp,
            InboxEvent,
        )
        for dose in session.query(Dose):
            names[dose.id] = f"{names[dose.regimen_id]} {dose.due_at}"
        for one in session.query(Occasion):
            names[one.id] = f"{names.get(one.patient_id)} {one.kind} {one.reference[:2]}"
        return {
            table.__name__: sorted(
                json.dumps(_told(row, names), default=str, sort_keys=True)
                for row in session.query(table)
            )
            for table in tables
        }


def _told(row: Base, names: dict[Any, str]) -> dict[str, Any]:
    found = {
        name: names.get(value, "merged") if isinstance(value, UUID) else value
        for name in row.__mapper__.column_attrs.keys()  # noqa: SIM118 - not a mapping of this row
        if name not in _LEFT_OUT and (value := getattr(row, name)) is not None
    }
    for name in ("reason_key", "reference"):  # they hold identifiers that differ
        if name in found:
            found[name] = str(found[name]).split(":", 1)[0][:8] if name == "reason_key" else "…"
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_ends_as_its_arrivals_one_by_one(bench: Bench, other: Bench, seed: int) -> None:
    day = Day(seed)
    if seed % 3 == 0:
        for each in (bench, other):
            site = each.world.clinic.find_site("cedar_grove")
            assert site is not None
            closure.record(each.world, site, (VISIT + DAY).date(), "Test")
    for part in range(3):
        events = day.events(30)
        for each in (bench, other):
            for event in events:
                put(each, event)
        ingest.drain(bench.world)
        while ingest.drain(other.world, 1):
            continue
        found, expected = what_is_known(bench), what_is_known(other)
        for table, rows in expected.items():
            assert found[table] == rows, (part, table)
        for each in (bench, other):
            each.to(START + (part + 1) * 2 * DAY)


def test_many_arrivals_share_their_statements(bench: Bench) -> None:
    def cost(numbers: range) -> int:
        for number in numbers:
            put(bench, booking(number, number))
        with counted(bench.world.db.engine) as asked:
            assert ingest.drain(bench.world) == len(numbers)
        return asked.calls

    cost(range(1))
    assert cost(range(100, 140)) < 2 * cost(range(200, 202))
    assert set(settled_as(bench)) == {"applied"}


def test_what_one_event_made_the_next_of_the_batch_knows(bench: Bench) -> None:
    put(bench, booking(1))
    moved = booking(1, type="appointment.rescheduled")
    moved["appointment"]["start"] = (VISIT + DAY).isoformat()
    put(bench, moved)
    put(bench, booking(2, 1))
    assert ingest.drain(bench.world) == 3
    assert visit(bench).start_at == VISIT + DAY
    assert visit(bench, "A1").patient_id == visit(bench, "A2").patient_id
    assert touchpoint(bench, "d7").status == "planned"


def breaking(number: int, error: Exception, real: Callable[..., Any]) -> Callable[..., Any]:
    """``real``, but every event about visit ``number`` makes it raise."""

    def run(unit: Any, world: Any, event: Any, *rest: Any, **more: Any) -> Any:
        found = real(unit, world, event, *rest, **more)
        if event.appointment.identifiers[0].value == f"A{number}":
            raise error
        return found

    return run


@pytest.mark.parametrize("error", [KeyError("x"), IntegrityError("insert", {}, Exception("u"))])
def test_one_that_fails_is_set_aside_and_the_others_of_its_batch_are_applied(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(visits, "apply", breaking(2, error, visits.apply))
    for number in range(5):
        put(bench, booking(number))
    assert ingest.drain(bench.world) == 5
    assert settled_as(bench) == ["applied", "applied", "quarantined:internal", *["applied"] * 2]
    with bench.world.db.read() as unit:
        assert len(unit.people.everyone()) == 4


def test_what_only_the_database_refuses_at_the_end_is_found_one_by_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = patients.upsert

    def breaks(unit: Any, world: Any, event: Any) -> Patient:
        if event.patient.identifiers[0].value == "P3":
            unit.add(Patient(id=world.new_id(), last_event_at=None))
        return real(unit, world, event)

    monkeypatch.setattr(patients, "upsert", breaks)
    for number in range(5):
        put(bench, booking(number))
    assert ingest.drain(bench.world) == 5
    assert settled_as(bench) == [*["applied"] * 3, "quarantined:internal", "applied"]


def test_what_is_refused_does_not_cost_its_batch_the_unit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        put(bench, booking(number))
    ingest.drain(bench.world)
    both = [{"system": "mrn", "value": "P1"}, {"system": "mrn", "value": "P2"}]
    for number in range(3, 6):
        put(bench, booking(number))
    put(bench, booking(6, patient={"ids": both}))
    put(bench, booking(7))
    units: list[int] = []
    real = bench.world.db.write

    def written() -> Any:
        units.append(1)
        return real()

    monkeypatch.setattr(bench.world.db, "write", written)
    ingest.drain(bench.world)
    assert settled_as(bench)[2:] == [*["applied"] * 3, "quarantined:ambiguous_patient", "applied"]
    assert kinds(bench) == ["operator"]
    assert len(units) == 1


def test_a_batch_that_the_database_breaks_off_waits_as_a_whole(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        put(bench, booking(number))
    with monkeypatch.context() as patch:
        patch.setattr(visits, "apply", breaking(1, Unavailable("gone"), visits.apply))
        with pytest.raises(Unavailable):
            ingest.drain(bench.world)
    assert settled_as(bench) == ["received"] * 3
    ingest.drain(bench.world)
    assert settled_as(bench) == ["applied"] * 3


def test_what_is_large_is_not_read_together(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "_BYTES", 1000)
    for number in range(4):
        put(bench, booking(number, note="x" * 450))
    read: list[int] = []
    real = Unit.inbox.func  # type: ignore[attr-defined]

    class Watched:
        def __init__(self, unit: Unit) -> None:
            self._inbox = real(unit)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inbox, name)

        def oldest(self, limit: int, size: int) -> list[InboxEvent]:
            found: list[InboxEvent] = self._inbox.oldest(limit, size)
            read.append(len(found))
            return found

    monkeypatch.setattr(Unit, "inbox", property(Watched))
    assert ingest.drain(bench.world) == 4
    assert read == [1, 1, 1, 1, 0]


def test_a_sender_whose_every_event_is_refused_is_told_of_once(bench: Bench) -> None:
    for number in range(5):
        put(bench, booking(number, patient={"ids": [{"system": "s" * 201, "value": "1"}]}))
    ingest.drain(bench.world)
    assert settled_as(bench) == ["quarantined:too-long"] * 5
    assert kinds(bench) == ["operator"]


def test_a_part_that_fails_alone_has_no_place_in_a_unit_that_remembers(bench: Bench) -> None:
    with bench.world.db.write() as unit:
        unit.remember()
        with pytest.raises(RuntimeError, match="as a whole"), unit.part():
            pass


def test_what_is_made_before_a_query_is_written_once_and_goes_on_being_watched(
    bench: Bench,
) -> None:
    with bench.world.db.write() as unit:
        unit.remember()
        row = Patient(id=bench.world.new_id(), last_event_at=START, created_at=START)
        unit.add(row)
        unit.add(row)
        assert [found.id for found in unit.people.everyone()] == [row.id]
        row.paused = True
        unit.add(row)
    with bench.world.db.read() as unit:
        assert [found.paused for found in unit.people.everyone()] == [True]
        assert [found.language for found in unit.people.everyone()] == [None]


def test_a_row_has_no_column_that_its_table_has_not() -> None:
    with pytest.raises(TypeError, match="Patient has no column familly"):
        Patient(familly="x")
