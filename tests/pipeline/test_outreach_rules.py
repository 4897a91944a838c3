"""Campaigns, education and marketing: whose hours, whose consent, and care before them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from outreach.configuration.policy_file import load_policy
from outreach.domain.consent import ConsentScope
from outreach.domain.errors import BadInput
from outreach.domain.states import ChannelKind, Purpose
from outreach.pipeline import campaign, consent, due
from tests.pipeline.rows import VISIT, touchpoint, work
from tests.worlds import CONFIG, PHONE, START, Bench, make_bench

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MIDNIGHT = START.replace(hour=5)
"""Monday begins in New York."""
TOKEN = "t"
SUNDAY = MIDNIGHT + 6 * DAY


@pytest.fixture
def bench(database_url: str) -> Bench:
    """With the shipped rules, at night."""
    return make_bench(database_url, at=MIDNIGHT, policy=load_policy(CONFIG / "policy.yaml"))


def known(bench: Bench, name: str = "P1", phone: str = PHONE, **rest: Any) -> None:
    """A patient who wants campaigns."""
    bench.event("patient.updated", name, patient_={"phone": phone, **rest})
    allow(bench, phone)


def allow(bench: Bench, phone: str = PHONE) -> None:
    consent.record_opt_in(
        bench.world, ChannelKind.SMS, phone, ConsentScope.CAMPAIGN, source="staff", actor="n"
    )


def launch(bench: Bench, token: str = TOKEN, purpose: Purpose = Purpose.CAMPAIGN) -> None:
    fields = {"when": "Monday", "hours": "9 to 5"}
    wanted = campaign.Launch(token, "hours", "campaign_hours", "n", fields, purpose)
    campaign.launch(bench.world, wanted)
    bench.run()


def outcome(bench: Bench, name: str = "P1") -> str:
    return bench.outcomes(name)["campaign_hours"]


def due_at(bench: Bench, name: str = "P1") -> datetime:
    return touchpoint(bench, "campaign_hours", name).due_at


# --- hours


@pytest.mark.parametrize(
    ("about", "opens"),
    [
        ({"phone": "+12125550123"}, 14),  # 9 in New York
        ({"phone": "+14155550123"}, 17),  # 9 in San Francisco
        ({"phone": "+14155550123", "postal_code": "10001"}, 14),  # the postal code counts more
        ({"phone": "+14155550123", "postal_code": "60601"}, 15),
        ({"postal_code": "10001", "zone": "America/Los_Angeles"}, 17),  # verified counts most
        ({"phone": "+18505550123"}, 15),  # the area code has two times: 9 in the later one
        ({"phone": "+15025550123"}, 15),  # 10 in Kentucky
        ({"postal_code": "99501"}, 19),  # Anchorage, or the islands an hour behind it
    ],
)
def test_it_waits_for_the_morning_where_the_person_is(
    about: dict[str, str], opens: int, bench: Bench
) -> None:
    known(bench, **about)
    launch(bench)
    assert due_at(bench) == MIDNIGHT.replace(hour=opens)
    assert bench.sms.sent == []
    bench.to(MIDNIGHT.replace(hour=opens))
    assert outcome(bench) == "sent"


@pytest.mark.parametrize(
    "about",
    [
        {"phone": "+18005550123"},
        {"phone": "+12125550123", "postal_code": "09012"},  # armed forces, abroad
    ],
)
def test_where_nothing_is_known_nothing_goes(about: dict[str, str], bench: Bench) -> None:
    known(bench, **about)
    bench.to(START)
    launch(bench)
    assert outcome(bench) == "skipped:zone_unknown"
    assert bench.sms.sent == []


@pytest.mark.parametrize(
    ("phone", "opens"),
    [
        ("+12125550123", SUNDAY.replace(hour=17)),  # New York: at noon
        ("+12055550123", (SUNDAY + DAY).replace(hour=15)),  # Alabama: Monday, 9 in Birmingham
        ("+15045550123", (SUNDAY + DAY).replace(hour=15)),
        ("+16015550123", (SUNDAY + DAY).replace(hour=15)),
    ],
)
def test_a_state_may_close_its_sundays(phone: str, opens: datetime, bench: Bench) -> None:
    known(bench, phone=phone)
    bench.to(SUNDAY + HOUR)
    launch(bench)
    assert due_at(bench) == opens


def test_every_plausible_state_is_heard(bench: Bench) -> None:
    known(bench, phone="+12055550123", zone="America/New_York")  # verified, with an Alabama number
    bench.to(SUNDAY + HOUR)
    launch(bench)
    assert due_at(bench).astimezone(bench.world.clinic.zone).weekday() == 0


def test_what_left_the_queue_late_is_asked_again_where_the_person_is(bench: Bench) -> None:
    known(bench, phone="+12125550123")
    bench.to(MIDNIGHT.replace(hour=14) + 10 * HOUR + timedelta(minutes=59))  # 19:59 in New York
    fields = {"when": "Monday", "hours": "9 to 5"}
    campaign.launch(bench.world, campaign.Launch("t", "h", "campaign_hours", "n", fields))
    due.drain(bench.world)
    bench.to(bench.clock.now() + timedelta(minutes=1))
    assert bench.sms.sent == []
    row = touchpoint(bench, "campaign_hours")
    assert "New York" in row.note
    assert "policy.yaml windows.outreach" in row.note
    bench.to(MIDNIGHT.replace(hour=14) + DAY)
    assert outcome(bench) == "sent"


def test_the_provider_is_given_no_longer_than_the_first_window_is_open(bench: Bench) -> None:
    known(bench, phone="+18505550123")  # New York or Chicago: 20:00 comes first in New York
    bench.to(MIDNIGHT.replace(hour=23))
    launch(bench)
    assert outcome(bench) == "sent"
    assert bench.sms.sent[0].validity_seconds == 2 * 3600


def test_a_text_about_a_visit_keeps_the_hours_of_the_site(bench: Bench) -> None:
    bench.book(VISIT.replace(hour=14), phone="+14155550123", patient_={"postal_code": "94103"})
    bench.to(VISIT.replace(hour=14) - 7 * DAY)
    assert bench.outcomes()["d7"] == "sent"  # 9:00 at the site, 6:00 in San Francisco


def test_a_text_about_a_home_dose_keeps_the_hours_of_the_patient(bench: Bench) -> None:
    due = MIDNIGHT.replace(hour=14) + DAY
    for name, phone in (("P1", "+14155550123"), ("P2", "+18005550123")):
        bench.event(
            "regimen.prescribed",
            name,
            patient_={"phone": phone},
            regimen={"ids": [{"system": "rx", "value": name}], "dose_dates": [due.isoformat()]},
        )
    bench.to(due)
    assert bench.outcomes("P2")["dose"] == "sent"  # nothing is known: the clinic's own hours
    assert bench.outcomes("P1")["dose"] == "planned"
    bench.to(due + 2 * HOUR)  # 8:00 in San Francisco
    assert bench.outcomes("P1")["dose"] == "sent"


# --- marketing


def authorise(bench: Bench, **rest: Any) -> None:
    consent.record_authorisation(
        bench.world, ChannelKind.SMS, PHONE, actor="n", words="Form 7, signed", **rest
    )


def test_marketing_needs_an_authorisation_and_no_opt_in_stands_in_for_it(bench: Bench) -> None:
    known(bench)
    for scope in (ConsentScope.ALL, ConsentScope.EDUCATION, ConsentScope.CARE):
        consent.record_opt_in(bench.world, ChannelKind.SMS, PHONE, scope, source="staff", actor="n")
    bench.to(START)
    launch(bench, "one", Purpose.MARKETING)
    assert outcome(bench) == "skipped:no_consent"
    assert "45 CFR 164.508(a)(3)" in touchpoint(bench, "campaign_hours").note
    authorise(bench)
    launch(bench, "two", Purpose.MARKETING)
    assert len(bench.sms.sent) == 1


def test_an_authorisation_permits_marketing_alone_and_until_its_day(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE})
    bench.to(START)
    authorise(bench, ends_at=START + DAY)
    launch(bench, "one")
    assert outcome(bench) == "skipped:no_consent"
    bench.to(START + DAY)
    launch(bench, "two", Purpose.MARKETING)
    assert bench.sms.sent == []


def test_an_authorisation_that_ended_or_follows_a_stop_is_not_recorded(bench: Bench) -> None:
    with pytest.raises(BadInput, match="has ended"):
        authorise(bench, ends_at=MIDNIGHT)
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")
    with pytest.raises(BadInput, match="asked us to stop"):
        authorise(bench)
    with pytest.raises(BadInput, match="signed authorisation"):
        consent.record_opt_in(
            bench.world,
            ChannelKind.SMS,
            PHONE,
            ConsentScope.MARKETING,
            source="staff",
            actor="n",
        )


@pytest.mark.parametrize("purpose", [Purpose.CARE, Purpose.REPLY, Purpose.STAFF])
def test_a_campaign_never_passes_for_care_or_for_an_answer(purpose: Purpose, bench: Bench) -> None:
    with pytest.raises(BadInput, match="campaign, education, marketing"):
        launch(bench, purpose=purpose)


# --- care first


def test_a_campaign_waits_for_a_day_without_a_care_text(bench: Bench) -> None:
    bench.book(VISIT)
    allow(bench)
    bench.to(VISIT - 7 * DAY - HOUR)  # 9:00; the reminder goes at 10:00
    launch(bench)
    assert outcome(bench) == "planned"
    assert due_at(bench) == VISIT - 6 * DAY - HOUR
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "sent"
    bench.to(VISIT - 6 * DAY - HOUR)
    assert outcome(bench) == "sent"


def test_it_waits_too_when_the_care_text_has_gone_already(bench: Bench) -> None:
    bench.book(VISIT)
    allow(bench)
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "sent"
    launch(bench)
    assert due_at(bench) == VISIT - 6 * DAY - HOUR
    assert "yield to care" in touchpoint(bench, "campaign_hours").note


def test_care_on_every_day_ends_it(bench: Bench) -> None:
    known(bench)
    doses = [(MIDNIGHT.replace(hour=16) + day * DAY).isoformat() for day in range(5)]
    bench.event(
        "regimen.prescribed",
        patient_={"phone": PHONE},
        regimen={"ids": [{"system": "rx", "value": "R"}], "dose_dates": doses},
    )
    bench.to(START)
    launch(bench)
    assert outcome(bench) == "skipped:cap"


def test_the_care_of_somebody_else_holds_nothing_back(bench: Bench) -> None:
    bench.book(VISIT, patient="P2", phone="+12025550124")
    known(bench)
    bench.to(VISIT - 7 * DAY)
    launch(bench)
    assert outcome(bench) == "sent"


def test_a_care_text_that_comes_up_while_it_waits_in_the_queue_goes_first(bench: Bench) -> None:
    known(bench)
    bench.to(START)
    fields = {"when": "Monday", "hours": "9 to 5"}
    campaign.launch(bench.world, campaign.Launch("t", "h", "campaign_hours", "n", fields))
    due.drain(bench.world)
    bench.book(START + 7 * DAY + 2 * HOUR)  # its first reminder is due in two hours
    bench.run()
    assert bench.sms.sent == []
    bench.to(START + 2 * HOUR)
    assert len(bench.sms.sent) == 1
    bench.to(MIDNIGHT.replace(hour=14) + DAY)
    assert outcome(bench) == "sent"


# --- many care texts


def busy_day(bench: Bench) -> None:
    """On the day of VISIT four visits to come and two home doses are spoken of: six texts."""
    for number, days in enumerate((0, 1, 3, 7)):
        bench.book(VISIT + days * DAY, visit=f"A{number}")
    doses = [VISIT - DAY + 2 * HOUR, VISIT + 3 * HOUR]
    bench.event(
        "regimen.prescribed",
        regimen={
            "ids": [{"system": "rx", "value": "R"}],
            "dose_dates": [dose.isoformat() for dose in doses],
        },
    )


def operator_items(bench: Bench) -> list[str]:
    return [row.summary for row in work(bench) if row.kind == "operator"]


def test_more_than_four_care_texts_a_day_go_and_staff_hear_of_it_once(bench: Bench) -> None:
    busy_day(bench)
    bench.through(VISIT - 4 * HOUR)
    before = len(bench.sms.texts_to(PHONE))
    bench.through(VISIT + HOUR)
    assert (len(bench.sms.texts_to(PHONE)) - before, operator_items(bench)) == (4, [])
    bench.through(VISIT + 9 * HOUR)
    assert len(bench.sms.texts_to(PHONE)) - before == 6
    (told,) = operator_items(bench)
    assert told.startswith("More than 4 care texts")
    bench.through(VISIT + 30 * HOUR)
    assert len(operator_items(bench)) == 1


def test_many_care_texts_in_one_batch_are_counted_too(bench: Bench) -> None:
    busy_day(bench)
    bench.through(VISIT - 4 * HOUR)
    before = len(bench.sms.sent)
    bench.clock.set(VISIT + 3 * HOUR)
    bench.run()
    assert len(bench.sms.sent) - before == 5  # the visit of that day has begun
    assert len(operator_items(bench)) == 1


# --- batches


def test_a_larger_batch_asks_no_more_questions(bench: Bench) -> None:
    asked: list[str] = []

    def keep(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            asked.append(statement)

    def questions(token: str, people: range) -> int:
        for number in people:
            known(bench, f"P{number}", f"+120255501{number:02d}")
        fields = {"when": "Monday", "hours": "9 to 5"}
        wanted = campaign.Launch(token, "h", "campaign_hours", "n", fields)
        campaign.launch(bench.world, wanted)
        asked.clear()
        due.drain(bench.world)
        return len(asked)

    bench.to(START)
    event.listen(bench.world.db.engine, "before_cursor_execute", keep)
    few = questions("few", range(2))
    assert questions("many", range(2, 12)) == few
    event.remove(bench.world.db.engine, "before_cursor_execute", keep)


def test_without_a_table_of_states_the_clinics_own_hours_hold(bench: Bench) -> None:
    plain = replace(
        bench, world=replace(bench.world, policy=replace(bench.world.policy, state_weeks={}))
    )
    known(plain, phone="+12055550123")
    plain.to(SUNDAY + 13 * HOUR)
    launch(plain)
    assert outcome(plain) == "sent"
