"""Every error code does what the table says of it, at the answer to a send and by a receipt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from outreach.domain.states import ChannelKind, MessageStatus
from outreach.pipeline import due, receipt, send
from outreach.pipeline.ports import Outgoing, ResultKind, SendResult
from outreach.storage.repositories.people import address_index
from tests.pipeline.rows import VISIT, attempts, kinds, message, messages, patient, statuses, work
from tests.recording import refuse
from tests.worlds import PHONE, Bench

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
D7 = VISIT - 7 * DAY
"""10:00 in New York, 07:00 in Los Angeles, where the carriers' day ends."""


@dataclass(frozen=True)
class Expected:
    """What is left of a reminder right after its failure."""

    status: str
    items: tuple[str, ...] = ()
    contact: str = "active"
    stopped: str = ""
    """The breaker that is open."""
    waits: tuple[timedelta, timedelta] | None = None
    """The least and the most until it is tried again."""
    opted_out: bool = False


INVALID = Expected("failed", ("call_patient",), contact="invalid")
CALLED = Expected("failed", ("call_patient",))
FILTERED = Expected("failed", ("call_patient", "operator"))
OPTED_OUT = Expected("failed", ("call_patient",), opted_out=True)
ACCOUNT = Expected("queued", ("operator",), stopped="sms", waits=(0 * HOUR, 0 * HOUR))
SENDER = Expected("queued", ("operator",), stopped="sms/default", waits=(0 * HOUR, 0 * HOUR))
ALONE = Expected("queued", ("operator",), waits=(15 * MINUTE, 20 * MINUTE))
SLOWED = Expected("queued", waits=(timedelta(seconds=1), timedelta(seconds=2)))
TOMORROW = Expected("queued", ("operator",), waits=(17 * HOUR, 17 * HOUR + 15 * MINUTE))
NEXT_HOUR = Expected("queued", ("operator",), waits=(1 * HOUR, HOUR + 5 * MINUTE))
LATER = Expected("queued", waits=(2 * HOUR, 2.5 * HOUR))
UNKNOWN = Expected("unknown")

AT_SEND: dict[int | None, tuple[int, Expected]] = {
    21211: (400, INVALID),
    21217: (400, INVALID),
    21604: (400, INVALID),
    21614: (400, INVALID),
    21635: (400, INVALID),
    21612: (400, INVALID),
    21610: (400, OPTED_OUT),
    20429: (429, SLOWED),
    21611: (429, SLOWED),
    63038: (429, TOMORROW),
    60728: (429, NEXT_HOUR),
    20003: (401, ACCOUNT),
    20005: (403, ACCOUNT),
    90010: (400, ACCOUNT),
    21609: (400, ACCOUNT),
    21606: (400, SENDER),
    21212: (400, SENDER),
    21603: (400, SENDER),
    21701: (400, SENDER),
    21703: (400, SENDER),
    21704: (400, SENDER),
    30034: (400, SENDER),
    21408: (400, ALONE),
    21608: (400, ALONE),
    21617: (400, FILTERED),
    21602: (400, FILTERED),
    21653: (400, FILTERED),
    20500: (500, UNKNOWN),
    20503: (503, UNKNOWN),
    None: (502, UNKNOWN),
    14107: (400, CALLED),
    29999: (400, FILTERED),
}
BY_RECEIPT: dict[int, Expected] = {
    30003: LATER,
    30005: INVALID,
    30006: INVALID,
    21610: OPTED_OUT,
    30004: FILTERED,
    30007: FILTERED,
    30032: SENDER,
    30033: SENDER,
    30034: SENDER,
    30035: SENDER,
    30022: SLOWED,
    30001: SLOWED,
    30023: TOMORROW,
    30027: TOMORROW,
    30002: ACCOUNT,
    30008: SLOWED,
    30017: SLOWED,
    30020: SLOWED,
    30021: SLOWED,
    30047: SLOWED,
    30410: CALLED,
    30036: SLOWED,
    29999: FILTERED,
}


def answer(code: int | None, http: int):  # type: ignore[no-untyped-def]
    """As our channel reads such an answer: 429 was never looked at, a 5xx tells nothing."""
    kind = ResultKind.REJECTED
    if http == 429:
        kind = ResultKind.NOT_SENT
    if http >= 500:
        kind = ResultKind.UNKNOWN

    def told(outgoing: Outgoing) -> SendResult:
        return SendResult(outgoing.message_id, kind, error_code=code, http_status=http)

    return told


def queued(bench: Bench) -> None:
    bench.book(VISIT)
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)


def report(bench: Bench, code: int | None, status: str = "undelivered") -> None:
    """A receipt of the last try of the first reminder."""
    row = message(bench, "d7")
    assert row.provider_id is not None
    receipt.receive(bench.world, receipt.Reported(row.provider_id, status, code, row.id))
    receipt.drain(bench.world)


def stopped(bench: Bench) -> list[str]:
    with bench.world.db.read() as unit:
        return sorted(unit.breakers.tripped())


def check(bench: Bench, expected: Expected, failed: str) -> None:
    (row,) = messages(bench)
    assert row.status == expected.status.replace("failed", failed)
    assert tuple(sorted(kinds(bench))) == expected.items
    assert stopped(bench) == [expected.stopped] * bool(expected.stopped)
    with bench.world.db.read() as unit:
        (contact,) = unit.people.all_contacts(patient(bench).id)
        state = unit.people.consent_of([address_index(ChannelKind.SMS, PHONE)])
    assert contact.status == expected.contact
    assert state[address_index(ChannelKind.SMS, PHONE)].opted_out is expected.opted_out
    if expected.waits is not None:
        least, most = expected.waits
        assert least <= row.retry_at - bench.machine.now() <= most


@pytest.mark.parametrize("code", AT_SEND, ids=str)
def test_the_answer_to_a_send(bench: Bench, code: int | None) -> None:
    http, expected = AT_SEND[code]
    queued(bench)
    bench.sms.answers.append(answer(code, http))
    send.drain(bench.world)
    check(bench, expected, "failed")


@pytest.mark.parametrize("code", BY_RECEIPT, ids=str)
def test_a_receipt(bench: Bench, code: int) -> None:
    queued(bench)
    send.drain(bench.world)
    report(bench, code)
    check(bench, BY_RECEIPT[code], "undelivered")


def later(bench: Bench, wait: timedelta) -> None:
    """Both clocks move, and every stage runs."""
    bench.to(bench.clock.now() + wait)


@pytest.mark.parametrize("code", [30003, 30008, 30022, 30023, 30036, 30034, 30002])
def test_what_failed_in_transit_and_is_of_use_still_goes_again_once_it_may(
    bench: Bench, code: int
) -> None:
    queued(bench)
    send.drain(bench.world)
    report(bench, code)
    for _ in range(12):
        later(bench, 2 * HOUR)
        if len(bench.sms.texts_to(PHONE)) > 1:
            break
    report(bench, None, "delivered")
    row = message(bench, "d7")
    assert row.status is MessageStatus.DELIVERED
    assert len(bench.sms.texts_to(PHONE)) == 2
    assert [one.outcome for one in attempts(bench, row.id)] == ["rejected", "accepted"]
    assert row.error_code is None
    assert "call_patient" not in kinds(bench)


def test_a_phone_that_stays_off_is_tried_twice_and_then_called(bench: Bench) -> None:
    queued(bench)
    send.drain(bench.world)
    report(bench, 30003)
    later(bench, 3 * HOUR)
    report(bench, 30003)
    assert statuses(bench) == ["undelivered"]
    assert kinds(bench) == ["call_patient"]
    later(bench, 3 * HOUR)
    assert len(bench.sms.sent) == 2


def test_a_text_lost_in_transit_is_sent_afresh_twice_at_most(bench: Bench) -> None:
    queued(bench)
    send.drain(bench.world)
    for _ in range(3):
        report(bench, 30008)
        later(bench, MINUTE)
    assert len(bench.sms.sent) == 3
    assert statuses(bench) == ["undelivered"]
    assert kinds(bench) == ["call_patient"]


def test_tries_that_failed_for_another_reason_do_not_count(bench: Bench) -> None:
    queued(bench)
    bench.sms.answers.extend([answer(20429, 429)] * 4)
    for _ in range(5):
        send.drain(bench.world)
        bench.machine.advance(MINUTE)
    report(bench, 30008)
    assert statuses(bench) == ["queued"]


def test_a_cap_that_ends_after_the_use_of_a_text_makes_it_a_call_at_once(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 2 * HOUR - MINUTE)
    before = len(bench.sms.sent)
    bench.sms.answers.append(answer(63038, 429))
    bench.to(VISIT - 2 * HOUR)
    assert message(bench, "h2").status is MessageStatus.FAILED
    assert len(bench.sms.sent) == before + 1
    assert "call_patient" in kinds(bench)


def test_each_slow_down_waits_longer_and_never_less_than_asked(bench: Bench) -> None:
    queued(bench)
    waits = []
    bench.sms.answers.extend([refuse(21611)] * 6)
    for _ in range(6):
        send.drain(bench.world)
        (row,) = messages(bench)
        waits.append(row.retry_at - bench.machine.now())
        bench.machine.advance(waits[-1])
    assert all(longer > shorter for shorter, longer in zip(waits, waits[2:], strict=False))

    def asks(outgoing: Outgoing) -> SendResult:
        return SendResult(
            outgoing.message_id,
            ResultKind.REJECTED,
            error_code=21611,
            http_status=400,
            retry_after=900.0,
        )

    bench.sms.answers.append(asks)
    send.drain(bench.world)
    (row,) = messages(bench)
    assert 900 <= (row.retry_at - bench.machine.now()).total_seconds() <= 990


def unreached(bench: Bench, step: str, at: datetime) -> None:
    """A reminder does not reach the phone, nor does its second try."""
    bench.to(at)
    for _ in range(2):
        row = message(bench, step)
        if row.status is not MessageStatus.ACCEPTED:
            break
        assert row.provider_id is not None
        told = receipt.Reported(row.provider_id, "undelivered", 30003, row.id)
        receipt.receive(bench.world, told)
        receipt.drain(bench.world)
        later(bench, 3 * HOUR)


def three_unreached(bench: Bench, **rest: Any) -> None:
    bench.book(VISIT, **rest)
    for step, days in (("d7", 7), ("d3", 3), ("d1", 1)):
        unreached(bench, step, VISIT - days * DAY)


def test_a_phone_that_three_texts_did_not_reach_is_rested_and_called(bench: Bench) -> None:
    three_unreached(bench)
    assert len(bench.sms.texts_to(PHONE)) == 5  # the third text has no second try: the phone rests
    with bench.world.db.read() as unit:
        (contact,) = unit.people.all_contacts(patient(bench).id)
    assert contact.suspect_until is not None
    bench.to(VISIT - 2 * HOUR)
    assert bench.outcomes()["h2"] == "skipped:no_address"
    calls = kinds(bench).count("call_patient")
    assert calls == 3  # the call in place of the text before still waits
    later_visit = VISIT + 8 * DAY
    bench.book(later_visit, visit="A9")
    bench.to(later_visit - 7 * DAY + HOUR)  # the clocks change in between
    assert len(bench.sms.texts_to(PHONE)) == 5
    assert bench.outcomes()["d7"] == "skipped:no_address"
    assert kinds(bench).count("call_patient") == calls + 1
    (call,) = [item for item in work(bench) if "did not reach the patient's phone" in item.summary]
    assert call.patient_id == patient(bench).id
    bench.says("hello, I am back", sender=PHONE)
    bench.to(later_visit - 3 * DAY + HOUR)
    assert bench.outcomes()["d3"] == "sent"


def test_a_phone_that_was_rested_for_two_weeks_is_tried_again(bench: Bench) -> None:
    three_unreached(bench)
    later_visit = VISIT + 25 * DAY
    bench.book(later_visit, visit="A9")
    bench.to(later_visit - 7 * DAY + HOUR)
    assert len(bench.sms.texts_to(PHONE)) == 6


def test_a_rested_phone_is_passed_over_for_another_of_the_patient(bench: Bench) -> None:
    three_unreached(bench, phone=None, patient_={"phones": [PHONE, "+12025550177"]})
    bench.sms.sent.clear()
    bench.to(VISIT - 2 * HOUR)
    assert {one.to for one in bench.sms.sent} == {"+12025550177"}


def test_a_text_that_arrives_ends_the_suspicion(bench: Bench) -> None:
    queued(bench)
    send.drain(bench.world)
    with bench.world.db.write() as unit:
        unit.people.rest(address_index(ChannelKind.SMS, PHONE), VISIT)
    report(bench, None, "delivered")
    with bench.world.db.read() as unit:
        (contact,) = unit.people.all_contacts(patient(bench).id)
    assert contact.suspect_until is None


def test_many_filtered_texts_in_a_day_page_somebody_and_one_does_not(bench: Bench) -> None:
    for number in range(5):
        bench.book(VISIT, visit=f"A{number}", patient=f"P{number}", phone=f"+1202555013{number}")
    bench.to(D7)
    for number, row in enumerate(messages(bench)):
        assert row.provider_id is not None
        receipt.receive(
            bench.world, receipt.Reported(row.provider_id, "undelivered", 30007, row.id)
        )
        receipt.drain(bench.world)
        items = [item for item in work(bench) if item.kind == "operator"]
        assert [item.priority for item in items] == (
            ["same_day"] if number < 4 else ["same_day", "urgent"]
        )
    assert "filtered 5 messages" in items[-1].summary
