"""A reply this program fails on goes to a person, and never holds up the replies behind it."""

import pytest

from outreach.domain.states import ChannelKind, FollowUpStatus, Priority
from outreach.pipeline import followup, reply, triage
from outreach.pipeline.world import World
from outreach.storage.models import FollowUp, Patient, Reply
from outreach.storage.unit import Unit
from tests.pipeline.rows import VISIT, kinds, work
from tests.worlds import PHONE, Bench

RED_FLAG = "chest pain, cannot breathe"


def arrives(bench: Bench, body: str, name: str = "SMin-a", sender: str = PHONE) -> None:
    """A reply is stored; nobody reads it yet."""
    inbound = reply.Inbound(name, ChannelKind.SMS, sender, "+12025550100", body)
    reply.receive(bench.world, inbound)


def read(bench: Bench) -> list[bool]:
    """Which replies triage has done with, the oldest first."""
    with bench.world.db.read() as unit:
        return [row.triaged_at is not None for row in unit.replies.everything()]


@pytest.fixture
def broken(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer is a row that the database refuses."""

    def refused(unit: Unit, world: World, about: Reply, *_: object, **__: object) -> None:
        unit.add(Patient(id=world.new_id()))
        unit.flush()

    monkeypatch.setattr(triage, "send_answer", refused)


@pytest.mark.usefixtures("broken")
def test_a_write_that_the_database_refuses_sends_the_reply_to_staff(bench: Bench) -> None:
    bench.book(VISIT)
    arrives(bench, RED_FLAG)
    arrives(bench, "thanks", "SMin-b")
    triage.drain(bench.world)
    assert read(bench) == [True, True]
    assert kinds(bench) == ["unread_reply", "unread_reply"]
    (first, _) = work(bench)
    assert (first.priority, first.status) == (Priority.URGENT, FollowUpStatus.OPEN)
    assert first.patient_id is not None
    assert first.reply_id is not None


def test_a_reply_that_cannot_be_opened_goes_to_staff_and_the_next_is_read(bench: Bench) -> None:
    bench.book(VISIT)
    arrives(bench, "hello")
    with bench.world.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reply SET body = address")  # sealed for another column
    arrives(bench, RED_FLAG, "SMin-b")
    triage.drain(bench.world)
    assert sorted(kinds(bench)) == ["red_flag", "unread_reply"]


@pytest.mark.usefixtures("broken")
def test_a_reply_that_cannot_even_be_given_to_staff_waits_and_the_next_is_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = followup.open_item
    arrives(bench, "hello")
    with bench.world.db.read() as unit:
        (stuck,) = [row.id for row in unit.replies.everything()]

    def refuses_one(unit: Unit, world: World, new: followup.NewItem) -> FollowUp:
        if new.reply_id == stuck:
            raise ValueError("a fault that only this reply meets")
        return opened(unit, world, new)

    monkeypatch.setattr(followup, "open_item", refuses_one)
    arrives(bench, RED_FLAG, "SMin-b")
    assert triage.drain(bench.world) == 1
    assert read(bench) == [False, True]
    assert triage.drain(bench.world) == 0

    monkeypatch.undo()
    assert triage.drain(bench.world) == 1
    assert read(bench) == [True, True]


def test_what_interrupts_a_worker_is_not_taken_for_a_fault_of_the_reply(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(triage, "send_answer", interrupted)
    arrives(bench, RED_FLAG)
    with pytest.raises(KeyboardInterrupt):
        triage.drain(bench.world)
    assert read(bench) == [False]
    assert work(bench) == []


def test_whoever_pages_is_woken_once_for_many_replies(bench: Bench) -> None:
    bench.book(VISIT)
    for number in range(5):
        arrives(bench, "thank you", f"SMin-{number}")
    bench.wakes.stages.clear()
    assert triage.drain(bench.world) == 5
    assert bench.wakes.stages == []
    for number in range(5, 10):
        arrives(bench, "chest pain", f"SMin-{number}")
    bench.wakes.stages.clear()
    assert triage.drain(bench.world) == 5
    assert bench.wakes.stages == ["followup"]
    bench.wakes.stages.clear()
    assert triage.drain(bench.world) == 0
    assert bench.wakes.stages == []
