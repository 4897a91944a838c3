"""Campaign: launched once, to an audience frozen at that moment, and never ahead of care."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from outreach.domain.consent import ConsentScope
from outreach.domain.errors import NotFound
from outreach.domain.states import ChannelKind
from outreach.pipeline import campaign, consent, due, send
from tests.pipeline.rows import VISIT, messages
from tests.recording import refuse
from tests.worlds import PHONE, START, Bench

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TOKEN = "t"


def wanted(token: str = TOKEN, **rest: Any) -> campaign.Launch:
    fields = {"when": "Monday", "hours": "9 to 5"}
    return campaign.Launch(token, "hours", "campaign_hours", "Nurse One", fields, **rest)


def phone(number: int) -> str:
    return f"+120255501{number:02d}"


def audience(bench: Bench, count: int = 3, *, opted_in: bool = True, **rest: object) -> None:
    for number in range(count):
        bench.event("patient.updated", f"P{number}", patient_={"phone": phone(number), **rest})
        if opted_in:
            allow(bench, phone(number))


def allow(bench: Bench, address: str) -> None:
    consent.record_opt_in(
        bench.world, ChannelKind.SMS, address, ConsentScope.CAMPAIGN, source="import", actor="n"
    )


def progress(bench: Bench, token: str = TOKEN) -> dict[str, int]:
    with bench.world.db.read() as unit:
        found = unit.campaigns.by_token(token)
        assert found is not None
        return dict(unit.campaigns.progress(found.id))


def test_everybody_who_opted_in_gets_it_once(bench: Bench) -> None:
    audience(bench)
    launched = campaign.launch(bench.world, wanted())
    assert (launched.audience, launched.new) == (3, True)
    bench.run()
    bench.run()
    assert progress(bench) == {"sent": 3}
    assert len(bench.sms.sent) == 3
    assert all("9 to 5" in outgoing.text for outgoing in bench.sms.sent)


def test_the_same_token_never_launches_twice(bench: Bench) -> None:
    audience(bench)
    first = campaign.launch(bench.world, wanted())
    again = campaign.launch(bench.world, wanted())
    assert (again.id, again.audience, again.new) == (first.id, 3, False)
    bench.run()
    assert len(bench.sms.sent) == 3


def test_two_people_who_press_the_button_at_once_launch_once(bench: Bench) -> None:
    audience(bench)
    with ThreadPoolExecutor(4) as pool:
        launched = list(pool.map(lambda _: campaign.launch(bench.world, wanted()), range(4)))
    assert [one.new for one in launched].count(True) == 1
    assert len({one.id for one in launched}) == 1


def test_who_comes_later_is_not_in_it(bench: Bench) -> None:
    audience(bench, 2)
    campaign.launch(bench.world, wanted(start_at=START + HOUR))
    bench.event("patient.updated", "P9", patient_={"phone": phone(9)})
    allow(bench, phone(9))
    bench.to(START + HOUR)
    assert bench.sms.texts_to(phone(9)) == []
    assert progress(bench) == {"sent": 2}


def test_only_those_of_a_service_or_a_language(bench: Bench) -> None:
    audience(bench, 2)
    audience(bench, 1, language="es")
    bench.book(VISIT, patient="P1", phone=phone(1))
    assert campaign.launch(bench.world, wanted("a", service="infusion")).audience == 1
    assert campaign.launch(bench.world, wanted("b", language="es")).audience == 1


def test_nobody_gets_it_without_consent_after_a_stop_or_above_the_cap(bench: Bench) -> None:
    audience(bench, 3, opted_in=False)
    allow(bench, phone(1))
    allow(bench, phone(2))
    consent.record_opt_out(bench.world, ChannelKind.SMS, phone(2), source="staff", actor="n")
    campaign.launch(bench.world, wanted("one"))
    bench.run()
    assert progress(bench, "one") == {"skipped:no_consent": 1, "sent": 1, "skipped:opted_out": 1}
    campaign.launch(bench.world, wanted("two"))
    bench.run()
    assert progress(bench, "two")["skipped:cap"] == 1


def test_two_campaigns_at_once_do_not_exceed_the_cap_and_do_not_block_each_other(
    bench: Bench,
) -> None:
    audience(bench, 1)
    campaign.launch(bench.world, wanted("one"))
    campaign.launch(bench.world, wanted("two"))
    bench.run()
    assert len(bench.sms.texts_to(phone(0))) == 1
    assert sorted([*progress(bench, "one"), *progress(bench, "two")]) == ["sent", "skipped:cap"]


def test_three_a_week_are_enough(bench: Bench) -> None:
    audience(bench, 1)
    for day in range(5):
        bench.to(START + day * DAY)
        campaign.launch(bench.world, wanted(str(day)))
        bench.run()
    assert len(bench.sms.sent) == 3
    assert progress(bench, "3") == {"skipped:cap": 1}


def test_it_waits_for_the_hours_of_the_recipient(bench: Bench) -> None:
    audience(bench, 1, zone="America/Los_Angeles")
    campaign.launch(bench.world, wanted())  # 07:00 there
    bench.run()
    assert bench.sms.sent == []
    bench.to(START + 2 * HOUR)
    assert progress(bench) == {"sent": 1}


def test_a_cancelled_campaign_stops_what_has_not_left(bench: Bench) -> None:
    audience(bench)
    campaign.launch(bench.world, wanted())
    due.drain(bench.world)
    assert campaign.cancel(bench.world, "t") == 3
    bench.run()
    assert bench.sms.sent == []
    assert progress(bench) == {"cancelled:cancelled": 3}


def test_the_dead_and_the_merged_are_not_in_it(bench: Bench) -> None:
    audience(bench, 3)
    bench.event("patient.deceased", "P0")
    bench.event("patient.merged", "P2", prior_ids=[{"system": "mrn", "value": "P1"}])
    assert campaign.launch(bench.world, wanted()).audience == 1


def test_a_number_that_failed_is_nobodys_urgent_call(bench: Bench) -> None:
    audience(bench, 1)
    bench.sms.answers.append(refuse(21211))
    campaign.launch(bench.world, wanted())
    bench.run()
    assert progress(bench) == {"failed": 1}
    with bench.world.db.read() as unit:
        assert unit.followups.worklist() == []


def test_unknown_messages_and_tokens_are_not_found(bench: Bench) -> None:
    with pytest.raises(NotFound):
        campaign.launch(bench.world, campaign.Launch("t", "n", "no_such", "n", {}))
    with pytest.raises(NotFound):
        campaign.cancel(bench.world, "never")


def test_care_does_not_wait_behind_a_campaign(bench: Bench) -> None:
    audience(bench, 20)
    bench.book(VISIT, patient="P99", phone=PHONE)
    bench.clock.set(VISIT - 7 * DAY)
    bench.machine.set(VISIT - 7 * DAY)
    campaign.launch(bench.world, wanted())
    due.drain(bench.world)
    assert send.drain(bench.world, send.CARE_LANE) == 1
    assert [outgoing.to for outgoing in bench.sms.sent] == [PHONE]
    send.drain(bench.world)
    assert len(bench.sms.sent) == 21


def test_care_texts_count_but_are_never_dropped(bench: Bench) -> None:
    for number in range(3):
        bench.book(VISIT + number * DAY, visit=f"A{number}", patient="P0", phone=phone(0))
    allow(bench, phone(0))
    for number in range(3):
        bench.to(VISIT + (number - 7) * DAY)
    assert len(bench.sms.texts_to(phone(0))) == 3
    campaign.launch(bench.world, wanted())
    bench.run()
    assert progress(bench) == {"planned": 1}  # not on a day with a care text
    bench.to(VISIT - 4 * DAY)
    assert progress(bench) == {"skipped:cap": 1}  # nor a fourth in a week
    bench.to(VISIT - 3 * DAY)
    assert len(bench.sms.texts_to(phone(0))) == 4
    assert all(row.purpose != "campaign" for row in messages(bench))
