"""Pages go on until an item is closed, name where it is, and never come in a flood."""

from datetime import timedelta

import pytest

from outreach.domain.states import FollowUpStatus, MessageStatus, SkipReason
from outreach.domain.triage.result import Action
from outreach.pipeline import followup, send, triage
from outreach.pipeline.ports import Outgoing
from outreach.storage.models import FollowUp
from tests.pipeline.rows import VISIT, kinds, messages, work
from tests.recording import refuse
from tests.worlds import PHONE, Bench

RED_FLAG = "chest pain, cannot breathe"
TARGET = timedelta(minutes=5)
"""How long the clinic gives for what is answered with 911, and between two rounds."""


@pytest.fixture
def alarm(bench: Bench) -> FollowUp:
    """An urgent item that was paged once."""
    bench.book(VISIT)
    bench.says(RED_FLAG)
    bench.run()
    (item,) = work(bench)
    return item


def pages(bench: Bench) -> list[Outgoing]:
    return [outgoing for outgoing in bench.sms.sent if outgoing.purpose == "staff"]


def pass_time(bench: Bench, time: timedelta) -> None:
    bench.to(bench.clock.now() + time)


def test_a_page_says_where_the_item_is(bench: Bench, alarm: FollowUp) -> None:
    address = f"https://outreach.cedar-grove.example.org/followups/{alarm.code}"
    assert address in pages(bench)[0].text
    (mail,) = [outgoing for outgoing in bench.email.sent if outgoing.purpose == "staff"]
    assert mail.html is not None
    assert address in mail.text
    assert address in mail.html


def test_an_item_that_was_taken_and_not_closed_is_paged_again(
    bench: Bench, alarm: FollowUp
) -> None:
    for times in range(1, 4):
        followup.acknowledge(bench.world, alarm.code, "nurse")
        pass_time(bench, TARGET - timedelta(seconds=1))
        assert len(pages(bench)) == times
        assert work(bench)[0].status is FollowUpStatus.ACKNOWLEDGED
        pass_time(bench, timedelta(seconds=1))
        assert len(pages(bench)) == times + 1
        assert work(bench)[0].status is FollowUpStatus.OPEN
    with bench.world.db.read() as unit:
        notes = [(note.what, note.note) for note in unit.followups.notes_of(alarm.id)]
    assert ("reopened", "not closed in 5 minutes") in notes


def test_an_hour_is_given_for_what_must_be_answered_in_an_hour(bench: Bench) -> None:
    with bench.world.db.write() as unit:
        new = followup.NewItem("test", "symptom", Action.PAGE_1H, "Phone them.")
        code = followup.open_item(unit, bench.world, new).code
    bench.run()
    followup.acknowledge(bench.world, code, "nurse")
    pass_time(bench, timedelta(minutes=59))
    assert len(pages(bench)) == 1
    pass_time(bench, timedelta(minutes=1))
    assert len(pages(bench)) == 2


def test_closing_ends_the_pages(bench: Bench, alarm: FollowUp) -> None:
    followup.acknowledge(bench.world, alarm.code, "nurse")
    followup.close(bench.world, alarm.code, "nurse", "seen in the clinic")
    for _ in range(3):
        pass_time(bench, timedelta(hours=1))
    assert len(pages(bench)) == 1


def test_a_same_day_item_that_was_taken_is_left_in_peace(bench: Bench) -> None:
    with bench.world.db.write() as unit:
        new = followup.NewItem("test", "question", Action.SAME_DAY, "Phone them.")
        code = followup.open_item(unit, bench.world, new).code
    followup.acknowledge(bench.world, code, "nurse")
    for _ in range(4):
        pass_time(bench, timedelta(hours=6))
    assert pages(bench) == []


def test_after_an_outage_only_the_newest_round_goes(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says(RED_FLAG)
    for _ in range(12):
        followup.drain(bench.world)
        pass_clocks(bench, TARGET)
    followup.drain(bench.world)
    send.drain(bench.world)
    assert len(pages(bench)) == 1
    older = [row for row in messages(bench) if row.followup_id and row.status == "skipped"]
    assert {row.reason for row in older} == {SkipReason.STOPPED}
    assert len(older) == 24


@pytest.mark.parametrize("closed", [False, True])
def test_what_was_taken_during_an_outage_is_not_paged_after_it(bench: Bench, closed: bool) -> None:
    bench.book(VISIT)
    bench.says(RED_FLAG)
    followup.drain(bench.world)
    pass_clocks(bench, timedelta(minutes=1))
    (item,) = work(bench)
    followup.acknowledge(bench.world, item.code, "nurse")
    if closed:
        followup.close(bench.world, item.code, "nurse", "done")
    send.drain(bench.world)
    assert pages(bench) == []
    waiting = [row for row in messages(bench) if row.followup_id]
    assert {(row.status, row.reason) for row in waiting} == {
        (MessageStatus.SKIPPED, SkipReason.STOPPED)
    }


def test_a_page_that_fails_is_told_to_the_operator(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says(RED_FLAG)
    triage.drain(bench.world)
    bench.sms.answers.extend([bench.sms.accept, refuse(21211)])  # the patient's answer, the page
    bench.run()
    assert "operator" in kinds(bench)


def test_pages_that_always_fail_keep_their_pace(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says(RED_FLAG)

    bench.sms.answers.extend([bench.sms.accept, *[refuse(21211)] * 20])
    bench.run()
    assert len(pages(bench)) == 1
    for rounds in range(2, 8):
        pass_time(bench, TARGET)
        assert len(pages(bench)) == rounds


def pass_clocks(bench: Bench, time: timedelta) -> None:
    """Time passes, and no worker runs."""
    bench.clock.advance(time)
    bench.machine.advance(time)


def test_the_patient_hears_nothing_of_all_this(bench: Bench, alarm: FollowUp) -> None:
    for _ in range(3):
        pass_time(bench, TARGET)
    assert len(bench.sms.texts_to(PHONE)) == 1
    assert alarm.code not in bench.sms.texts_to(PHONE)[0]
