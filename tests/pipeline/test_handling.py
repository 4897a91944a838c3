"""What people do with an item: take, try, note, hand over, lay aside, close, give back."""

from datetime import timedelta

import pytest

from outreach.domain.errors import BadInput
from outreach.domain.followups import Contact, Ending, StaffRole
from outreach.domain.states import FollowUpStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.storage.models import FollowUp
from tests.worlds import START, Bench

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NURSE = "+12025550199"


def make(
    bench: Bench, action: Action = Action.CALL_911, key: str = "k", kind: str = "red_flag"
) -> FollowUp:
    with bench.world.db.write() as unit:
        new = followup.NewItem(key, kind, action, "Call the patient.")
        return followup.open_item(unit, bench.world, new)


def look(bench: Bench, item: FollowUp) -> FollowUp:
    with bench.world.db.read() as unit:
        found = unit.followups.followup(item.id)
        assert found is not None
        return found


def history(bench: Bench, item: FollowUp) -> list[tuple[str, str, str | None]]:
    with bench.world.db.read() as unit:
        return [(note.what, note.who, note.note) for note in unit.followups.notes_of(item.id)]


def pages(bench: Bench) -> int:
    return len(bench.sms.texts_to(NURSE))


def test_not_reaching_the_patient_is_noted_and_ends_nothing(bench: Bench) -> None:
    item = make(bench)
    bench.run()
    followup.attempt(bench.world, item.code, "Nurse One", Contact.VOICEMAIL, "asked to call back")
    now = look(bench, item)
    assert (now.status, now.assignee, now.reached_at) == ("acknowledged", "Nurse One", None)
    assert now.reach_by == START + 5 * MINUTE
    bench.to(START + 5 * MINUTE)
    assert look(bench, item).status is FollowUpStatus.OPEN
    assert pages(bench) == 2
    assert ("not reached", "Nurse One", "voicemail: asked to call back") in history(bench, item)


def test_reaching_the_patient_stops_the_second_clock_but_the_item_must_still_be_closed(
    bench: Bench,
) -> None:
    item = make(bench)
    bench.run()
    followup.attempt(bench.world, item.code, "Nurse One", Contact.REACHED)
    assert look(bench, item).reached_at == START
    bench.to(START + 479 * MINUTE)
    assert pages(bench) == 1
    bench.to(START + 480 * MINUTE)
    assert pages(bench) == 2
    now = look(bench, item)
    assert (now.status, now.reached_at, now.reach_by) == ("open", None, None)


def test_one_call_hands_all_open_items_of_one_person_to_another(bench: Bench) -> None:
    mine = [make(bench, Action.ROUTINE, "1", "question"), make(bench, Action.PAGE_1H, "2")]
    closed, other = make(bench, key="3"), make(bench, key="4")
    for item in (*mine, closed):
        followup.acknowledge(bench.world, item.code, "Nurse One")
    followup.close(bench.world, closed.code, "Nurse One", "well")
    followup.acknowledge(bench.world, other.code, "Nurse Three")
    before = look(bench, mine[1]).escalate_at
    moved = followup.hand_off(bench.world, " Nurse One ", "Nurse Two", "Nurse One")
    assert [item.code for item in moved] == [mine[1].code, mine[0].code]
    assert {look(bench, item).assignee for item in mine} == {"Nurse Two"}
    assert look(bench, closed).assignee == "Nurse One"
    assert look(bench, other).assignee == "Nurse Three"
    assert look(bench, mine[1]).escalate_at == before  # no item gets more time
    assert ("handed over", "Nurse One", "from Nurse One to Nurse Two") in history(bench, mine[0])
    assert followup.hand_off(bench.world, "Nurse One", "Nurse Two", "Nurse One") == []
    with pytest.raises(BadInput):
        followup.hand_off(bench.world, "Nurse One", "Nurse One", "x")


def test_an_item_that_is_assigned_is_still_paged_until_it_is_taken(bench: Bench) -> None:
    item = make(bench)
    followup.assign(bench.world, item.code, "Nurse Two", "Charge nurse")
    bench.run()
    bench.to(START + 5 * MINUTE)
    assert pages(bench) == 2
    assert look(bench, item).assignee == "Nurse Two"


def test_an_urgent_item_that_nobody_took_cannot_be_laid_aside(bench: Bench) -> None:
    item = make(bench)
    bench.run()
    with pytest.raises(BadInput):
        followup.snooze(bench.world, item.code, "Nurse One", START + MINUTE)
    assert look(bench, item).snoozed_until is None


def test_what_rests_wakes_by_itself_and_is_paged_as_before(bench: Bench) -> None:
    item = make(bench, Action.PAGE_1H)
    bench.run()
    followup.acknowledge(bench.world, item.code, "Nurse One")
    followup.snooze(bench.world, item.code, "Nurse One", START + 30 * MINUTE)
    bench.to(START + 29 * MINUTE)
    assert pages(bench) == 1
    bench.to(START + 30 * MINUTE)
    now = look(bench, item)
    assert (now.status, now.snoozed_until) == ("open", None)
    assert pages(bench) == 2
    bench.to(START + 35 * MINUTE)
    assert pages(bench) == 3


def test_a_same_day_item_that_rested_is_paged_when_it_is_late(bench: Bench) -> None:
    item = make(bench, Action.SAME_DAY, kind="question")
    followup.snooze(bench.world, item.code, "Nurse One", START + HOUR)
    bench.to(START + HOUR)
    assert look(bench, item).snoozed_until is None
    assert pages(bench) == 0
    bench.to(START + 8 * HOUR)
    assert pages(bench) == 1


def test_a_routine_item_that_rested_is_on_the_list_again_and_pages_nobody(bench: Bench) -> None:
    item = make(bench, Action.ROUTINE, kind="question")
    followup.acknowledge(bench.world, item.code, "Nurse One")
    followup.snooze(bench.world, item.code, "Nurse One", START + 100 * HOUR)
    bench.to(START + 100 * HOUR)
    now = look(bench, item)
    assert (now.snoozed_until, now.escalate_at, now.assignee) == (None, None, "Nurse One")
    assert pages(bench) == 0
    assert ("woken", "outreach", None) in history(bench, item)


def test_a_new_red_flag_wakes_what_rests(bench: Bench) -> None:
    bench.book(START + timedelta(days=9))
    bench.says("3 bad headache and my neck is stiff")
    bench.run()
    with bench.world.db.read() as unit:
        (item,) = unit.followups.worklist()
    followup.acknowledge(bench.world, item.code, "Nurse One")
    followup.snooze(bench.world, item.code, "Nurse One", START + 50 * MINUTE)
    before = pages(bench)
    bench.says("now I have chest pain")
    bench.run()
    now = look(bench, item)
    assert (now.status, now.snoozed_until, now.reach_by) == ("open", None, None)
    assert pages(bench) == before + 1


@pytest.mark.parametrize("role", [role for role in StaffRole if role is not StaffRole.NURSE])
def test_only_a_nurse_closes_a_clinical_item(bench: Bench, role: StaffRole) -> None:
    item = make(bench)
    with pytest.raises(BadInput):
        followup.close(bench.world, item.code, "Front desk", "well", role=role)
    assert look(bench, item).status is FollowUpStatus.OPEN
    trouble = make(bench, Action.SAME_DAY, "o", "operator")
    assert followup.close(bench.world, trouble.code, "Front desk", "mended", role=role).closed_at


def test_a_closing_says_how_it_ended_from_a_closed_list(bench: Bench) -> None:
    first, second = make(bench), make(bench, key="2")
    followup.close(bench.world, first.code, "Nurse One", "advised: rest and fluids")
    followup.close(bench.world, second.code, "Nurse One", "Sent to the ER", ending=Ending.EMERGENCY)
    assert look(bench, first).ending is Ending.ADVISED
    assert look(bench, second).ending is Ending.EMERGENCY


def test_what_was_closed_by_mistake_is_opened_and_paged_as_when_it_was_new(bench: Bench) -> None:
    item = make(bench)
    bench.run()
    followup.close(bench.world, item.code, "Nurse One", "well")
    bench.to(START + HOUR)
    followup.reopen(bench.world, item.code, "Nurse One", "it was another patient")
    bench.run()
    now = look(bench, item)
    assert (now.status, now.ending, now.outcome) == ("open", None, None)
    assert now.due_at == START + HOUR + 5 * MINUTE
    assert pages(bench) == 2
    with pytest.raises(BadInput):
        followup.reopen(bench.world, item.code, "Nurse One", "again")


def test_a_note_changes_nothing_but_the_history(bench: Bench) -> None:
    item = make(bench)
    followup.note(bench.world, item.code, "Nurse One", " Her sister called. ")
    assert ("noted", "Nurse One", "Her sister called.") in history(bench, item)
    assert look(bench, item).status is FollowUpStatus.OPEN
    with pytest.raises(BadInput):
        followup.note(bench.world, item.code, "Nurse One", "  ")
