"""Plan: journeys and anchors become touchpoints, each with its times and its reason."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from outreach.domain.journeys import Anchor, Journey, Offset, Only, Step
from outreach.domain.states import ChannelKind, Purpose
from tests.pipeline.rows import VISIT, patient, touchpoint
from tests.worlds import JOURNEYS, Bench, make_bench

DAY = timedelta(days=1)


def test_a_touchpoint_carries_all_that_its_step_says(bench: Bench) -> None:
    bench.book(VISIT)
    row = touchpoint(bench, "d7")
    assert (row.journey, row.journey_digest, row.template) == ("infusion_visit", "visit", "prep_7d")
    assert (row.channels, row.also_email, row.asks) == (["sms"], True, "confirm")
    assert (row.purpose, row.site_code, row.question_hours) == ("care", "cedar_grove", 48)
    assert row.useful_until == row.due_at + 2 * DAY


def test_a_first_visit_has_words_of_its_own(bench: Bench) -> None:
    bench.book(VISIT, first_visit=True)
    assert touchpoint(bench, "d7").template == "prep_7d_first"
    assert touchpoint(bench, "d3").template == "prep_3d"


def test_a_reminder_is_never_of_use_after_the_visit_began(bench: Bench) -> None:
    bench.book(VISIT)
    assert touchpoint(bench, "h2").useful_until == VISIT


def test_the_sites_own_zone_counts(bench: Bench) -> None:
    evening = Journey(
        "evening",
        "The evening before",
        Anchor.VISIT_START,
        frozenset({"infusion"}),
        Purpose.CARE,
        (Step("eve", "prep_1d", Offset(days=-1, at=VISIT.replace(hour=18).time()), 4),),
    )
    world = replace(bench.world, journeys=(evening,))
    chicago = replace(bench, world=world)
    chicago.book(VISIT, location="lakeside")
    assert touchpoint(chicago, "eve").due_at.astimezone(ZoneInfo("America/Chicago")).hour == 18


def test_steps_for_first_visits_only_are_left_out_of_later_ones(bench: Bench) -> None:
    step = Step("welcome", "welcome", Offset(days=-8), 20, only=frozenset({Only.FIRST_VISIT}))
    journey = replace(JOURNEYS[0], steps=(step,))
    firsts = replace(bench, world=replace(bench.world, journeys=(journey,)))
    firsts.book(VISIT, visit="A1", patient="P1", first_visit=True)
    firsts.book(VISIT, visit="A2", patient="P2", first_visit=False)
    assert firsts.outcomes("P1") == {"welcome": "planned"}
    assert firsts.outcomes("P2") == {}


def test_home_doses_keep_the_patients_own_hours(database_url: str) -> None:
    next_day = JOURNEYS[2]
    bench = make_bench(database_url, journeys=(next_day,))
    dose = VISIT.replace(month=3, day=13)
    bench.event(
        "regimen.prescribed",
        patient_={"zone": "America/Phoenix"},
        regimen={"ids": [{"system": "rx", "value": "R"}], "dose_dates": [dose.isoformat()]},
    )
    # New York changes its clocks that night, Phoenix does not
    assert touchpoint(bench, "missed").due_at == dose + DAY
    bench.world.db.close()


def test_channels_are_tried_in_the_order_of_the_step(bench: Bench) -> None:
    step = Step(
        "mail", "prep_7d", Offset(days=-7), 48, channels=(ChannelKind.EMAIL, ChannelKind.SMS)
    )
    journey = replace(JOURNEYS[0], steps=(step,))
    mails = replace(bench, world=replace(bench.world, journeys=(journey,)))
    mails.book(VISIT, patient_={"email": "robin@testcase.example"})
    mails.to(VISIT - 7 * DAY)
    assert (len(mails.email.sent), len(mails.sms.sent)) == (1, 0)
    assert patient(mails).infusions == 0
