"""What is neither a visit nor a dose: welcomed once, planned as doses are, ended in time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outreach.configuration.journey_files import load_journeys
from outreach.domain.consent import ConsentScope
from outreach.domain.journeys import Anchor
from outreach.domain.occasions import OccasionKind
from outreach.domain.states import ChannelKind
from outreach.pipeline import arrive, consent, due, ingest
from outreach.storage.models import Touchpoint
from tests.pipeline.rows import VISIT, kinds, messages, patient
from tests.worlds import CONFIG, PHONE, START, Bench, clinic, make_bench, templates

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OTHER = "+12025550177"
JOURNEYS = tuple(
    one
    for one in load_journeys(CONFIG / "journeys", clinic(), templates().names())
    if one.anchor is Anchor.OCCASION
)


@pytest.fixture
def bench(database_url: str) -> Bench:
    return make_bench(database_url, journeys=JOURNEYS)


def rows(bench: Bench, step: str, name: str = "P1") -> list[Touchpoint]:
    with bench.world.db.read() as unit:
        found = unit.ledger.of_patient(patient(bench, name).id)
    return sorted((row for row in found if row.step == step), key=lambda row: row.anchor_version)


def outcomes(bench: Bench, step: str, name: str = "P1") -> list[str]:
    return [
        f"{r.status}:{r.reason}" if r.reason else str(r.status) for r in rows(bench, step, name)
    ]


def known(bench: Bench, phone: str = PHONE, name: str = "P1", **rest: Any) -> None:
    bench.event("patient.updated", name, patient_={"given": "Robin", "phone": phone, **rest})


def texts(bench: Bench, phone: str = PHONE) -> list[str]:
    return bench.sms.texts_to(phone)


def authorization(bench: Bench, kind: str, **details: str) -> None:
    bench.event(f"authorization.{kind}", details=details)


def prescribe(bench: Bench, *doses: datetime, kind: str = "regimen.prescribed") -> None:
    bench.event(
        kind,
        patient_={"phone": PHONE},
        regimen={
            "ids": [{"system": "rx", "value": "R1"}],
            "dose_dates": [dose.isoformat() for dose in doses],
        },
    )


# -- welcome


def test_a_registered_patient_is_welcomed_once(bench: Bench) -> None:
    known(bench)
    bench.run()
    (said,) = texts(bench)
    for words in ("Cedar Grove", "rates", "STOP", "HELP", "not private", "911"):
        assert words in said
    known(bench)
    bench.to(START + DAY)
    assert len(texts(bench)) == 1


def test_a_booking_alone_is_no_registration(bench: Bench) -> None:
    bench.book(VISIT)
    bench.run()
    assert (outcomes(bench, "welcome"), texts(bench)) == ([], [])
    known(bench)
    bench.run()
    assert outcomes(bench, "welcome") == ["sent"]


def test_those_loaded_at_go_live_are_not_welcomed(bench: Bench) -> None:
    raw = (
        b'{"id": "q1", "type": "patient.updated", "patient": '
        b'{"ids": [{"system": "mrn", "value": "P1"}], "phone": "+12025550123"}}'
    )
    arrive.arrive(bench.world, raw, source="test", content_type="application/json", quiet=True)
    ingest.drain(bench.world)
    known(bench)
    bench.run()
    assert texts(bench) == []


def test_a_new_number_is_welcomed_and_an_old_one_not_again(bench: Bench) -> None:
    known(bench)
    bench.run()
    known(bench, OTHER)
    bench.run()
    assert (len(texts(bench)), len(texts(bench, OTHER))) == (1, 1)
    known(bench, PHONE)
    bench.to(START + DAY)
    assert (len(texts(bench)), len(texts(bench, OTHER))) == (1, 1)


def test_a_number_that_changed_in_the_night_is_welcomed_alone(bench: Bench) -> None:
    bench.clock.set(START.replace(hour=4))  # 23:00
    known(bench)
    bench.run()
    known(bench, OTHER)
    bench.to(START)
    assert (len(texts(bench)), len(texts(bench, OTHER))) == (0, 1)
    assert sorted(outcomes(bench, "welcome")) == ["cancelled:cancelled", "sent"]


def test_two_records_with_one_number_that_are_merged_are_welcomed_once(bench: Bench) -> None:
    bench.clock.set(START.replace(hour=4))
    known(bench, name="P1")
    known(bench, name="P2")
    bench.event("patient.merged", "P1", merge={"prior_ids": [{"system": "mrn", "value": "P2"}]})
    bench.to(START)
    assert len(texts(bench)) == 1


# -- authorization


def expiring(bench: Bench, days: int, **details: str) -> str:
    day = (START + days * DAY).date().isoformat()
    authorization(bench, "expiring", expires=day, **details)
    return day


def quiet_known(bench: Bench) -> None:
    """Known, and the welcome is over."""
    known(bench)
    bench.run()
    bench.sms.sent.clear()


def test_an_approval_that_runs_out_is_told_of_twice(bench: Bench) -> None:
    quiet_known(bench)
    expiring(bench, 40)
    assert [row.due_at for row in rows(bench, "auth_d30")] == [
        datetime(2027, 3, 11, 15, tzinfo=UTC)  # 10:00 in New York
    ]
    bench.to(START + 11 * DAY)
    assert len(texts(bench)) == 1
    bench.to(START + 34 * DAY)
    assert len(texts(bench)) == 2
    assert all("about your insurance" in said for said in texts(bench))
    assert kinds(bench) == ["authorization_expiring"]


def test_a_late_notice_is_passed_on_when_it_comes(bench: Bench) -> None:
    quiet_known(bench)
    expiring(bench, 20)
    bench.run()
    assert len(texts(bench)) == 1


@pytest.mark.parametrize("end", ["approved", "denied"])
@pytest.mark.parametrize("reference", ["", "N-7", "another"])
def test_a_decision_ends_it_also_under_a_number_of_its_own(
    bench: Bench, end: str, reference: str
) -> None:
    quiet_known(bench)
    expiring(bench, 40, reference="N-7")
    bench.clock.advance(HOUR)
    authorization(bench, end, **({"reference": reference} if reference else {}))
    bench.to(START + 11 * DAY)
    assert texts(bench) == []
    assert outcomes(bench, "auth_d30") == ["cancelled:cancelled"]


def test_an_approval_ends_only_the_matter_it_names(bench: Bench) -> None:
    quiet_known(bench)
    expiring(bench, 40, reference="N-7")
    expiring(bench, 40, reference="N-8")
    bench.clock.advance(HOUR)
    authorization(bench, "approved", reference="N-7")
    assert sorted(outcomes(bench, "auth_d30")) == ["cancelled:cancelled", "planned"]


def test_a_new_date_moves_what_was_planned(bench: Bench) -> None:
    quiet_known(bench)
    expiring(bench, 40)
    bench.clock.advance(HOUR)
    expiring(bench, 60)
    assert outcomes(bench, "auth_d30") == ["superseded:moved", "planned"]
    expiring(bench, 60)
    assert outcomes(bench, "auth_d30") == ["superseded:moved", "planned"]


def test_an_older_notice_does_not_open_what_a_newer_approval_ended(bench: Bench) -> None:
    quiet_known(bench)
    authorization(bench, "approved", reference="N-7")
    bench.event(
        "authorization.expiring",
        occurred_at=(START - DAY).isoformat(),
        details={"expires": "2027-04-10", "reference": "N-7"},
    )
    assert rows(bench, "auth_d30") == []
    assert kinds(bench) == ["authorization_expiring"]


@pytest.mark.parametrize("expires", ["", "soon", "2027-13-40"])
def test_a_notice_without_a_day_is_work_for_staff_alone(bench: Bench, expires: str) -> None:
    quiet_known(bench)
    authorization(bench, "expiring", expires=expires)
    assert rows(bench, "auth_d30") == []
    assert kinds(bench) == ["authorization_expiring"]


def test_an_occasion_that_ends_after_its_text_was_queued_is_not_told_of(bench: Bench) -> None:
    quiet_known(bench)
    expiring(bench, 40)
    bench.clock.set(START + 11 * DAY)
    due.drain(bench.world)
    assert messages(bench)[-1].status == "queued"
    authorization(bench, "approved")
    bench.run()
    assert texts(bench) == []
    (text,) = [row for row in messages(bench) if row.template == "authorization"]
    assert (text.status, text.reason) == ("skipped", "cancelled")


# -- shipment


def test_a_late_delivery_before_a_home_dose_is_told_of_once(bench: Bench) -> None:
    prescribe(bench, START + 2 * DAY, START + 9 * DAY)
    bench.run()
    bench.sms.sent.clear()
    bench.event("shipment.delayed", details={"tracking": "T1"})
    bench.run()
    bench.clock.advance(HOUR)
    bench.event("shipment.delayed", details={"tracking": "T1"})
    bench.run()
    (said,) = texts(bench)
    assert "before your next home dose" in said
    assert kinds(bench).count("shipment_delayed") == 2


def test_a_late_delivery_without_a_home_dose_ahead_is_for_staff_alone(bench: Bench) -> None:
    quiet_known(bench)
    bench.event("shipment.delayed", details={"tracking": "T1"})
    bench.run()
    assert texts(bench) == []
    assert kinds(bench) == ["shipment_delayed"]


def test_a_delivery_in_the_night_ends_it(bench: Bench) -> None:
    prescribe(bench, START + 2 * DAY, START + 9 * DAY)
    bench.run()
    bench.sms.sent.clear()
    bench.clock.set((START + DAY).replace(hour=4))
    bench.event("shipment.delayed", details={"tracking": "T1"})
    bench.run()
    bench.clock.advance(HOUR)
    bench.event("shipment.delivered", details={"tracking": "T1"})
    bench.to(START + DAY)
    assert outcomes(bench, "late") == ["cancelled:cancelled"]
    assert texts(bench) == []


def test_the_next_delay_is_told_of_anew(bench: Bench) -> None:
    prescribe(bench, START + 2 * DAY, START + 9 * DAY)
    bench.run()
    bench.sms.sent.clear()
    for kind in ("delayed", "delivered", "delayed"):
        bench.clock.advance(HOUR)
        bench.event(f"shipment.{kind}")
        bench.run()
    assert len(texts(bench)) == 2


# -- home doses


def test_two_doses_left_ask_what_is_left_at_home(bench: Bench) -> None:
    doses = [START + n * 7 * DAY + DAY for n in range(4)]
    prescribe(bench, *doses)
    bench.to(doses[1] + HOUR)
    bench.sms.sent.clear()
    bench.to(doses[1] + 2 * HOUR)
    (said,) = texts(bench)
    assert "Two home doses are left" in said


def test_a_longer_schedule_moves_the_question_and_a_stop_ends_it(bench: Bench) -> None:
    doses = [START + n * 7 * DAY + DAY for n in range(6)]
    prescribe(bench, *doses[:4])
    bench.clock.advance(HOUR)
    prescribe(bench, *doses, kind="regimen.changed")
    assert [(row.anchor_at, row.status) for row in rows(bench, "refill")] == [
        (doses[1], "superseded"),
        (doses[3], "planned"),
    ]
    bench.clock.advance(HOUR)
    bench.event("regimen.stopped", regimen={"ids": [{"system": "rx", "value": "R1"}]})
    assert outcomes(bench, "refill") == ["superseded:moved", "cancelled:cancelled"]
    assert outcomes(bench, "assistance") == ["cancelled:cancelled"]


def test_a_schedule_of_two_doses_asks_nothing(bench: Bench) -> None:
    prescribe(bench, START + DAY, START + 8 * DAY)
    assert rows(bench, "refill") == []


@pytest.mark.parametrize(
    ("scope", "sent"), [(None, 0), (ConsentScope.CAMPAIGN, 0), (ConsentScope.EDUCATION, 1)]
)
def test_help_with_costs_needs_an_opt_in_on_record(
    bench: Bench, scope: ConsentScope | None, sent: int
) -> None:
    prescribe(bench, START + DAY, START + 30 * DAY)
    bench.run()
    bench.sms.sent.clear()
    if scope is not None:
        consent.record_opt_in(
            bench.world, ChannelKind.SMS, PHONE, scope, source="staff", actor="Dana"
        )
    bench.to(START + 8 * DAY + 3 * HOUR)
    assert len([said for said in texts(bench) if "help people pay" in said]) == sent
    assert outcomes(bench, "assistance") == (["sent"] if sent else ["skipped:no_consent"])


def test_a_second_schedule_begins_no_second_time(bench: Bench) -> None:
    prescribe(bench, START + DAY, START + 8 * DAY)
    bench.event(
        "regimen.prescribed",
        regimen={
            "ids": [{"system": "rx", "value": "R2"}],
            "dose_dates": [(START + 20 * DAY).isoformat()],
        },
    )
    assert len(rows(bench, "assistance")) == 1


# -- what is kept


def test_a_senders_own_number_is_kept_as_an_index_alone(bench: Bench) -> None:
    quiet_known(bench)
    expiring(bench, 40, reference="N-7")
    with bench.world.db.read() as unit:
        (row,) = unit.occasions.of_patient(patient(bench).id, OccasionKind.AUTHORIZATION)
    assert "N-7" not in row.reference
    assert len(row.reference) == 32
