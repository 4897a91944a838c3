"""Arrivals: each is settled alone, in order; what fails is kept, told of, and blocks nobody."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from outreach.domain.errors import Unavailable
from outreach.domain.events import Identifier
from outreach.pipeline import arrive, ingest
from outreach.pipeline.ingest import names, patients, visits
from outreach.storage.models import InboxStatus
from outreach.storage.unit import Unit
from tests.pipeline.rows import VISIT, inbox, kinds, settled_as, touchpoint, visit, work
from tests.worlds import PHONE, START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def booking(number: int | str, whose: int | str | None = None, **rest: Any) -> dict[str, Any]:
    """A native booking of visit ``number``, for the patient of that number unless it says whose."""
    return {
        "id": f"e{number}",
        "source": "test",
        "type": "appointment.booked",
        "occurred_at": START.isoformat(),
        "patient": {
            "ids": [{"system": "mrn", "value": f"P{number if whose is None else whose}"}],
            "phone": PHONE,
        },
        "appointment": {
            "ids": [{"system": "visit", "value": f"A{number}"}],
            "start": VISIT.isoformat(),
            "service": "Infusion",
            "location": "cedar_grove",
        },
        **rest,
    }


def put(bench: Bench, *events: dict[str, Any], **rest: Any) -> None:
    """One payload, stored and not yet settled: JSON lines."""
    raw = "\n".join(map(json.dumps, events)).encode()
    arrive.arrive(
        bench.world, raw, **{"source": "test", "content_type": "application/json", **rest}
    )


@pytest.mark.parametrize(
    ("system", "code"), [("s" * 201, "quarantined:too-long"), ("s\0t", "applied")]
)
def test_an_identifier_no_database_can_hold_is_refused_and_the_queue_goes_on(
    bench: Bench, system: str, code: str
) -> None:
    put(bench, booking(1, patient={"ids": [{"system": system, "value": "1"}]}))
    put(bench, booking(2))
    assert ingest.drain(bench.world) == 2
    assert settled_as(bench) == [code, "applied"]


@pytest.mark.parametrize("identifier", [Identifier("s\0t", "1"), Identifier("s", "1" * 1001)])
def test_names_are_checked_before_anything_is_written(bench: Bench, identifier: Identifier) -> None:
    from outreach.domain.errors import BadInput
    from outreach.domain.events import EventKind, PatientData, SchedulingEvent

    event = SchedulingEvent(
        "test", "e", EventKind.PATIENT_UPDATED, START, PatientData((identifier,))
    )
    with bench.world.db.write() as unit, pytest.raises(BadInput):
        ingest.apply_event(unit, bench.world, event)


def failing(error: Exception, times: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """``real``, after it has raised ``error`` so many times."""
    left = [times]

    def run(*args: Any, **rest: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise error
        return real(*args, **rest)

    return run


def test_a_lost_race_for_a_unique_key_is_run_again_and_not_quarantined(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = IntegrityError("insert", {}, Exception("unique"))
    monkeypatch.setattr(visits, "apply", failing(lost, 2, visits.apply))
    put(bench, booking(1))
    ingest.drain(bench.world)
    assert settled_as(bench) == ["applied"]


def test_a_key_that_is_always_taken_is_no_race(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = IntegrityError("insert", {}, Exception("unique"))
    monkeypatch.setattr(visits, "apply", failing(taken, 3, visits.apply))
    put(bench, booking(1))
    put(bench, booking(2))
    ingest.drain(bench.world)
    assert settled_as(bench) == ["quarantined:internal", "applied"]


def test_a_flush_that_fails_sets_its_own_arrival_aside(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(unit: Any, world: Any, *_: Any, **__: Any) -> None:
        from outreach.storage.models import Patient

        unit.add(Patient(id=world.new_id(), last_event_at=None))
        unit.flush()

    with monkeypatch.context() as patch:
        patch.setattr(patients, "upsert", breaks)
        put(bench, booking(1))
        put(bench, booking(2))
        ingest.drain(bench.world, 1)
    ingest.drain(bench.world)
    assert settled_as(bench) == ["quarantined:internal", "applied"]


def test_an_arrival_waits_when_the_database_fails(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(visits, "apply", failing(Unavailable("gone"), 1, visits.apply))
        put(bench, booking(1))
        with pytest.raises(Unavailable):
            ingest.drain(bench.world)
    assert settled_as(bench) == ["received"]
    ingest.drain(bench.world)
    assert settled_as(bench) == ["applied"]


def test_the_end_of_a_tasks_time_is_no_fault_of_the_arrival(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billiard.exceptions import SoftTimeLimitExceeded

    with monkeypatch.context() as patch:
        patch.setattr(visits, "apply", failing(SoftTimeLimitExceeded(), 1, visits.apply))
        put(bench, booking(1))
        with pytest.raises(SoftTimeLimitExceeded):
            ingest.drain(bench.world)
    assert settled_as(bench) == ["received"]


def test_quarantine_tells_the_operator_once_a_day_for_each_source_and_code(bench: Bench) -> None:
    for number in range(3):
        put(bench, booking(number, appointment={}), source="ehr-one")
    put(bench, booking(3, appointment={}), booking(4, appointment={}), source="ehr-two")
    ingest.drain(bench.world)
    assert kinds(bench) == ["operator", "operator"]
    assert "ehr-one" in work(bench)[0].summary
    assert "outreach inbox --status quarantined" in work(bench)[0].summary
    bench.clock.advance(DAY)
    put(bench, booking(5, appointment={}), source="ehr-one")
    ingest.drain(bench.world)
    assert kinds(bench) == ["operator"] * 3


def test_a_batch_is_split_first_and_each_item_is_settled_in_its_order(bench: Bench) -> None:
    moved = booking(1, type="appointment.rescheduled")
    moved["appointment"]["start"] = (VISIT + DAY).isoformat()
    put(bench, booking(1), moved, booking(2, appointment={}), booking(3, type="no.such.thing"))
    bench.clock.advance(HOUR)
    put(bench, booking(4))
    assert ingest.drain(bench.world, 1) == 1
    assert settled_as(bench) == [
        "split",
        "received",
        "received",
        "received",
        "quarantined:required",
        "ignored",
    ]
    ingest.drain(bench.world, 1)
    assert visit(bench).start_at == VISIT
    ingest.drain(bench.world, 1)
    assert visit(bench).start_at == VISIT + DAY
    assert ingest.drain(bench.world) == 1


def test_a_split_that_was_interrupted_is_ended_without_doubles(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from outreach.pipeline.ingest import batch
    from outreach.storage.unit import Unit

    monkeypatch.setattr(batch, "_CHUNK", 2)
    put(bench, *map(booking, range(5)))
    written: list[object] = []
    real = Unit.add_all_new

    def breaks(self: Unit, rows: Any) -> Any:
        if rows and written:
            raise Unavailable("gone")
        written.extend(rows)
        return real(self, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Unit, "add_all_new", breaks)
        with pytest.raises(Unavailable):
            ingest.drain(bench.world)
    assert settled_as(bench) == ["received"] * 3
    ingest.drain(bench.world)
    assert sorted(settled_as(bench)) == ["applied"] * 5 + ["split"]


def test_thousands_of_rows_are_split_in_short_units(bench: Bench) -> None:
    """3,000 rows: no unit of the split holds the database for as long as a webhook would wait."""
    from contextlib import contextmanager

    put(bench, *map(booking, range(3000)))
    held: list[int] = []
    real = bench.world.db.write

    def waiting(unit: Unit) -> int:
        return len(unit.inbox.with_status(InboxStatus.RECEIVED, 10_000))

    @contextmanager
    def counted() -> Any:
        with real() as unit:
            before = waiting(unit)
            yield unit
            held.append(waiting(unit) - before)

    bench.world.db.write = counted  # type: ignore[method-assign]
    assert ingest.drain(bench.world, 1) == 1
    assert len(held) == 7
    assert max(held) <= 500
    assert settled_as(bench).count("received") == 500  # of the newest 500 that a list shows


def test_each_pair_of_one_merge_message_in_a_batch_has_its_effect(bench: Bench) -> None:
    """Two merges in one HL7 message share its bytes: each item takes its own."""
    for name in ("NEW1", "OLD1", "NEW2", "OLD2"):
        bench.event("patient.updated", name)
    header = "MSH|^~\\&|EHR|mrn|OUT|CG|20270301100000||ADT^A40|{0}|P|2.5.1"
    lines = [header.format("M1")]
    for number in (1, 2):
        lines += [f"PID|1||NEW{number}^^^mrn", f"MRG|OLD{number}^^^mrn"]
    lines += [header.format("M2").replace("ADT^A40", "ADT^A08"), "PID|1||NEW1^^^mrn"]
    bench.arrive("\r".join(lines).encode(), "application/hl7-v2")
    with bench.world.db.read() as unit:
        people = {
            name: unit.people.named_by([Identifier("mrn", name)])[0].id
            for name in ("NEW1", "OLD1", "NEW2", "OLD2")
        }
    assert people["OLD1"] == people["NEW1"]
    assert people["OLD2"] == people["NEW2"]
    assert people["NEW1"] != people["NEW2"]


def test_an_event_dated_ahead_of_its_arrival_does_not_outlive_what_comes_later(
    bench: Bench,
) -> None:
    put(bench, booking(1, occurred_at=(START + 365 * DAY).isoformat()))
    ingest.drain(bench.world)
    assert any("later than its arrival" in note for note in inbox(bench)[0].warnings)
    bench.clock.advance(HOUR)
    cancelled = (START + HOUR).isoformat()
    put(bench, booking(1, type="appointment.cancelled", occurred_at=cancelled))
    ingest.drain(bench.world)
    assert settled_as(bench) == ["applied", "applied"]
    assert touchpoint(bench, "d7").status == "cancelled"


def test_a_senders_clock_may_be_some_minutes_ahead(bench: Bench) -> None:
    put(bench, booking(1, occurred_at=(START + timedelta(minutes=4)).isoformat()))
    ingest.drain(bench.world)
    assert inbox(bench)[0].warnings == []
    assert visit(bench).last_event_at == START + timedelta(minutes=4)


def settle_in_threads(bench: Bench, workers: int) -> list[str]:
    """Several workers on one queue; returns the failures they met."""
    failures: list[str] = []

    def work_on() -> None:
        while True:
            try:
                if not ingest.drain(bench.world):
                    return
            except Unavailable as error:
                failures.append(str(error))

    threads = [threading.Thread(target=work_on) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.postgres
def test_several_workers_meet_a_new_patient_and_make_one_record(bench: Bench) -> None:
    for number in range(20):
        put(bench, booking(f"{number}a", number))
        put(bench, booking(f"{number}b", number))
    assert settle_in_threads(bench, 3) == []
    assert settled_as(bench) == ["applied"] * 40
    with bench.world.db.read() as unit:
        assert len(unit.people.everyone()) == 20


def at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch, first: Any, second: Any) -> None:
    """Applies ``first`` in a thread that pauses half-way while ``second`` is applied beside it."""
    half_way, go_on = threading.Event(), threading.Event()
    real = names.keep

    def pausing(*args: Any) -> None:
        if threading.current_thread().name == "first":
            half_way.set()
            go_on.wait(1)
        real(*args)

    monkeypatch.setattr(names, "keep", pausing)

    def apply(event: Any) -> None:
        with bench.world.db.write() as unit:
            ingest.apply_event(unit, bench.world, event)

    thread = threading.Thread(target=apply, args=(first,), name="first")
    thread.start()
    assert half_way.wait(10)
    other = threading.Thread(target=apply, args=(second,), name="second")
    other.start()
    other.join(0.5)
    go_on.set()
    thread.join()
    other.join()


@pytest.mark.parametrize("cancelled_is_newer", [True, False])
def test_two_events_about_one_visit_at_once_end_as_the_newer_one_says(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, cancelled_is_newer: bool
) -> None:
    put(bench, booking(1))
    ingest.drain(bench.world)
    bench.clock.advance(timedelta(minutes=1))

    def event(kind: str, at: datetime, start: datetime) -> Any:
        value = booking(1, type=kind, occurred_at=at.isoformat())
        value["appointment"]["start"] = start.isoformat()
        raw = json.dumps(value).encode()
        return bench.world.parse(raw, "application/json", "test", bench.clock.now())[0].event

    older, newer = START + timedelta(seconds=10), START + timedelta(seconds=20)
    moved = event("appointment.rescheduled", older if cancelled_is_newer else newer, VISIT + DAY)
    cancelled = event("appointment.cancelled", newer if cancelled_is_newer else older, VISIT)
    pair = (moved, cancelled) if cancelled_is_newer else (cancelled, moved)
    at_once(bench, monkeypatch, *pair)
    expected = "cancelled" if cancelled_is_newer else "booked"
    assert visit(bench).status == expected
    assert (bench.outcomes()["d1"] == "planned") is not cancelled_is_newer


def test_what_is_settled_is_not_settled_by_a_second_worker(bench: Bench) -> None:
    put(bench, booking(1))
    real = bench.world.parse

    def meanwhile(*args: Any) -> Any:
        object.__setattr__(bench.world, "parse", real)
        assert ingest.drain(bench.world) == 1
        return real(*args)

    object.__setattr__(bench.world, "parse", meanwhile)
    ingest.drain(bench.world)
    assert settled_as(bench) == ["applied"]
    assert inbox(bench)[0].status is InboxStatus.APPLIED
