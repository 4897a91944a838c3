"""Visits: booked, moved, cancelled, revived, begun and completed, in any order of arrival."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outreach.domain.events import AppointmentStatus
from outreach.pipeline import arrive, ingest
from tests.pipeline.rows import VISIT, inbox, kinds, patient, settled_as, touchpoint, visit, work
from tests.worlds import PHONE, START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL_PLANNED = {"d7": "planned", "d3": "planned", "d1": "planned", "h2": "planned"}


def about(bench: Bench, kind: str, visit_id: str = "A1", **rest: Any) -> None:
    """An event about a visit that names nothing but what it must."""
    appointment = {"ids": [{"system": "visit", "value": visit_id}], **rest.pop("appointment", {})}
    bench.event(kind, appointment=appointment, **rest)


def complete(bench: Bench, end: Any, kind: str = "infusion.completed", **rest: Any) -> None:
    about(bench, kind, appointment={"actual_end": end.isoformat()}, **rest)


def test_a_booking_plans_every_step_at_its_local_time(bench: Bench) -> None:
    bench.book(VISIT)
    assert bench.outcomes() == ALL_PLANNED
    assert touchpoint(bench, "d7").due_at == VISIT - 7 * DAY
    assert touchpoint(bench, "h2").due_at == VISIT - 2 * HOUR
    assert visit(bench).version == 1


def test_days_keep_the_wall_clock_across_the_change_of_clocks(bench: Bench) -> None:
    after_change = START + 15 * DAY - HOUR  # 16 March, 10:00 summer time
    bench.book(after_change)
    assert touchpoint(bench, "d3").due_at == after_change - 3 * DAY + HOUR
    assert touchpoint(bench, "d1").due_at == after_change - DAY


def test_the_same_booking_again_changes_nothing(bench: Bench) -> None:
    bench.book(VISIT)
    before = {step: touchpoint(bench, step).id for step in ALL_PLANNED}
    bench.book(VISIT)
    assert {step: touchpoint(bench, step).id for step in ALL_PLANNED} == before
    assert visit(bench).version == 1


def test_a_move_ends_the_old_plan_and_makes_a_new_one(bench: Bench) -> None:
    bench.book(VISIT)
    old = touchpoint(bench, "d3")
    about(bench, "appointment.rescheduled", appointment={"start": (VISIT + DAY).isoformat()})
    new = touchpoint(bench, "d3")
    with bench.world.db.read() as unit:
        ended = unit.ledger.touchpoints([old.id])[old.id]
    assert (ended.status, ended.reason) == ("superseded", "moved")
    assert (new.anchor_version, new.due_at) == (2, old.due_at + DAY)
    assert visit(bench).end_at == VISIT + DAY + 4 * HOUR
    assert bench.outcomes() == ALL_PLANNED


def test_another_place_is_a_move(bench: Bench) -> None:
    bench.book(VISIT)
    bench.book(VISIT, location="lakeside", kind="appointment.rescheduled")
    assert (visit(bench).site_code, visit(bench).version) == ("lakeside", 2)


def test_a_move_to_a_place_nobody_knows_goes_to_staff_and_not_to_the_old_place(
    bench: Bench,
) -> None:
    bench.book(VISIT)
    bench.book(VISIT + DAY, location="the moon", kind="appointment.rescheduled")
    assert visit(bench).site_code is None
    assert set(bench.outcomes().values()) == {"superseded:moved"}
    assert kinds(bench) == ["unclear_visit"]


def test_a_cancellation_ends_what_was_planned(bench: Bench) -> None:
    bench.book(VISIT)
    about(bench, "appointment.cancelled")
    assert set(bench.outcomes().values()) == {"cancelled:cancelled"}
    bench.to(VISIT)
    assert bench.sms.sent == []


@pytest.mark.parametrize("kind", ["appointment.noshow", "appointment.cancelled"])
def test_a_cancelled_visit_that_is_booked_again_is_planned_again(bench: Bench, kind: str) -> None:
    bench.book(VISIT)
    about(bench, kind)
    bench.clock.advance(HOUR)
    bench.book(VISIT)
    assert bench.outcomes() == ALL_PLANNED
    assert visit(bench).version == 2


def test_what_was_said_of_the_same_time_is_not_said_again_after_a_revival(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    about(bench, "appointment.cancelled")
    bench.book(VISIT)
    assert bench.outcomes()["d7"] == "skipped:covered"
    assert len(bench.sms.texts_to(PHONE)) == 1


def test_an_older_move_that_comes_after_a_newer_one_is_stale(bench: Bench) -> None:
    bench.book(VISIT)
    bench.clock.advance(3 * HOUR)
    late = {"start": (VISIT + 2 * DAY).isoformat()}
    about(
        bench,
        "appointment.rescheduled",
        appointment=late,
        occurred_at=(START + 2 * HOUR).isoformat(),
    )
    about(
        bench,
        "appointment.rescheduled",
        appointment={"start": (VISIT + DAY).isoformat()},
        occurred_at=(START + HOUR).isoformat(),
    )
    assert visit(bench).start_at == VISIT + 2 * DAY
    assert settled_as(bench) == ["applied", "applied", "stale"]


def test_a_cancellation_of_an_unknown_visit_outlives_the_older_booking(bench: Bench) -> None:
    bench.clock.advance(2 * HOUR)
    about(bench, "appointment.cancelled", occurred_at=(START + HOUR).isoformat())
    bench.clock.set(START)
    bench.book(VISIT)
    assert visit(bench).status is AppointmentStatus.CANCELLED
    assert bench.outcomes() == {}
    bench.to(VISIT)
    assert bench.sms.sent == []


def test_a_booking_after_the_cancellation_of_an_unknown_visit_revives_it(bench: Bench) -> None:
    about(bench, "appointment.cancelled")
    bench.clock.advance(HOUR)
    bench.book(VISIT)
    assert bench.outcomes() == ALL_PLANNED


def test_a_booking_in_the_past_texts_nobody(bench: Bench) -> None:
    bench.book(START - HOUR)
    assert set(bench.outcomes().values()) == {"skipped:past_event"}
    bench.to(START + 3 * DAY)
    assert bench.sms.sent == []


def test_a_late_booking_says_only_what_is_still_of_use(bench: Bench) -> None:
    bench.book(START + 20 * HOUR)
    bench.run()
    assert bench.outcomes() == {
        "d7": "skipped:late",
        "d3": "skipped:late",
        "d1": "sent",
        "h2": "planned",
    }


def quietly(bench: Bench, event: dict[str, object]) -> None:
    value = {"source": "test", "occurred_at": bench.clock.now().isoformat(), **event}
    arrive.arrive(
        bench.world,
        json.dumps(value).encode(),
        source="load",
        content_type="application/json",
        quiet=True,
    )
    ingest.drain(bench.world)


def loaded(start: Any, **rest: object) -> dict[str, object]:
    ids = {"ids": [{"system": "visit", "value": "A1"}]}
    return {
        "id": "go-live",
        "type": "appointment.booked",
        "patient": {"ids": [{"system": "mrn", "value": "P1"}], "phone": PHONE},
        "appointment": {
            **ids,
            "start": start.isoformat(),
            "service": "Infusion",
            "location": "cedar_grove",
        },
        **rest,
    }


def test_a_quiet_load_is_state_only_until_the_visit_moves(bench: Bench) -> None:
    quietly(bench, loaded(VISIT))
    assert bench.outcomes() == {}
    about(bench, "appointment.rescheduled", appointment={"start": (VISIT + DAY).isoformat()})
    assert bench.outcomes() == ALL_PLANNED


def test_a_quiet_load_of_a_completed_infusion_asks_nobody_how_they_feel(bench: Bench) -> None:
    event = loaded(START - 6 * HOUR, type="infusion.completed")
    appointment = event["appointment"]
    assert isinstance(appointment, dict)
    appointment["actual_end"] = (START - 2 * HOUR).isoformat()
    quietly(bench, event)
    bench.to(START + 3 * DAY)
    assert visit(bench).actual_end == START - 2 * HOUR
    assert bench.sms.sent == []
    assert kinds(bench) == []


def test_a_quietly_loaded_visit_is_followed_up_after_it_ends(bench: Bench) -> None:
    quietly(bench, loaded(START + HOUR))
    bench.to(START + 5 * HOUR)
    complete(bench, START + 5 * HOUR)
    assert bench.outcomes() == {"h24": "planned", "h72": "planned"}


@pytest.mark.parametrize(
    ("what", "missing"),
    [({"service": "Massage"}, "service"), ({"location": "the moon"}, "place")],
)
def test_a_service_or_place_nobody_mapped_goes_to_staff(
    bench: Bench, what: dict[str, str], missing: str
) -> None:
    bench.book(VISIT, **what)
    bench.book(VISIT, **what)
    (item,) = work(bench)
    assert item.kind == "unclear_visit"
    assert missing in item.summary
    assert bench.outcomes() == {}


@pytest.mark.parametrize("what", [{"service": "Massage"}, {"location": "the moon"}])
def test_an_infusion_whose_service_or_place_nobody_mapped_is_followed_by_a_call(
    bench: Bench, what: dict[str, str]
) -> None:
    bench.book(START - 5 * HOUR, **what)
    for end in (START - HOUR, START - HOUR + timedelta(minutes=5)):
        about(bench, "infusion.completed", appointment={"actual_end": end.isoformat(), **what})
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("call_patient", "same_day")


def test_an_infusion_reported_when_its_check_ins_are_past_is_followed_by_one_call(
    bench: Bench,
) -> None:
    bench.book(START - 20 * DAY)
    complete(bench, START - 15 * DAY)
    complete(bench, START - 15 * DAY + timedelta(minutes=5))
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("call_patient", "same_day")
    assert bench.outcomes()["h24"] == "skipped:late"


def test_a_check_in_that_is_past_is_a_call_and_the_next_one_is_still_texted(bench: Bench) -> None:
    bench.book(START - 3 * DAY)
    complete(bench, START - 2 * DAY - 12 * HOUR)
    assert bench.outcomes()["h24"] == "skipped:late"
    assert bench.outcomes()["h72"] == "planned"
    assert ["h24" in item.summary for item in work(bench)] == [True]


def test_a_quiet_load_of_an_infusion_nobody_can_place_calls_nobody(bench: Bench) -> None:
    event = loaded(START - 6 * HOUR, type="infusion.completed")
    appointment = event["appointment"]
    assert isinstance(appointment, dict)
    appointment |= {"actual_end": (START - 2 * HOUR).isoformat(), "service": "Massage"}
    quietly(bench, event)
    assert kinds(bench) == []


def test_a_site_that_was_added_to_clinic_yaml_while_running_is_planned_for(bench: Bench) -> None:
    sites = bench.world.clinic.sites
    added = replace(sites[0], code="annex", name="Annex", aliases=frozenset())
    clinic = replace(bench.world.clinic, sites=(*sites, added))
    wider = replace(bench, world=replace(bench.world, clinic=clinic))
    wider.book(VISIT, location="annex")
    assert settled_as(wider) == ["applied"]
    assert wider.outcomes() == ALL_PLANNED


def test_a_visit_at_a_site_that_clinic_yaml_lost_goes_to_staff_when_it_moves(bench: Bench) -> None:
    bench.book(VISIT, location="lakeside")
    kept = tuple(site for site in bench.world.clinic.sites if site.code != "lakeside")
    clinic = replace(bench.world.clinic, sites=kept)
    smaller = replace(bench, world=replace(bench.world, clinic=clinic))
    about(smaller, "appointment.rescheduled", appointment={"start": (VISIT + DAY).isoformat()})
    assert settled_as(smaller) == ["applied", "applied"]
    assert kinds(smaller) == ["unclear_visit"]
    assert set(smaller.outcomes().values()) == {"superseded:moved"}


def test_a_day_without_an_hour_is_not_texted(bench: Bench) -> None:
    person = {"phone": PHONE}
    day = {"start": "2027-03-10", "service": "Infusion", "location": "cedar_grove"}
    about(bench, "appointment.booked", patient_=person, appointment=day)
    bench.to(VISIT)
    assert bench.sms.sent == []
    assert kinds(bench) == ["unclear_visit"]


def test_check_ins_count_from_the_actual_end(bench: Bench) -> None:
    bench.book(START + HOUR)
    bench.to(START + 5 * HOUR)
    complete(bench, START + 4 * HOUR)
    assert touchpoint(bench, "h24").due_at == START + 28 * HOUR
    assert patient(bench).infusions == 1
    complete(bench, START + 4 * HOUR)
    assert patient(bench).infusions == 1
    assert visit(bench).end_version == 1


def test_a_corrected_end_counts_the_check_ins_anew(bench: Bench) -> None:
    bench.book(START + HOUR)
    bench.to(START + 5 * HOUR)
    complete(bench, START + 4 * HOUR)
    complete(bench, START + 5 * HOUR)
    assert touchpoint(bench, "h24").due_at == START + 29 * HOUR
    assert visit(bench).end_version == 2
    assert patient(bench).infusions == 1


def test_an_end_corrected_after_the_check_in_does_not_ask_twice(bench: Bench) -> None:
    bench.book(START + HOUR)
    bench.to(START + 5 * HOUR)
    complete(bench, START + 4 * HOUR)
    bench.to(START + 28 * HOUR)
    asked = len(bench.sms.texts_to(PHONE))
    complete(bench, START + 4 * HOUR + timedelta(minutes=20))
    bench.to(START + 30 * HOUR)
    assert len(bench.sms.texts_to(PHONE)) == asked
    assert bench.outcomes()["h24"] == "skipped:covered"
    assert bench.outcomes()["h72"] == "planned"


def test_an_infusion_stopped_early_is_a_call_and_no_survey(bench: Bench) -> None:
    bench.book(START + HOUR)
    bench.to(START + 2 * HOUR)
    complete(bench, START + 2 * HOUR, kind="infusion.stopped")
    assert "h24" not in bench.outcomes()
    assert kinds(bench) == ["infusion_stopped"]


def test_reminders_end_when_the_infusion_is_done(bench: Bench) -> None:
    bench.book(START + 3 * HOUR)
    complete(bench, START)
    assert bench.outcomes()["h2"] == "expired:past_event"


def test_a_visit_given_to_another_patient_is_no_longer_the_first_ones(bench: Bench) -> None:
    other = "+12025550124"
    bench.book(VISIT)
    bench.clock.advance(HOUR)
    bench.book(VISIT, patient="P2", phone=other)
    bench.to(VISIT - 3 * DAY)
    assert bench.sms.texts_to(PHONE) == []
    assert len(bench.sms.texts_to(other)) == 1
    assert set(bench.outcomes("P1").values()) == {"superseded:moved"}


def test_a_duplicate_arrival_has_no_effect(bench: Bench) -> None:
    bench.book(VISIT)
    raw = inbox(bench)[0].raw.encode("latin-1")
    bench.arrive(raw, "application/json")
    assert settled_as(bench) == ["applied"]
    assert visit(bench).version == 1
