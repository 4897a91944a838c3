"""Home-dosing schedules: prescribed, changed and stopped."""

from datetime import datetime, timedelta
from typing import Any

from outreach.domain.events import Identifier
from outreach.storage.models import Dose
from tests.pipeline.rows import settled_as
from tests.worlds import PHONE, START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = START + DAY


def prescribe(
    bench: Bench, *doses: datetime, kind: str = "regimen.prescribed", **rest: Any
) -> None:
    bench.event(
        kind,
        patient_={"phone": PHONE},
        regimen={
            "ids": [{"system": "rx", "value": "R1"}],
            "dose_dates": [dose.isoformat() for dose in doses],
        },
        **rest,
    )


def doses(bench: Bench) -> list[Dose]:
    with bench.world.db.read() as unit:
        regimen = unit.visits.regimen_named_by([Identifier("rx", "R1")])
        assert regimen is not None
        return unit.visits.doses_of(regimen.id)


def texted(bench: Bench) -> int:
    return len(bench.sms.texts_to(PHONE))


def test_each_dose_is_reminded_and_asked_about_again_when_nobody_answers(bench: Bench) -> None:
    prescribe(bench, FIRST, FIRST + 7 * DAY)
    bench.to(FIRST)
    assert texted(bench) == 1
    bench.to(FIRST + DAY)
    assert texted(bench) == 2
    bench.to(FIRST + 7 * DAY)
    assert texted(bench) == 3


def test_a_change_withdraws_what_is_no_longer_prescribed(bench: Bench) -> None:
    prescribe(bench, FIRST, FIRST + 7 * DAY)
    prescribe(bench, FIRST + 2 * DAY, FIRST + 7 * DAY, kind="regimen.changed")
    assert [row.status for row in doses(bench)] == ["withdrawn", "planned", "planned"]
    bench.to(FIRST)
    assert texted(bench) == 0
    bench.to(FIRST + 2 * DAY)
    assert texted(bench) == 1


def test_a_withdrawn_dose_can_be_prescribed_again(bench: Bench) -> None:
    prescribe(bench, FIRST)
    prescribe(bench, FIRST + DAY, kind="regimen.changed")
    prescribe(bench, FIRST, kind="regimen.changed")
    assert [(row.status, row.version) for row in doses(bench)] == [("planned", 2), ("withdrawn", 1)]
    bench.to(FIRST)
    assert texted(bench) == 1


def test_a_stop_ends_everything_also_the_question_about_yesterday(bench: Bench) -> None:
    prescribe(bench, FIRST, FIRST + 7 * DAY)
    bench.to(FIRST)
    bench.to(FIRST + HOUR)
    bench.event("regimen.stopped", regimen={"ids": [{"system": "rx", "value": "R1"}]})
    bench.to(FIRST + 8 * DAY)
    assert texted(bench) == 1


def test_an_older_change_is_stale(bench: Bench) -> None:
    prescribe(bench, FIRST)
    prescribe(
        bench,
        FIRST + DAY,
        kind="regimen.changed",
        occurred_at=(START - HOUR).isoformat(),
    )
    assert settled_as(bench)[-1] == "stale"
    assert [row.status for row in doses(bench)] == ["planned"]


def test_the_same_prescription_again_changes_nothing(bench: Bench) -> None:
    prescribe(bench, FIRST)
    prescribe(bench, FIRST)
    assert [row.version for row in doses(bench)] == [1]
