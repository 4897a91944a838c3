"""Follow-up: due by what it asks for, and paged again and again until a person takes it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.errors import IllegalTransition, NotFound
from outreach.domain.roster import Roster
from outreach.domain.triage.result import Action
from outreach.pipeline import followup, send
from outreach.pipeline.ports import FixedRoster
from outreach.storage.models import FollowUp
from tests.pipeline.rows import messages, work
from tests.worlds import START, Bench

MINUTE = timedelta(minutes=1)
NURSE = "+12025550199"


def make(bench: Bench, action: Action = Action.CALL_911, key: str = "k") -> FollowUp:
    with bench.world.db.write() as unit:
        return followup.open_item(
            unit, bench.world, followup.NewItem(key, "red_flag", action, "Call the patient.")
        )


def pages(bench: Bench) -> int:
    return len(bench.sms.texts_to(NURSE))


def minutes(bench: Bench, count: int) -> None:
    for _ in range(count):
        bench.to(bench.clock.now() + MINUTE)


@pytest.mark.parametrize(
    ("action", "due", "priority"),
    [
        (Action.CALL_911, 5, "urgent"),
        (Action.CALL_988, 5, "urgent"),
        (Action.PAGE_1H, 60, "urgent"),
        (Action.SAME_DAY, 480, "same_day"),
        (Action.ROUTINE, 1440, "routine"),
    ],
)
def test_the_action_says_until_when(bench: Bench, action: Action, due: int, priority: str) -> None:
    item = make(bench, action)
    assert (item.due_at, item.priority) == (START + due * MINUTE, priority)


def test_one_reason_makes_one_item(bench: Bench) -> None:
    assert make(bench).id == make(bench).id
    assert len(work(bench)) == 1


def test_codes_are_unique_and_easy_to_read(bench: Bench) -> None:
    codes = {make(bench, key=str(number)).code for number in range(50)}
    assert len(codes) == 50
    assert all(len(code) == 5 and not set(code) & set("ILOS015") for code in codes)


def test_an_urgent_item_is_paged_at_once_on_every_channel(bench: Bench) -> None:
    item = make(bench)
    bench.run()
    (text,) = bench.sms.texts_to(NURSE)
    assert item.code in text
    assert "Call the patient" not in text
    assert len(bench.email.sent) == 1
    assert bench.email.sent[0].purpose == "staff"


def test_paging_goes_on_until_somebody_takes_it(bench: Bench) -> None:
    item = make(bench)
    bench.run()
    minutes(bench, 15)
    assert pages(bench) == 4
    with bench.world.db.read() as unit:
        stored = unit.followups.by_code(item.code)
        assert stored is not None
        rounds = [note.note for note in unit.followups.notes_of(item.id) if note.what == "paged"]
    assert stored.level == 4
    assert rounds == [f"round {number}: on duty (Charge nurse phone)" for number in range(1, 5)]
    followup.acknowledge(bench.world, item.code.lower() + " ", "Nurse One")
    minutes(bench, 4)
    assert pages(bench) == 4


def test_what_was_taken_and_never_closed_is_paged_again(bench: Bench) -> None:
    item = make(bench)
    bench.run()
    followup.acknowledge(bench.world, item.code, "Nurse One")
    bench.to(START + 6 * 60 * MINUTE)
    assert pages(bench) == 2
    followup.close(bench.world, item.code, "Nurse One", "Called, all is well.")
    bench.to(START + 12 * 60 * MINUTE)
    assert pages(bench) == 2


def test_paging_never_ends_by_itself(bench: Bench) -> None:
    make(bench)
    bench.to(START + 30 * 24 * 60 * MINUTE)
    before = pages(bench)
    minutes(bench, 5)
    assert pages(bench) == before + 1


def test_a_same_day_item_is_paged_when_it_is_late(bench: Bench) -> None:
    make(bench, Action.SAME_DAY)
    bench.to(START + 479 * MINUTE)
    assert pages(bench) == 0
    bench.to(START + 480 * MINUTE)
    assert pages(bench) == 1


def test_a_routine_item_pages_nobody(bench: Bench) -> None:
    make(bench, Action.ROUTINE)
    bench.to(START + 10_000 * MINUTE)
    assert pages(bench) == 0


def test_pages_go_at_any_hour(bench: Bench) -> None:
    bench.to(START + 17 * 60 * MINUTE)  # 03:00
    make(bench)
    bench.run()
    assert pages(bench) == 1


def test_a_page_that_was_queued_before_somebody_took_it_does_not_go(bench: Bench) -> None:
    item = make(bench)
    followup.drain(bench.world)
    followup.acknowledge(bench.world, item.code, "Nurse One")
    send.drain(bench.world)
    assert pages(bench) == 0
    assert {row.reason for row in messages(bench)} == {"stopped"}


def test_after_an_outage_of_the_provider_one_round_goes_and_not_all(bench: Bench) -> None:
    make(bench)
    for _ in range(12):
        followup.drain(bench.world)
        bench.clock.advance(5 * MINUTE)
    followup.drain(bench.world)
    send.drain(bench.world)
    assert pages(bench) == 1


def test_without_anybody_to_page_the_item_still_waits(bench: Bench) -> None:
    empty = FixedRoster(Roster(bench.world.clinic.zone))
    alone = replace(bench, world=replace(bench.world, roster=empty))
    make(alone)
    alone.run()
    assert [row.status for row in work(alone)] == ["open"]
    assert alone.sms.sent == []


def test_only_people_close_items_and_say_how_it_ended(bench: Bench) -> None:
    item = make(bench)
    followup.acknowledge(bench.world, item.code, "Nurse One")
    closed = followup.close(bench.world, item.code, "Nurse Two", "Called, all is well.")
    assert (closed.status, closed.assignee, closed.outcome) == (
        "closed",
        "Nurse One",
        "Called, all is well.",
    )
    with bench.world.db.read() as unit:
        notes = [(note.what, note.who) for note in unit.followups.notes_of(item.id)]
        assert unit.followups.worklist() == []
    assert notes == [
        ("created", "outreach"),
        ("acknowledged", "Nurse One"),
        ("closed", "Nurse Two"),
    ]
    with pytest.raises(IllegalTransition):
        followup.close(bench.world, item.code, "Nurse Two", "again")
    with pytest.raises(IllegalTransition):
        followup.acknowledge(bench.world, item.code, "Nurse Two")


def test_a_code_nobody_gave_out_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFound):
        followup.acknowledge(bench.world, "ZZZZZ", "Nurse One")


def test_the_worklist_begins_with_the_most_pressing(bench: Bench) -> None:
    for number, action in enumerate((Action.ROUTINE, Action.PAGE_1H, Action.CALL_911)):
        make(bench, action, key=str(number))
    with bench.world.db.read() as unit:
        assert [row.action for row in unit.followups.worklist()] == [
            "call_911",
            "page_1h",
            "routine",
        ]
