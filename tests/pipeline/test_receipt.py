"""Receipt: reports come in any order, twice, early or from strangers, and only lead upwards."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from outreach.domain.states import ChannelKind
from outreach.pipeline import due, receipt, send
from outreach.pipeline.ports import Outgoing, ResultKind, SendResult
from tests.pipeline.rows import VISIT, kinds, message, messages, patient, statuses, work
from tests.worlds import START, Bench

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def sent(bench: Bench) -> tuple[str, UUID]:
    """The first reminder went out: the provider's id and ours."""
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    row = message(bench, "d7")
    assert row.provider_id is not None
    return row.provider_id, row.id


def report(
    bench: Bench,
    provider_id: str,
    status: str,
    code: int | None = None,
    message_id: UUID | None = None,
) -> bool:
    return receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=provider_id,
            status=status,
            error_code=code,
            message_id=message_id,
        ),
    )


@pytest.mark.parametrize("order", list(permutations(["queued", "sent", "delivered"])))
def test_whatever_the_order_the_message_ends_delivered(
    bench: Bench, order: tuple[str, ...]
) -> None:
    provider_id, _ = sent(bench)
    for status in order:
        report(bench, provider_id, status)
        receipt.drain(bench.world)
    assert statuses(bench) == ["delivered"]


def test_a_report_twice_is_one_report(bench: Bench) -> None:
    provider_id, _ = sent(bench)
    assert report(bench, provider_id, "delivered")
    assert not report(bench, provider_id, "DELIVERED")
    assert receipt.drain(bench.world) == 1
    assert receipt.drain(bench.world) == 0


def test_the_first_final_report_wins(bench: Bench) -> None:
    provider_id, _ = sent(bench)
    for status in ("delivered", "undelivered"):
        report(bench, provider_id, status, 30003)
        receipt.drain(bench.world)
    assert statuses(bench) == ["delivered"]
    assert kinds(bench) == []


def test_the_report_of_a_stranger_is_kept_and_harms_nothing(bench: Bench) -> None:
    sent(bench)
    report(bench, "SMstranger", "delivered", message_id=uuid4())
    report(bench, "SMother", "failed", 30007)
    assert receipt.drain(bench.world) == 2
    assert statuses(bench) == ["accepted"]
    with bench.world.db.read() as unit:
        assert len(unit.receipts.of_provider_id("SMstranger")) == 1


def test_a_word_we_do_not_know_changes_nothing(bench: Bench) -> None:
    provider_id, _ = sent(bench)
    report(bench, provider_id, "clicked")
    receipt.drain(bench.world)
    assert statuses(bench) == ["accepted"]


@pytest.mark.parametrize("ours", [True, False], ids=["with our id", "with the provider's alone"])
def test_a_report_that_comes_before_our_own_record_counts(bench: Bench, ours: bool) -> None:
    def early(outgoing: Outgoing) -> SendResult:
        key = outgoing.message_id if ours else None
        report(bench, "SMearly", "delivered", message_id=key)
        receipt.drain(bench.world)
        return SendResult(outgoing.message_id, ResultKind.ACCEPTED, "SMearly", "queued")

    bench.sms.answers.append(early)
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    assert statuses(bench) == ["delivered"]
    assert bench.outcomes()["d7"] == "sent"
    assert len(bench.sms.sent) == 1


def test_our_id_on_a_message_never_tried_proves_nothing(bench: Bench) -> None:
    bench.book(VISIT)
    bench.clock.set(VISIT - 7 * DAY)
    bench.machine.set(VISIT - 7 * DAY)
    due.drain(bench.world)
    (row,) = messages(bench)
    report(bench, "SMnonsense", "queued", message_id=row.id)
    receipt.drain(bench.world)
    assert statuses(bench) == ["queued"]
    send.drain(bench.world)
    assert len(bench.sms.sent) == 1


@pytest.mark.parametrize("status", ["undelivered", "failed"])
def test_a_care_text_that_did_not_arrive_is_a_call_once(bench: Bench, status: str) -> None:
    provider_id, _ = sent(bench)
    report(bench, provider_id, status, 30410)
    receipt.drain(bench.world)
    assert statuses(bench) == [status]
    (item,) = work(bench)
    assert (item.kind, item.priority, item.patient_id) == (
        "call_patient",
        "same_day",
        patient(bench).id,
    )


def test_a_landline_found_out_by_a_report_is_not_texted_again(bench: Bench) -> None:
    provider_id, _ = sent(bench)
    report(bench, provider_id, "undelivered", 30006)
    receipt.drain(bench.world)
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "skipped:no_address"


def test_a_suspended_account_found_out_by_a_report_reaches_the_operator(bench: Bench) -> None:
    provider_id, _ = sent(bench)
    report(bench, provider_id, "failed", 30002)
    receipt.drain(bench.world)
    assert kinds(bench) == ["operator"]
    assert statuses(bench) == ["queued"]  # it waits until somebody has mended the account


def test_an_answer_to_a_red_flag_that_did_not_arrive_means_call_now(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": "+12025550123"})
    bench.says("chest pain")
    bench.run()
    (answer,) = [row for row in messages(bench) if row.template == "auto_call_911"]
    assert answer.provider_id is not None
    report(bench, answer.provider_id, "undelivered", 30003)
    receipt.drain(bench.world)
    (call,) = [item for item in work(bench) if item.kind == "call_patient"]
    assert (call.priority, call.due_at) == ("urgent", START + timedelta(minutes=5))
    assert "Call now" in call.summary


def test_a_page_that_did_not_arrive_is_told_to_the_operator(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": "+12025550123"})
    bench.says("chest pain")
    bench.run()
    (page, *_) = [
        row
        for row in messages(bench)
        if row.template == "staff_page" and row.channel is ChannelKind.SMS
    ]
    assert page.provider_id is not None
    report(bench, page.provider_id, "undelivered", 30006)
    receipt.drain(bench.world)
    assert "operator" in kinds(bench)
