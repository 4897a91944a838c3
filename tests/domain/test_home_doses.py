"""How home doses were kept, where they went, and what a nurse should ask about."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.home_doses import (
    DoseLimits,
    HomeDose,
    Kept,
    Told,
    adherence,
    kept,
    last_day,
    questions,
    repeats,
    taken_at,
)
from outreach.domain.triage.doses import DoseReport, read_dose

ZONE = ZoneInfo("America/New_York")
DUE = datetime(2027, 3, 2, 9, tzinfo=ZONE)
NOW = datetime(2027, 3, 20, 12, tzinfo=ZONE)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMITS = DoseLimits()


def dose(*told: tuple[datetime, str], due: datetime = DUE, name: str = "d") -> HomeDose:
    reports = [(at, read_dose(body)) for at, body in told]
    return HomeDose(name, due, tuple(Told(at, report) for at, report in reports if report))


@pytest.mark.parametrize(
    ("told", "way"),
    [
        ([(DUE + HOUR, "DONE")], Kept.ON_TIME),
        ([(DUE + 14 * HOUR, "DONE")], Kept.ON_TIME),
        ([(DUE + 16 * HOUR, "DONE")], Kept.LATE),
        ([(DUE + 24 * HOUR, "DONE yesterday at 9 am")], Kept.ON_TIME),
        ([(DUE + 16 * HOUR, "done at 10pm")], Kept.ON_TIME),
        ([(DUE + HOUR, "LATE")], Kept.PROMISED),
        ([(DUE + HOUR, "LATE"), (DUE + 5 * HOUR, "DONE")], Kept.LATE),
        ([(DUE + HOUR, "DONE late")], Kept.LATE),
        ([(DUE + HOUR, "SKIP")], Kept.SKIPPED),
        ([(DUE + HOUR, "SKIP"), (DUE + 2 * HOUR, "DONE")], Kept.ON_TIME),
        ([], Kept.UNANSWERED),
    ],
)
def test_how_a_dose_was_kept(told: list[tuple[datetime, str]], way: Kept) -> None:
    assert kept(dose(*told), NOW, ZONE) is way


def test_a_dose_late_in_the_evening_has_six_hours() -> None:
    evening = datetime(2027, 3, 2, 22, tzinfo=ZONE)
    assert kept(dose((evening + 5 * HOUR, "DONE"), due=evening), NOW, ZONE) is Kept.ON_TIME
    assert kept(dose((evening + 6 * HOUR, "DONE"), due=evening), NOW, ZONE) is Kept.LATE


def test_a_day_that_is_not_over_is_not_judged() -> None:
    midnight = datetime(2027, 3, 3, tzinfo=ZONE)
    assert kept(dose(), midnight - HOUR, ZONE) is Kept.OPEN
    assert kept(dose(), midnight, ZONE) is Kept.UNANSWERED
    counts = adherence([dose()], midnight - HOUR, 30, ZONE)
    assert (counts.due, counts.taken_share) == (0, None)


def test_the_clock_that_was_written_is_the_latest_that_fits() -> None:
    report = datetime(2027, 3, 2, 21, tzinfo=ZONE)
    assert taken_at(dose((report, "done at 8")), ZONE) == datetime(2027, 3, 2, 20, tzinfo=ZONE)
    morning = datetime(2027, 3, 2, 11, tzinfo=ZONE)
    assert taken_at(dose((morning, "done at 8")), ZONE) == datetime(2027, 3, 2, 8, tzinfo=ZONE)
    night = datetime(2027, 3, 3, 1, tzinfo=ZONE)
    assert taken_at(dose((night, "done 10pm")), ZONE) == datetime(2027, 3, 2, 22, tzinfo=ZONE)
    assert taken_at(dose((night, "LATE")), ZONE) is None


def test_adherence_counts_the_days_that_were_asked_for() -> None:
    doses = [
        dose((NOW - 40 * DAY, "DONE"), due=NOW - 40 * DAY),
        dose((NOW - 20 * DAY, "DONE"), due=NOW - 20 * DAY),
        dose((NOW - 13 * DAY, "SKIP"), due=NOW - 13 * DAY),
        dose((NOW - 6 * DAY, "LATE"), due=NOW - 6 * DAY),
        dose(due=NOW - 3 * DAY),
        dose(due=NOW + DAY),
    ]
    month, quarter = (adherence(doses, NOW, days, ZONE) for days in (30, 90))
    counted = (month.on_time, month.late, month.promised, month.skipped, month.unanswered)
    assert counted == (1, 0, 1, 1, 1)
    assert (month.due, month.taken_share) == (4, 0.25)
    assert (quarter.on_time, quarter.due, quarter.taken_share) == (2, 5, 0.4)


def places(*told: tuple[int, str]) -> list[HomeDose]:
    """Doses so many days after the first, each done at a place."""
    return [
        dose((DUE + days * DAY, f"DONE {place}"), due=DUE + days * DAY, name=f"d{days}")
        for days, place in told
    ]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([(0, "thigh"), (7, "thigh")], []),
        ([(0, "thigh"), (3, "thigh")], [("thigh", "d3", 3, "d0")]),
        ([(0, "left thigh"), (3, "right thigh")], []),
        ([(0, "left thigh"), (3, "thigh")], [("thigh", "d3", 3, "d0")]),
        ([(0, "thigh"), (2, "arm"), (4, "thigh")], [("thigh", "d4", 4, "d0")]),
        (
            [(0, "abd"), (2, "abd"), (4, "abd"), (14, "abd"), (15, "abd")],
            [("abdomen", "d2", 2, "d0"), ("abdomen", "d4", 2, "d0"), ("abdomen", "d15", 1, "d14")],
        ),
    ],
)
def test_where_a_place_was_used_again_too_soon(
    told: list[tuple[int, str]], found: list[tuple[str, str, int, str]]
) -> None:
    repeated = repeats(places(*told), 7, ZONE)
    assert [(one.area, one.dose, one.days, one.began) for one in repeated] == found


def test_a_dose_that_was_skipped_used_no_place() -> None:
    skipped = dose((DUE, "SKIP thigh"), name="d0")
    assert repeats([skipped, *places((3, "thigh"))], 7, ZONE) == []


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("DONE 20 4 abd", ()),
        ("DONE 100 ml 8 sites", ()),
        ("DONE 101 ml", ("volume",)),
        ("DONE 0 ml", ("volume",)),
        ("DONE 20 ml 9 sites", ("sites",)),
        ("DONE 20 ml 2.5 sites", ("sites",)),
        ("DONE 20 ml knee", ("area",)),
        ("DONE exp 01/2027", ("expiry",)),
        ("DONE exp 03/2027", ()),
        ("DONE 300 20 knee exp 01/26", ("volume", "sites", "area", "expiry")),
    ],
)
def test_what_a_nurse_asks_about(text: str, odd: tuple[str, ...]) -> None:
    report = read_dose(text)
    assert report is not None
    assert questions(report, LIMITS, (), date(2027, 3, 2)) == odd


@pytest.mark.parametrize(
    ("volume", "usual", "odd"),
    [(41, (20, 20), ()), (41, (20, 20, 21), ("volume",)), (40, (20, 20, 21), ()),
     (9, (20, 20, 21), ("volume",))],
)  # fmt: skip
def test_a_volume_is_measured_by_what_is_usual(
    volume: float, usual: tuple[float, ...], odd: tuple[str, ...]
) -> None:
    assert questions(DoseReport("done", volume), LIMITS, usual, date(2027, 3, 2)) == odd


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("03/2028", date(2028, 3, 31)),
        ("3/28", date(2028, 3, 31)),
        ("2028-03", date(2028, 3, 31)),
        ("2028-03-15", date(2028, 3, 15)),
        ("15/03/2028", date(2028, 3, 15)),
        ("3/15/28", date(2028, 3, 15)),
        ("4/5/28", date(2028, 5, 4)),
        ("MAR 2028", date(2028, 3, 31)),
        ("15 MAR 2028", date(2028, 3, 15)),
        ("ENE 2028", date(2028, 1, 31)),
        ("13/2028", None),
        ("2028-02-31", None),
        ("XYZ 2028", None),
    ],
)
def test_the_last_day_of_a_vial(written: str, day: date | None) -> None:
    assert last_day(written) == day
