"""Due: what is due goes out, waits for its hours, or ends with a reason."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from outreach.domain.policy import Policy, every_day
from outreach.domain.states import ChannelKind
from outreach.pipeline import consent, due
from outreach.pipeline.facts.deciding import decide_touchpoint
from tests.pipeline.rows import VISIT, kinds, touchpoint, work
from tests.worlds import PHONE, START, Bench, make_bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EMAIL = "robin@testcase.example"
EARLY = VISIT - timedelta(hours=4)
"""06:00 in New York: its reminders come before the window opens at 08:00."""


def completed(bench: Bench, end_after: timedelta = 4 * HOUR, phone: str | None = PHONE) -> None:
    """An infusion that ended; its check-ins are planned."""
    bench.book(START, phone=phone)
    bench.clock.advance(end_after)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )


def test_nothing_goes_before_its_time(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY - timedelta(seconds=1))
    assert bench.sms.sent == []
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.sent) == 1
    assert bench.outcomes()["d7"] == "sent"


def test_outside_the_hours_it_waits_for_the_window(bench: Bench) -> None:
    bench.book(EARLY)
    bench.to(EARLY - 3 * DAY)
    assert bench.sms.sent == []
    assert touchpoint(bench, "d3").due_at == VISIT - 3 * DAY - 2 * HOUR
    bench.to(VISIT - 3 * DAY - 2 * HOUR)
    assert bench.outcomes()["d3"] == "sent"


def test_what_no_hour_is_left_for_is_skipped(bench: Bench) -> None:
    bench.book(EARLY)
    bench.to(EARLY - 2 * HOUR)
    assert bench.outcomes()["h2"] == "skipped:quiet_hours"


def test_an_email_goes_beside_the_text_where_the_step_says_so(bench: Bench) -> None:
    bench.book(VISIT, patient_={"email": EMAIL})
    bench.to(VISIT - 7 * DAY)
    bench.to(VISIT - 3 * DAY)
    assert len(bench.sms.sent) == 2
    assert [outgoing.to for outgoing in bench.email.sent] == [EMAIL]
    assert bench.email.sent[0].subject


def test_without_any_address_a_patient_is_called_once_for_a_visit(bench: Bench) -> None:
    bench.book(VISIT, phone=None)
    for days in (7, 3, 1):
        bench.to(VISIT - days * DAY)
    assert bench.outcomes()["d1"] == "skipped:no_address"
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("call_patient", "same_day")


def test_whom_a_mailbox_reaches_is_not_called_for_a_text_that_has_no_phone(bench: Bench) -> None:
    bench.book(VISIT, phone=None, patient_={"email": EMAIL})
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "skipped:no_address"  # this step goes by text alone
    assert kinds(bench) == []


def test_without_an_address_a_check_in_becomes_a_call(bench: Bench) -> None:
    completed(bench, phone=None)
    bench.to(START + 28 * HOUR)
    assert bench.outcomes()["h24"] == "skipped:no_address"
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("call_patient", "same_day")


def test_a_check_in_to_somebody_who_opted_out_becomes_a_call(bench: Bench) -> None:
    completed(bench)
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")
    bench.to(START + 28 * HOUR)
    assert bench.outcomes()["h24"] == "skipped:opted_out"
    assert kinds(bench) == ["call_patient"]
    assert bench.sms.texts_to(PHONE) == []


def test_without_any_consent_nothing_goes(database_url: str) -> None:
    policy = Policy(False, every_day(time(8), time(21)), every_day(time(9), time(20)))
    bench = make_bench(database_url, policy=policy)
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "skipped:no_consent"
    bench.world.db.close()


def test_an_attestation_that_the_policy_withdrew_is_worth_nothing(bench: Bench) -> None:
    bench.book(VISIT)
    policy = replace(bench.world.policy, care_attested=False)
    stricter = replace(bench, world=replace(bench.world, policy=policy))
    stricter.to(VISIT - 7 * DAY)
    assert stricter.outcomes()["d7"] == "skipped:no_consent"


def test_what_is_too_late_after_an_outage_is_skipped(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 2 * DAY)
    assert bench.outcomes() == {
        "d7": "skipped:late",
        "d3": "skipped:late",
        "d1": "planned",
        "h2": "planned",
    }


def test_a_check_in_missed_in_an_outage_becomes_a_call(bench: Bench) -> None:
    completed(bench)
    bench.to(START + 4 * HOUR + 49 * HOUR)
    assert bench.outcomes()["h24"] == "skipped:late"
    assert kinds(bench) == ["call_patient"]


def test_deciding_twice_makes_one_message(bench: Bench) -> None:
    bench.book(VISIT)
    bench.clock.set(VISIT - 7 * DAY)
    assert due.drain(bench.world) == 1
    assert due.drain(bench.world) == 0
    bench.run()
    assert len(bench.sms.sent) == 1


def test_the_second_number_is_used_when_the_first_no_longer_works(bench: Bench) -> None:
    second = "+12025550124"
    bench.book(VISIT, phone=None, patient_={"phones": [PHONE, second]})
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.texts_to(PHONE)) == 1
    bench.event("patient.updated", patient_={"phones": [second]})
    bench.to(VISIT - 3 * DAY)
    assert len(bench.sms.texts_to(second)) == 1


@pytest.mark.parametrize("gone", ["lakeside", "cedar_grove"])
def test_a_site_that_clinic_yaml_lost_stops_its_own_messages_alone(bench: Bench, gone: str) -> None:
    bench.book(VISIT, patient="P1", visit="A1", location="cedar_grove")
    bench.book(VISIT, patient="P2", visit="A2", location="lakeside", phone="+12025550124")
    sites = tuple(site for site in bench.world.clinic.sites if site.code != gone)
    clinic = replace(bench.world.clinic, sites=sites)
    fewer = replace(bench, world=replace(bench.world, clinic=clinic))
    fewer.to(VISIT - 7 * DAY)
    lost, kept = ("P2", "P1") if gone == "lakeside" else ("P1", "P2")
    assert fewer.outcomes(kept)["d7"] == "sent"
    assert fewer.outcomes(lost)["d7"] == "skipped:zone_unknown"


def test_one_touchpoint_this_program_fails_on_does_not_stop_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    bench.book(VISIT, patient="P2", visit="A2", phone="+12025550124")
    bad = touchpoint(bench, "d7", "P1").id
    right = decide_touchpoint

    def fails_once(world, known, row, contact, now):  # type: ignore[no-untyped-def]
        if row.id == bad:
            raise RuntimeError("chance")
        return right(world, known, row, contact, now)

    monkeypatch.setattr(due, "decide_touchpoint", fails_once)
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes("P2")["d7"] == "sent"
    assert bench.outcomes("P1")["d7"] == "planned"
    assert kinds(bench) == ["operator"]
