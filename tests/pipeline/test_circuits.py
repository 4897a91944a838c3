"""A sender or an account that may not send is stopped; nothing is lost, and all goes out again."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from outreach.domain.senders import Sender, Senders
from outreach.domain.states import ChannelKind, MessageStatus
from outreach.pipeline import due, receipt, send
from outreach.pipeline.ports import Outgoing, SendResult
from outreach.storage.models import Message
from tests.pipeline.rows import VISIT, kinds, messages, patient, work
from tests.recording import refuse
from tests.worlds import START, Bench, make_bench

DAY, HOUR, MINUTE, SECOND = (
    timedelta(days=1),
    timedelta(hours=1),
    timedelta(minutes=1),
    timedelta(seconds=1),
)
D7 = VISIT - 7 * DAY


OURS, STAFF = "+12025550100", "+12025550101"


def with_staff_sender(database_url: str) -> Bench:
    """A number for patients and one for staff."""
    return make_bench(
        database_url, senders=Senders((Sender("default", OURS),), Sender("staff", STAFF))
    )


class Account:
    """The provider's view of our account: it refuses everything until it is mended."""

    def __init__(self, bench: Bench, code: int = 20003) -> None:
        self.works, self.code = False, code
        self._bench = bench
        bench.sms.answers.extend([self] * 2000)

    def __call__(self, outgoing: Outgoing) -> SendResult:
        if self.works:
            return self._bench.sms.accept(outgoing)
        return refuse(self.code, 401)(outgoing)


def queued(bench: Bench, count: int) -> None:
    """So many patients' first reminders wait."""
    for number in range(count):
        bench.book(VISIT, visit=f"A{number}", patient=f"P{number}", phone=phone(number))
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)


def phone(number: int) -> str:
    return f"+1202555{2000 + number}"


def texts(bench: Bench) -> list[Message]:
    return [row for row in messages(bench) if row.touchpoint_id is not None]


def states(bench: Bench) -> dict[str, int]:
    found = [row.status.value for row in texts(bench)]
    return {status: found.count(status) for status in set(found)}


def pass_by(bench: Bench, wait: timedelta) -> None:
    """Both clocks move on, and every stage runs."""
    bench.to(bench.clock.now() + wait)


def tried(bench: Bench) -> int:
    """How many requests about patients reached the provider."""
    return sum(one.purpose != "staff" for one in bench.sms.sent)


def test_an_account_that_is_refused_parks_the_queue_and_pages_once(bench: Bench) -> None:
    queued(bench, 5)
    bench.sms.answers.extend([refuse(20003, 401)] * 5)
    send.drain(bench.world)
    assert states(bench) == {"queued": 5}
    assert [(item.kind, item.priority) for item in work(bench)] == [("operator", "urgent")]
    send.drain(bench.world)
    assert tried(bench) == 5  # nothing more is asked of the provider
    assert {row.held_by for row in texts(bench)} == {"sms"}
    assert all(row.attempts == 1 for row in texts(bench))  # a wait is no try


def test_one_probe_goes_and_when_it_is_taken_everything_goes(database_url: str) -> None:
    bench = with_staff_sender(database_url)
    account = Account(bench, 21606)
    queued(bench, 5)
    send.drain(bench.world)
    send.drain(bench.world)
    pass_by(bench, 31 * SECOND)
    assert tried(bench) == 6
    pass_by(bench, 31 * SECOND)
    assert tried(bench) == 6  # the next probe waits twice as long
    account.works = True
    pass_by(bench, 30 * SECOND)
    assert tried(bench) == 6 + 5  # that one was taken, and in the same breath all the others went
    assert states(bench) == {"accepted": 5}
    assert {row.held_by for row in texts(bench)} == {None}
    (item,) = [one for one in work(bench) if "'sms/default'" in one.summary]
    with bench.world.db.read() as unit:
        notes = [note.note for note in unit.followups.notes_of(item.id)]
    assert any("works again" in (note or "") for note in notes)


def test_each_text_goes_once_whatever_was_stopped_and_started(bench: Bench) -> None:
    account = Account(bench)
    queued(bench, 4)
    send.drain(bench.world)
    for minute in range(40):
        account.works = minute > 15
        pass_by(bench, MINUTE)
    assert states(bench) == {"accepted": 4}
    assert len({row.provider_id for row in texts(bench)}) == 4
    taken = [record for record in bench.sms.records or () if record.to != "+12025550199"]
    assert sorted(record.to for record in taken) == [phone(number) for number in range(4)]


@pytest.mark.parametrize("rounds", [12, 17])
def test_an_account_and_its_sender_that_were_both_stopped_work_again_together(
    bench: Bench, rounds: int
) -> None:
    """One message tries both: neither waits for the other to be tried."""
    account = Account(bench)
    queued(bench, 4)
    for number in range(rounds):  # each refuses what tries the other
        account.code = 20003 if number // 2 % 2 else 21606
        pass_by(bench, 47 * SECOND)
    assert states(bench) == {"queued": 4}
    assert tripped(bench) == {"sms", "sms/default"}
    account.works = True
    for _ in range(9):
        pass_by(bench, MINUTE)
    assert states(bench) == {"accepted": 4}
    assert tripped(bench) == set()


def tripped(bench: Bench) -> set[str]:
    with bench.world.db.read() as unit:
        return set(unit.breakers.tripped())


def test_what_is_of_no_more_use_while_it_waits_ends_and_a_check_in_becomes_a_call(
    bench: Bench,
) -> None:
    bench.book(START + HOUR)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "end": (START + 5 * HOUR).isoformat(),
        },
    )
    bench.sms.answers.extend([refuse(20003, 401)] * 500)
    bench.to(START + 30 * HOUR)
    assert bench.outcomes()["h24"] == "queued"
    for _ in range(30):
        pass_by(bench, HOUR)
    assert bench.outcomes()["h24"] == "skipped:late"
    assert "call_patient" in kinds(bench)


def test_an_opt_out_while_it_waits_is_obeyed(bench: Bench) -> None:
    queued(bench, 2)
    bench.sms.answers.extend([refuse(20003, 401)] * 2)
    send.drain(bench.world)
    send.drain(bench.world)
    bench.says("STOP", sender=phone(0))
    for _ in range(5):
        pass_by(bench, MINUTE)
    assert bench.outcomes("P0")["d7"] == "skipped:opted_out"
    assert bench.outcomes("P1")["d7"] == "sent"


def test_a_sender_that_receipts_stop_is_proved_by_a_receipt(database_url: str) -> None:
    bench = with_staff_sender(database_url)
    queued(bench, 3)
    send.drain(bench.world)
    for row in texts(bench):
        report(bench, row, "undelivered", 30034)
    assert states(bench) == {"queued": 3}
    pass_by(bench, 31 * SECOND)
    probe = only(bench, MessageStatus.ACCEPTED)
    pass_by(bench, 3 * MINUTE)
    assert states(bench) == {"queued": 2, "accepted": 1}  # being taken proves nothing
    report(bench, probe, "undelivered", 30034)
    assert states(bench) == {"queued": 3}
    pass_by(bench, MINUTE + SECOND)
    report(bench, only(bench, MessageStatus.ACCEPTED), "delivered", None)
    bench.run()
    assert states(bench) == {"delivered": 1, "accepted": 2}
    assert kinds(bench).count("operator") == 1


def test_ten_minutes_without_bad_news_of_the_probe_are_enough(database_url: str) -> None:
    bench = with_staff_sender(database_url)
    queued(bench, 2)
    send.drain(bench.world)
    for row in texts(bench):
        report(bench, row, "undelivered", 30034)
    pass_by(bench, 31 * SECOND)
    pass_by(bench, 11 * MINUTE)
    assert states(bench) == {"accepted": 2}


def test_a_probe_that_is_skipped_leaves_the_trying_to_another(bench: Bench) -> None:
    queued(bench, 2)
    bench.sms.answers.extend([refuse(20003, 401)] * 2)
    send.drain(bench.world)
    send.drain(bench.world)
    with bench.world.db.write() as unit:
        first = unit.breakers.next_held("sms", bench.clock.now())
        assert first is not None
        stopped = first.address
    bench.says("STOP", sender=stopped)
    pass_by(bench, 31 * SECOND)
    pass_by(bench, 3 * MINUTE)
    assert states(bench) == {"accepted": 1, "skipped": 1}


def test_a_page_goes_on_to_the_next_rung_and_staff_call_whoever_reported_a_red_flag(
    bench: Bench,
) -> None:
    queued(bench, 1)
    bench.sms.answers.extend([refuse(20003, 401)] * 500)
    send.drain(bench.world)
    bench.says("I have chest pain", sender=phone(0))
    bench.run()
    calls = [item for item in work(bench) if item.kind == "call_patient"]
    assert [(item.priority, item.patient_id) for item in calls] == [
        ("urgent", patient(bench, "P0").id)
    ]
    assert any(row.channel is ChannelKind.EMAIL for row in messages(bench))  # the page


def test_emails_go_on_while_texts_are_stopped(bench: Bench) -> None:
    queued(bench, 1)
    bench.sms.answers.append(refuse(20003, 401))
    send.drain(bench.world)
    bench.book(VISIT, visit="B", patient="PB", phone=None, patient_={"email": "b@example.org"})
    bench.run()
    assert bench.email.sent


def test_pages_have_a_sender_of_their_own_that_patients_texts_do_not_stop(
    database_url: str,
) -> None:
    bench = with_staff_sender(database_url)
    queued(bench, 1)
    bench.sms.answers.append(refuse(21606))
    send.drain(bench.world)
    bench.run()
    pages = [one for one in bench.sms.sent if one.purpose == "staff"]
    assert {one.sender for one in pages} == {STAFF}
    assert {row.status for row in messages(bench) if row.followup_id} == {MessageStatus.ACCEPTED}


def test_a_page_whose_own_sender_is_stopped_goes_from_the_patients(database_url: str) -> None:
    bench = with_staff_sender(database_url)
    bench.event("patient.updated", patient_={"phone": phone(0)})

    def blocked(outgoing: Outgoing) -> SendResult:
        if outgoing.sender == STAFF:
            return refuse(21606)(outgoing)
        return bench.sms.accept(outgoing)

    bench.sms.answers.extend([blocked] * 20)
    bench.says("I have chest pain", sender=phone(0))
    bench.run()
    pages = [one.sender for one in bench.sms.sent if one.purpose == "staff"]
    assert pages[0] == STAFF
    assert set(pages[1:]) == {OURS}
    rows = [row for row in messages(bench) if row.followup_id and row.channel == "sms"]
    assert {row.status for row in rows} == {MessageStatus.ACCEPTED}


@pytest.mark.parametrize("count", [1, 40])
def test_a_batch_costs_no_statement_more_while_nothing_is_stopped(bench: Bench, count: int) -> None:
    queued(bench, count)
    with bench.world.db.read() as unit:
        waiting = unit.claims.waiting(tuple(send.CARE_LANE), D7, D7)
    assert not waiting.tripped
    said: list[str] = []
    engine = bench.world.db.engine

    def note(_connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        send.drain(bench.world)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    asked = [statement for statement in said if "breaker" in statement]
    assert all("UNION ALL" in statement for statement in asked)  # within the one question
    assert not [statement for statement in said if "patient_sender" in statement]


def report(bench: Bench, row: Message, status: str, code: int | None) -> None:
    with bench.world.db.read() as unit:
        row = unit.messages.messages([row.id])[row.id]
    assert row.provider_id is not None
    receipt.receive(bench.world, receipt.Reported(row.provider_id, status, code, row.id))
    receipt.drain(bench.world)


def only(bench: Bench, status: MessageStatus) -> Message:
    (row,) = [one for one in texts(bench) if one.status is status]
    return row
