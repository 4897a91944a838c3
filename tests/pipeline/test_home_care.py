"""Home care: deliveries that must come in time, the change to home doses, the yearly class."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from outreach.configuration.journey_files import load_journeys
from outreach.domain.journeys import Anchor
from outreach.domain.states import ChannelKind
from outreach.pipeline import consent
from outreach.storage.models import Touchpoint
from tests.pipeline.rows import VISIT, patient
from tests.worlds import CONFIG, PHONE, START, Bench, clinic, make_bench, templates

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAILBOX = "robin@example.org"


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """The shipped journeys about occasions, and the check-ins that tell what an infusion is."""
    shipped = load_journeys(CONFIG / "journeys", clinic(), templates().names())
    wanted = {Anchor.OCCASION, Anchor.INFUSION_END}
    journeys = tuple(one for one in shipped if one.anchor in wanted)
    yield (made := make_bench(database_url, journeys=journeys))
    made.world.db.close()


def rows(bench: Bench, step: str) -> list[Touchpoint]:
    with bench.world.db.read() as unit:
        found = unit.ledger.of_patient(patient(bench).id)
    return [row for row in found if row.step == step]


def outcomes(bench: Bench, step: str) -> list[str]:
    return [f"{r.status}:{r.reason}" if r.reason else str(r.status) for r in rows(bench, step)]


def tasks(bench: Bench) -> list[str]:
    with bench.world.db.read() as unit:
        items = unit.followups.of_patient(patient(bench).id)
    return [item.summary for item in items if item.kind == "care_step"]


def prescribe(bench: Bench, *doses: datetime, name: str = "R1", kind: str = "prescribed") -> None:
    bench.event(
        f"regimen.{kind}",
        patient_={"phone": PHONE},
        regimen={
            "ids": [{"system": "rx", "value": name}],
            "dose_dates": [dose.isoformat() for dose in doses],
        },
    )
    bench.run()


def shipment(bench: Bench, kind: str, **details: str) -> None:
    bench.event(f"shipment.{kind}", details=details)
    bench.run()


def said(bench: Bench, *words: str) -> int:
    return sum(all(word in text for word in words) for text in bench.sms.texts_to(PHONE))


# -- deliveries


def test_a_delivery_is_told_of_once_with_how_to_keep_it(bench: Bench) -> None:
    prescribe(bench, START + 5 * DAY, START + 12 * DAY)
    shipment(bench, "sent", tracking="T1")
    bench.clock.advance(HOUR)
    shipment(bench, "sent", tracking="T1")
    assert said(bench, "on its way", "warm, frozen") == 1
    shipment(bench, "sent", tracking="T2")
    assert said(bench, "on its way") == 2


def test_deliveries_without_a_number_are_told_of_once_a_day(bench: Bench) -> None:
    prescribe(bench, START + 5 * DAY, START + 12 * DAY)
    for _ in range(2):
        shipment(bench, "sent")
        bench.clock.advance(HOUR)
    assert said(bench, "on its way") == 1
    bench.to(START + DAY)
    shipment(bench, "sent")
    assert said(bench, "on its way") == 2


def test_who_has_no_home_dose_ahead_hears_nothing_of_a_delivery(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE})
    shipment(bench, "sent", tracking="T1")
    assert said(bench, "on its way") == 0


def test_a_delivery_that_has_not_come_before_its_dose_is_asked_about_and_is_work_for_staff(
    bench: Bench,
) -> None:
    dose = START + 5 * DAY
    prescribe(bench, dose, dose + 7 * DAY)
    shipment(bench, "sent", tracking="T1")
    bench.to(dose - DAY - HOUR)
    assert tasks(bench) == []
    bench.to(dose - DAY)
    assert said(bench, "Did your delivery come?") == 1
    assert ["due tomorrow" in task for task in tasks(bench)] == [True]


@pytest.mark.parametrize("details", [{"tracking": "T1"}, {}, {"tracking": "another"}])
def test_a_delivery_that_came_is_not_asked_about(bench: Bench, details: dict[str, str]) -> None:
    dose = START + 5 * DAY
    prescribe(bench, dose)
    shipment(bench, "sent", tracking="T1")
    bench.clock.advance(DAY)
    shipment(bench, "delivered", **details)
    bench.to(dose)
    assert outcomes(bench, "absent_d1") == ["cancelled:cancelled"]
    assert tasks(bench) == []


def test_a_delivery_is_needed_for_the_first_dose_after_the_day_it_should_come(bench: Bench) -> None:
    prescribe(bench, START + 2 * DAY, START + 9 * DAY)
    shipment(bench, "sent", tracking="T1", due=(START + 4 * DAY).date().isoformat())
    assert [row.anchor_at for row in rows(bench, "absent_d1")] == [START + 9 * DAY]


def test_a_dose_that_moves_takes_the_question_along_and_a_stop_ends_it(bench: Bench) -> None:
    prescribe(bench, START + 5 * DAY)
    shipment(bench, "sent", tracking="T1")
    bench.clock.advance(HOUR)
    prescribe(bench, START + 8 * DAY, kind="changed")
    assert outcomes(bench, "absent_d1") == ["superseded:moved", "planned"]
    bench.clock.advance(HOUR)
    prescribe(bench, kind="stopped")
    assert outcomes(bench, "absent_d1") == ["superseded:moved", "cancelled:cancelled"]


def test_the_next_delivery_without_a_number_is_asked_about_too(bench: Bench) -> None:
    first, second = START + 3 * DAY, START + 10 * DAY
    prescribe(bench, first, second)
    shipment(bench, "sent")
    bench.through(first + HOUR)
    shipment(bench, "sent")
    bench.through(second - DAY)
    assert said(bench, "Did your delivery come?") == 3


def test_staff_hear_of_it_also_where_the_patient_may_not_be_texted(bench: Bench) -> None:
    dose = START + 5 * DAY
    prescribe(bench, dose)
    shipment(bench, "sent", tracking="T1")
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="reply", actor="patient")
    bench.to(dose - DAY)
    assert outcomes(bench, "absent_d1") == ["skipped:opted_out"]
    assert len(tasks(bench)) == 1


# -- from the clinic to home


def test_who_comes_for_infusions_and_is_prescribed_home_doses_hears_of_a_class(
    bench: Bench,
) -> None:
    bench.book(VISIT)
    prescribe(bench, START + 20 * DAY, START + 27 * DAY)
    prescribe(bench, START + 20 * DAY, START + 27 * DAY)
    assert said(bench, "plan a class", "visits stand") == 1
    assert ["Book the training" in task for task in tasks(bench)] == [True]


def test_who_never_came_for_an_infusion_does_not_change(bench: Bench) -> None:
    bench.book(VISIT, service="Lab")
    bench.book(VISIT, visit="A2", kind="appointment.cancelled")
    prescribe(bench, START + 20 * DAY)
    assert rows(bench, "switch") == []


def test_a_schedule_that_is_renewed_is_no_change(bench: Bench) -> None:
    prescribe(bench, START + DAY, START + 8 * DAY)
    bench.book(VISIT)
    bench.to(START + 7 * DAY)
    prescribe(bench, START + 14 * DAY, name="R2")
    assert rows(bench, "switch") == []


def test_a_schedule_that_stops_at_once_ends_what_was_to_be_said(bench: Bench) -> None:
    bench.clock.set(START.replace(hour=4))  # 23:00
    bench.book(VISIT)
    prescribe(bench, START + 20 * DAY)
    bench.clock.advance(HOUR)
    prescribe(bench, kind="stopped")
    bench.to(START)
    assert outcomes(bench, "switch") == ["cancelled:cancelled"]
    assert tasks(bench) == []


# -- the yearly class


def weekly(years: float) -> list[datetime]:
    return [START + DAY + n * 7 * DAY for n in range(int(years * 52))]


def test_each_full_year_of_home_doses_asks_for_the_yearly_class(bench: Bench) -> None:
    prescribe(bench, *weekly(2.2))
    year, two = START.replace(year=2028), START.replace(year=2029)
    assert [row.anchor_at for row in rows(bench, "refresher")] == [year + DAY, two + DAY]
    bench.to(year - 12 * DAY)
    assert said(bench, "yearly home dose class") == 1
    assert any("yearly training" in task for task in tasks(bench))


def test_a_longer_schedule_adds_a_year_and_a_shorter_one_takes_it_away(bench: Bench) -> None:
    prescribe(bench, *weekly(0.9))
    assert rows(bench, "refresher") == []
    bench.clock.advance(HOUR)
    prescribe(bench, *weekly(1.1), kind="changed")
    bench.clock.advance(HOUR)
    prescribe(bench, *weekly(1.1), kind="changed")
    assert outcomes(bench, "refresher") == ["planned"]
    bench.clock.advance(HOUR)
    prescribe(bench, *weekly(0.9), kind="changed")
    assert outcomes(bench, "refresher") == ["cancelled:cancelled"]


def test_a_patient_without_a_phone_gets_these_by_email(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"email": MAILBOX, "language": "es"})
    bench.event(
        "regimen.prescribed",
        regimen={
            "ids": [{"system": "rx", "value": "R1"}],
            "dose_dates": [(START + 5 * DAY).isoformat()],
        },
    )
    shipment(bench, "sent", tracking="T1")
    (mail,) = [out for out in bench.email.sent if out.to == MAILBOX]
    assert "una entrega va en camino" in mail.subject
