"""Red flags of one patient within a day are one item, which opens again and is paged anew."""

from datetime import timedelta

import pytest

from outreach.domain.states import FollowUpStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.storage.models import FollowUp, FollowUpNote
from tests.pipeline.rows import VISIT, kinds, work
from tests.worlds import Bench

EMERGENCY = "chest pain, cannot breathe"
WITHIN_AN_HOUR = "my headache is really bad and my neck is stiff"


def pages(bench: Bench) -> int:
    return sum(outgoing.purpose == "staff" for outgoing in bench.sms.sent)


def history(bench: Bench, item: FollowUp) -> list[FollowUpNote]:
    with bench.world.db.read() as unit:
        return unit.followups.notes_of(item.id)


@pytest.fixture
def first(bench: Bench) -> FollowUp:
    bench.book(VISIT)
    bench.says(WITHIN_AN_HOUR)
    bench.run()
    (item,) = work(bench)
    assert (item.kind, item.action) == ("red_flag", Action.PAGE_1H)
    return item


@pytest.mark.parametrize("status", FollowUpStatus)
def test_a_second_red_flag_opens_the_item_again_and_pages_at_once(
    bench: Bench, first: FollowUp, status: FollowUpStatus
) -> None:
    if status is not FollowUpStatus.OPEN:
        followup.acknowledge(bench.world, first.code, "nurse")
    if status is FollowUpStatus.CLOSED:
        followup.close(bench.world, first.code, "nurse", "felt better")
    bench.to(bench.clock.now() + timedelta(minutes=2))
    assert pages(bench) == 1
    bench.says(EMERGENCY)
    bench.run()
    (item,) = work(bench)
    assert item.id == first.id
    assert item.status is FollowUpStatus.OPEN
    assert item.action is Action.CALL_911
    assert item.due_at == bench.clock.now() + timedelta(minutes=5)
    assert (item.assignee, item.closed_at) == (None, None)
    assert pages(bench) == 2


def test_every_reply_of_an_episode_is_found_by_its_item(bench: Bench, first: FollowUp) -> None:
    bench.says(EMERGENCY)
    notes = [note for note in history(bench, first) if note.reply_id is not None]
    assert [note.what for note in notes] == ["created", "red flag"]
    with bench.world.db.read() as unit:
        said = [reply.id for reply in unit.replies.everything()]
        for reply_id in said:
            found = unit.followups.episode_of_reply(reply_id, "red_flag")
            assert found is not None
            assert found.id == first.id
    assert [note.reply_id for note in notes] == said
    assert all(note.note for note in notes)


def test_a_lesser_flag_does_not_hide_the_emergency(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says(EMERGENCY)
    (before,) = work(bench)
    bench.clock.advance(timedelta(minutes=1))
    bench.says(WITHIN_AN_HOUR)
    (after,) = work(bench)
    assert (after.action, after.summary) == (Action.CALL_911, before.summary)
    assert after.due_at == before.due_at


def test_the_same_reply_given_twice_changes_nothing(bench: Bench, first: FollowUp) -> None:
    bench.says(EMERGENCY)
    (item,) = work(bench)
    told = len(history(bench, item))
    with bench.world.db.write() as unit:
        again = followup.NewItem(
            "reply:again", "red_flag", item.action, "again", item.patient_id, item.reply_id
        )
        assert followup.open_item(unit, bench.world, again).id == first.id
    assert len(history(bench, item)) == told


def test_after_a_day_it_is_a_new_episode(bench: Bench, first: FollowUp) -> None:
    followup.acknowledge(bench.world, first.code, "nurse")
    followup.close(bench.world, first.code, "nurse", "felt better")
    bench.to(bench.clock.now() + timedelta(hours=24))
    bench.says(EMERGENCY)
    assert kinds(bench) == ["red_flag", "red_flag"]


def test_somebody_elses_red_flag_is_an_item_of_its_own(bench: Bench, first: FollowUp) -> None:
    bench.book(VISIT, visit="A2", patient="P2", phone="+12025550124")
    bench.says(EMERGENCY, sender="+12025550124")
    assert len({item.patient_id for item in work(bench)} | {first.patient_id}) == 2
    assert kinds(bench) == ["red_flag", "red_flag"]
