"""Timing.repeat -> dose dates, in the clinic's own wall-clock time."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain.events import EventKind, ItemKind, RegimenData
from tests.intake.conftest import (
    NEW_YORK,
    RECEIVED,
    Read,
    event_of,
    intake,
    only,
    problem_of,
)
from tests.steps import steps_of

MARCH = {"start": "2027-03-04", "end": "2027-04-01"}


def order(*repeats: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "o1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "dosageInstruction": [{"timing": {"repeat": one}} for one in repeats],
        **parts,
    }


def regimen(read: Read, value: dict[str, Any]) -> RegimenData:
    found = event_of(only(read(json.dumps(value)))).regimen
    assert found is not None
    return found


def local(read: Read, *repeats: dict[str, Any]) -> list[str]:
    doses = regimen(read, order(*repeats)).doses
    return [f"{dose.astimezone(NEW_YORK):%m-%d %H:%M}" for dose in doses]


def rhythm(frequency: int, period: float, unit: str, **parts: Any) -> dict[str, Any]:
    return {
        "frequency": frequency,
        "period": period,
        "periodUnit": unit,
        "boundsPeriod": MARCH,
        **parts,
    }


@pytest.mark.parametrize(
    ("repeat", "doses"),
    [
        (
            rhythm(1, 1, "wk"),
            ["03-04 09:00", "03-11 09:00", "03-18 09:00", "03-25 09:00", "04-01 09:00"],
        ),
        (rhythm(1, 2, "wk"), ["03-04 09:00", "03-18 09:00", "04-01 09:00"]),
        (rhythm(1, 10, "d", timeOfDay=["18:30:00"]), ["03-04 18:30", "03-14 18:30", "03-24 18:30"]),
        (rhythm(1, 1, "mo"), ["03-04 09:00"]),
        (rhythm(1, 1, "wk", dayOfWeek=["mon"], count=2), ["03-08 09:00", "03-15 09:00"]),
        (
            rhythm(2, 1, "wk", dayOfWeek=["mon", "thu"], count=3),
            ["03-04 09:00", "03-08 09:00", "03-11 09:00"],
        ),
        (rhythm(1, 2, "wk", dayOfWeek=["tue"]), ["03-16 09:00", "03-30 09:00"]),
        (rhythm(2, 1, "wk", count=4), ["03-04 09:00", "03-07 09:00", "03-11 09:00", "03-14 09:00"]),
        (rhythm(2, 1, "d", count=3), ["03-04 09:00", "03-04 20:00", "03-05 09:00"]),
        (
            rhythm(2, 1, "d", timeOfDay=["08:00:00", "20:00:00"], count=2),
            ["03-04 08:00", "03-04 20:00"],
        ),
        (rhythm(1, 12, "h", count=3), ["03-04 09:00", "03-04 21:00", "03-05 09:00"]),
        (rhythm(1, 1, "d", when=["EVE"], count=1), ["03-04 18:00"]),
        ({"boundsPeriod": MARCH, "dayOfWeek": ["sat"], "count": 1}, ["03-06 09:00"]),
    ],
)
def test_rhythms(read: Read, repeat: dict[str, Any], doses: list[str]) -> None:
    assert local(read, repeat) == doses


def test_the_hour_stays_the_same_when_the_clocks_change(read: Read) -> None:
    doses = regimen(read, order(rhythm(1, 1, "wk"))).doses
    assert [dose.hour for dose in doses] == [14, 14, 13, 13, 13]


def test_a_ramp_is_the_union_of_its_steps(read: Read) -> None:
    first = rhythm(1, 2, "wk", boundsPeriod={"start": "2027-03-04", "end": "2027-03-18"})
    then = rhythm(1, 1, "wk", boundsPeriod={"start": "2027-03-25", "end": "2027-04-01"})
    assert local(read, first, then) == ["03-04 09:00", "03-18 09:00", "03-25 09:00", "04-01 09:00"]


def test_bounds_by_duration_and_start_by_the_order(read: Read) -> None:
    repeat = rhythm(1, 1, "wk", boundsDuration={"value": 3, "code": "wk"})
    del repeat["boundsPeriod"]
    found = regimen(read, order(repeat, authoredOn="2027-03-04"))
    assert len(found.doses) == 3
    assert found.rule == "1 x per 1 wk"


def test_explicit_events_and_codes(read: Read) -> None:
    explicit = order(
        dosageInstruction=[{"timing": {"event": ["2027-03-05", "2027-03-04T18:00:00-05:00"]}}]
    )
    assert [dose.isoformat() for dose in regimen(read, explicit).doses] == [
        "2027-03-04T23:00:00+00:00",
        "2027-03-05T14:00:00+00:00",
    ]
    coded = {"timing": {"code": {"coding": [{"code": "BID"}]}, "repeat": {"boundsPeriod": MARCH}}}
    assert len(regimen(read, order(dosageInstruction=[coded])).doses) == 58


def test_an_open_schedule_is_written_out_for_a_year_from_now(read: Read) -> None:
    repeat = rhythm(1, 1, "d", boundsPeriod={"start": "2001-01-01"})
    doses = regimen(read, order(repeat)).doses
    assert doses[0] < RECEIVED < doses[-1]
    assert 366 <= len(doses) <= 400


@pytest.mark.parametrize(
    "change", [{"asNeededBoolean": True}, {"asNeededCodeableConcept": {"text": "pain"}}]
)
def test_as_needed_has_no_reminders(read: Read, change: dict[str, Any]) -> None:
    value = order(dosageInstruction=[{"timing": {"repeat": rhythm(1, 1, "d")}, **change}])
    item = only(read(json.dumps(value)))
    assert regimen(read, value).doses == ()
    assert any("as needed" in note for note in item.warnings)


@pytest.mark.parametrize(
    "status", ["on-hold", "stopped", "cancelled", "completed", "entered-in-error"]
)
def test_orders_that_ended(read: Read, status: str) -> None:
    event = event_of(only(read(json.dumps(order(rhythm(1, 1, "d"), status=status)))))
    assert event.kind is EventKind.REGIMEN_STOPPED


@pytest.mark.parametrize(
    "parts", [{"intent": "proposal"}, {"status": "draft"}, {"doNotPerform": True}]
)
def test_orders_nobody_follows(read: Read, parts: dict[str, Any]) -> None:
    assert only(read(json.dumps(order(rhythm(1, 1, "d"), **parts)))).kind is ItemKind.IGNORED


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (order(status="foo"), "value"),
        (order(status=""), "required"),
        (order(id=""), "required"),
        (order(subject={}), "required"),
        (order(rhythm(1, 0, "d")), "value"),
        (order(rhythm(1, 1, "fortnight")), "value"),
        (order(rhythm(10**6, 1, "d")), "value"),
        (
            order(rhythm(1, 1, "d", boundsPeriod={"start": "2027-04-01", "end": "2027-03-01"})),
            "invariant",
        ),
        (order(rhythm(1, 1, "d", boundsPeriod={"start": "2027-02-30"})), "value"),
    ],
)
def test_schedules_nobody_could_follow(read: Read, value: dict[str, Any], code: str) -> None:
    assert problem_of(only(read(json.dumps(value)))).code == code


NUMBERS = st.one_of(
    st.integers(-2, 10**12), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=3)
)
DAYS = st.one_of(st.dates().map(str), st.text(max_size=10), st.none())


@settings(max_examples=150, deadline=2000)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "frequency": NUMBERS,
            "period": NUMBERS,
            "periodUnit": st.sampled_from(["s", "min", "h", "d", "wk", "mo", "a", "x"]),
            "count": NUMBERS,
            "dayOfWeek": st.lists(st.sampled_from(["mon", "sun", "x"]), max_size=3),
            "timeOfDay": st.lists(st.sampled_from(["09:00:00", "25:00", "23:59"]), max_size=3),
            "boundsPeriod": st.fixed_dictionaries({}, optional={"start": DAYS, "end": DAYS}),
        },
    )
)
def test_any_schedule_is_doses_in_order_or_a_reason(repeat: dict[str, Any]) -> None:
    item = only(intake()(json.dumps(order(repeat)).encode(), "", "ehr", RECEIVED))
    if item.event is None:
        assert item.problem is not None
    else:
        assert item.event.regimen is not None
        doses = item.event.regimen.doses
        assert list(doses) == sorted(set(doses))
        assert len(doses) <= 1500


def test_the_worst_schedule_is_written_out_in_bounded_work(read: Read) -> None:
    worst = rhythm(48, 0.001, "s", boundsPeriod={"start": "1900-01-01", "end": "2199-01-01"})
    made: list[RegimenData] = []
    assert steps_of(lambda: made.append(regimen(read, order(*[worst] * 200)))) < 5_000_000
    doses = made[0].doses
    assert 1400 < len(doses) <= 1500
    assert isinstance(doses[0], datetime)
