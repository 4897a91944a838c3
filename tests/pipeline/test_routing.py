"""A patient's thread stays on one sender; another stands in only while that one is stopped."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from outreach.clocks import ManualClock
from outreach.domain.senders import Sender, SenderKind, Senders
from outreach.domain.states import ChannelKind, MessageStatus, Urgency
from outreach.pacing import OwnPace
from outreach.pipeline import consent, due, receipt, reply, send, triage
from outreach.pipeline.ports import Outgoing, SendResult
from tests.pipeline.rows import VISIT, kinds, message, messages, patient, statuses, visit
from tests.recording import refuse
from tests.worlds import PHONE, START, Bench, make_bench

DAY, HOUR, MINUTE, SECOND = (
    timedelta(days=1),
    timedelta(hours=1),
    timedelta(minutes=1),
    timedelta(seconds=1),
)
D7 = VISIT - 7 * DAY
GROVE = Sender("grove", "+12025550110", sites=frozenset({"cedar_grove"}))
LAKE = Sender("lake", "+12025550120", sites=frozenset({"lakeside"}))
POOL = Sender("pool", "MG" + "a" * 32, SenderKind.SERVICE)
FREE = Sender("free", "+18005550100", SenderKind.TOLL_FREE)
STAFF = Sender("staff", "+12025550101")
ALL = Senders((FREE, POOL, LAKE, GROVE), STAFF)


def bench_with(database_url: str, senders: Senders = ALL, **rest: Any) -> Bench:
    return make_bench(database_url, senders=senders, **rest)


def queued(bench: Bench, **rest: Any) -> None:
    bench.book(VISIT, **rest)
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)


def froms(bench: Bench) -> list[str]:
    return [one.sender for one in bench.sms.sent if one.purpose != "staff"]


def blocks(bench: Bench, *senders: Sender, code: int = 21606) -> None:
    """From now on these are refused."""
    addresses = {one.address for one in senders}

    def answer(outgoing: Outgoing) -> SendResult:
        if outgoing.sender in addresses:
            return refuse(code)(outgoing)
        return bench.sms.accept(outgoing)

    bench.sms.answers.clear()
    bench.sms.answers.extend([answer] * 500)


def test_a_text_goes_from_the_number_of_its_site_and_says_so(database_url: str) -> None:
    bench = bench_with(database_url)
    queued(bench)
    send.drain(bench.world)
    assert froms(bench) == [GROVE.address]
    assert message(bench, "d7").sender == GROVE.address
    bench.book(VISIT, visit="A2", patient="P2", phone="+12025550124", location="lakeside")
    bench.to(D7 + 2 * HOUR)
    assert froms(bench)[-1] == LAKE.address


def test_the_thread_stays_where_it_began_also_when_the_visit_is_elsewhere(
    database_url: str,
) -> None:
    bench = bench_with(database_url)
    queued(bench)
    send.drain(bench.world)
    bench.book(VISIT + 30 * DAY, visit="A2", location="lakeside")
    bench.to(VISIT + 23 * DAY + HOUR)
    assert set(froms(bench)) == {GROVE.address}


def test_another_stands_in_while_it_is_stopped_and_the_thread_comes_back(
    database_url: str,
) -> None:
    bench = bench_with(database_url)
    queued(bench)
    send.drain(bench.world)
    blocks(bench, GROVE)
    bench.to(VISIT - 3 * DAY)
    assert froms(bench) == [GROVE.address, GROVE.address, POOL.address]
    assert message(bench, "d3").sender == POOL.address
    assert bench.outcomes()["d3"] == "sent"
    bench.sms.answers.clear()
    bench.to(VISIT - 2 * DAY)
    bench.to(VISIT - 1 * DAY)  # the next text is the probe, and proves it
    assert froms(bench)[3:] == [GROVE.address]
    with bench.world.db.read() as unit:
        assert unit.breakers.tripped() == {}


def test_a_receipt_stops_the_sender_that_the_text_went_from(database_url: str) -> None:
    bench = bench_with(database_url)
    queued(bench)
    send.drain(bench.world)
    row = message(bench, "d7")
    assert row.provider_id is not None
    receipt.receive(bench.world, receipt.Reported(row.provider_id, "undelivered", 30034, row.id))
    bench.run()
    assert froms(bench) == [GROVE.address, POOL.address]
    with bench.world.db.read() as unit:
        assert list(unit.breakers.tripped()) == ["sms/grove"]
    assert kinds(bench) == ["operator"]


def test_it_waits_only_where_every_sender_is_stopped(database_url: str) -> None:
    bench = bench_with(database_url)
    queued(bench)
    blocks(bench, GROVE, POOL, LAKE, FREE)
    bench.run()
    assert sorted(froms(bench)) == sorted(one.address for one in ALL.patients)
    assert message(bench, "d7").status is MessageStatus.QUEUED
    assert kinds(bench).count("operator") == 4
    bench.sms.answers.clear()
    bench.to(D7 + MINUTE)
    assert message(bench, "d7").status is MessageStatus.ACCEPTED


def test_an_account_that_is_refused_stops_all_of_them(database_url: str) -> None:
    bench = bench_with(database_url)
    queued(bench)
    blocks(bench, *ALL.known(), code=20003)
    bench.run()
    assert froms(bench) == [GROVE.address]
    assert message(bench, "d7").status is MessageStatus.QUEUED


def test_a_sender_that_left_the_file_gives_its_threads_to_another(database_url: str) -> None:
    bench = bench_with(database_url)
    queued(bench)
    send.drain(bench.world)
    fewer = replace(bench, world=replace(bench.world, senders=Senders((FREE, POOL, LAKE), STAFF)))
    fewer.to(VISIT - 3 * DAY)
    assert froms(bench)[-1] == POOL.address
    bench.to(VISIT - DAY)  # it is back in the file: the thread stays where it went
    assert froms(bench)[-1] == POOL.address


def test_an_opt_out_at_one_sender_binds_all_of_them(database_url: str) -> None:
    bench = bench_with(database_url)
    queued(bench)
    blocks(bench, GROVE, code=21610)
    send.drain(bench.world)
    assert bench.outcomes()["d7"] == "failed"
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "skipped:opted_out"
    assert froms(bench) == [GROVE.address]


@pytest.mark.parametrize("to", [GROVE.address, FREE.address, "+12025559999"])
def test_a_reply_to_any_of_our_numbers_is_the_patients_answer(database_url: str, to: str) -> None:
    bench = bench_with(database_url)
    queued(bench)
    send.drain(bench.world)
    reply.receive(bench.world, reply.Inbound("SMin1", ChannelKind.SMS, PHONE, to, "C"))
    triage.drain(bench.world)
    bench.run()
    assert visit(bench).confirmed
    assert froms(bench) == [GROVE.address, GROVE.address]  # the answer comes in the same thread


def test_patients_without_a_site_are_spread_over_a_pool_and_stay(database_url: str) -> None:
    pool = Senders(tuple(Sender(f"n{i}", f"+1202555030{i}") for i in range(4)))
    bench = bench_with(database_url, pool)
    for number in range(64):  # by chance none of so many has a sender once in ten million runs
        bench.book(
            VISIT, visit=f"A{number}", patient=f"P{number}", phone=f"+1202555{2000 + number}"
        )
    bench.to(D7)
    first = {one.to: one.sender for one in bench.sms.sent}
    assert len(set(first.values())) == 4
    bench.sms.sent.clear()
    bench.to(VISIT - 3 * DAY)
    assert {one.to: one.sender for one in bench.sms.sent} == first


def test_one_statement_reads_the_threads_of_a_batch_and_one_keeps_them(database_url: str) -> None:
    bench = bench_with(database_url)
    for number in range(20):
        bench.book(
            VISIT, visit=f"A{number}", patient=f"P{number}", phone=f"+1202555{2000 + number}"
        )
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)
    said: list[str] = []

    def note(_connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
        said.append(statement)

    engine = bench.world.db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        send.drain(bench.world)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert sum("patient_sender" in statement for statement in said) == 2


class CountedPace(OwnPace):
    """A pace that remembers what was asked."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.asked: list[tuple[dict[str, float], int, list[int]]] = []

    def take(self, rates: Mapping[str, float], want: int, lanes: Collection[Urgency]) -> list[int]:
        granted = super().take(rates, want, lanes)
        self.asked.append((dict(rates), want, granted))
        return granted

    def give_back(self, rates: Mapping[str, float], unused: Sequence[float]) -> None:
        super().give_back(rates, unused)


def paced(database_url: str, per_second: float, count: int) -> Bench:
    """One sender with a rate, and so many reminders waiting; the machine clock stands still."""
    pool = Senders((Sender("default", "+12025550100", per_second=per_second),), STAFF)
    bench = make_bench(database_url, senders=pool)
    bench.world = replace(bench.world, pace=CountedPace(bench.machine))
    for number in range(count):
        bench.book(
            VISIT, visit=f"A{number}", patient=f"P{number}", phone=f"+1202555{2000 + number}"
        )
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)
    return bench


def test_no_more_is_claimed_than_may_go_and_the_rest_goes_as_time_passes(
    database_url: str,
) -> None:
    bench = paced(database_url, 4.0, 20)
    send.drain(bench.world)
    went = len(bench.sms.sent)
    segments = sum(row.segments or 0 for row in messages(bench) if row.provider_id)
    assert 0 < went <= 8  # what is saved up is two seconds' worth
    assert statuses(bench).count(MessageStatus.QUEUED) == 20 - went
    assert all(row.attempts == 0 for row in messages(bench) if row.status == "queued")
    for _ in range(60):
        bench.machine.advance(SECOND)
        send.drain(bench.world)
    assert len(bench.sms.sent) == 20
    assert segments >= went


def test_urgent_work_does_not_ask_and_is_counted(database_url: str) -> None:
    bench = paced(database_url, 2.0, 10)
    pace = bench.world.pace
    assert isinstance(pace, CountedPace)
    send.drain(bench.world, send.CARE_LANE)
    asked, took = len(pace.asked), len(bench.sms.sent)
    assert took < 10
    bench.says("I have chest pain", sender="+12025552000")
    send.drain(bench.world, send.URGENT_LANE)
    assert any(one.purpose == "reply" for one in bench.sms.sent[took:])
    assert len(pace.asked) == asked
    took = len(bench.sms.sent)
    bench.machine.advance(SECOND / 2)
    send.drain(bench.world, send.CARE_LANE)
    assert len(bench.sms.sent) == took  # the answer's segments come off what care may send


def test_senders_without_a_rate_ask_nobody(database_url: str) -> None:
    bench = bench_with(database_url)
    bench.world = replace(bench.world, pace=CountedPace(bench.machine))
    queued(bench)
    send.drain(bench.world)
    pace = bench.world.pace
    assert isinstance(pace, CountedPace)
    assert pace.asked == []


def test_staff_opt_outs_need_no_sender(database_url: str) -> None:
    bench = bench_with(database_url)
    queued(bench)
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")
    send.drain(bench.world)
    assert froms(bench) == []
    with bench.world.db.read() as unit:
        assert unit.breakers.threads([patient(bench).id]) == {}
    assert bench.clock.now() > START
