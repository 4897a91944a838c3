"""Send: checked again at the last moment, written down before it leaves, and never twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outreach.domain.states import ChannelKind, MessageStatus
from outreach.pipeline import compose, consent, due, send, settle, upkeep
from outreach.pipeline.outgoing import prepare
from outreach.pipeline.ports import Outgoing, ResultKind, SendResult
from outreach.storage.repositories.people import address_index
from tests.pipeline.rows import (
    VISIT,
    attempts,
    kinds,
    message,
    messages,
    patient,
    statuses,
    touchpoint,
    work,
)
from tests.recording import Answers, RecordingChannel, busy, refuse, vanish
from tests.worlds import PHONE, Bench

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
D7 = VISIT - 7 * DAY


def queued(bench: Bench, **rest: Any) -> None:
    """A visit whose first reminder is decided and waits to be sent."""
    bench.book(VISIT, **rest)
    bench.machine.advance(D7 - bench.clock.now())
    bench.clock.set(D7)
    due.drain(bench.world)


def stop(bench: Bench) -> None:
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")


def test_an_accepted_text_ends_its_touchpoint_and_opens_its_question(bench: Bench) -> None:
    queued(bench)
    send.drain(bench.world)
    row = message(bench, "d7")
    (attempt,) = attempts(bench, row.id)
    assert (row.status, row.provider_id, row.accepted_at) == ("accepted", attempt.provider_id, D7)
    assert (attempt.outcome, attempt.number) == ("accepted", 1)
    assert touchpoint(bench, "d7").status == "sent"
    with bench.world.db.read() as unit:
        question = unit.replies.question_of(touchpoint(bench, "d7").id)
    assert question is not None
    assert (question.prompt, question.closes_at) == ("confirm", D7 + 48 * HOUR)


def test_sending_again_sends_nothing(bench: Bench) -> None:
    queued(bench)
    assert send.drain(bench.world) == 1
    assert send.drain(bench.world) == 0
    assert len(bench.sms.sent) == 1


def test_an_opt_out_between_decision_and_sending_is_obeyed(bench: Bench) -> None:
    queued(bench)
    stop(bench)
    send.drain(bench.world)
    assert bench.sms.sent == []
    assert bench.outcomes()["d7"] == "skipped:opted_out"
    assert message(bench, "d7").reason == "opted_out"


@pytest.mark.parametrize(
    ("kind", "rest", "outcome"),
    [
        ("appointment.cancelled", {}, "cancelled:cancelled"),
        ("appointment.rescheduled", {"start": VISIT + 20 * DAY}, "planned"),
    ],
)
def test_a_cancelled_or_moved_visit_is_not_texted_about(
    bench: Bench, kind: str, rest: dict[str, object], outcome: str
) -> None:
    queued(bench)
    start = rest.get("start", VISIT)
    bench.book(start, kind=kind)  # type: ignore[arg-type]
    send.drain(bench.world)
    assert bench.sms.sent == []
    assert bench.outcomes()["d7"] == outcome


@pytest.mark.parametrize("what", ["opted_out", "cancelled", "moved", "paused"])
def test_what_changes_before_the_claim_is_seen(
    bench: Bench, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(bench)
    right = send._claim

    def meanwhile(*args, **rest):  # type: ignore[no-untyped-def]
        if what == "opted_out":
            stop(bench)
        elif what == "cancelled":
            bench.book(VISIT, kind="appointment.cancelled")
        elif what == "moved":
            bench.book(VISIT + DAY, kind="appointment.rescheduled")
        else:
            bench.event("patient.admitted")
        return right(*args, **rest)

    monkeypatch.setattr(send, "_claim", meanwhile)
    send.drain(bench.world)
    assert bench.sms.sent == []
    (row,) = messages(bench)
    assert (row.status, row.reason) == ("skipped", what)


def test_the_provider_may_deliver_only_while_it_is_of_use_and_the_window_is_open(
    bench: Bench,
) -> None:
    queued(bench)
    send.drain(bench.world)
    assert bench.sms.sent[0].validity_seconds == 36000  # the provider's limit
    bench.to(VISIT - 2 * HOUR)
    assert bench.sms.sent[-1].validity_seconds == 2 * 3600


def test_validity_ends_with_the_window(bench: Bench) -> None:
    evening = VISIT.replace(hour=23)  # 18:00 in New York
    bench.book(evening)
    bench.to(evening - 7 * DAY)
    assert bench.sms.sent[0].validity_seconds == 3 * 3600


def test_too_many_requests_are_tried_again_when_the_provider_says(bench: Bench) -> None:
    bench.sms.answers.append(busy(retry_after=45.0))
    queued(bench)
    send.drain(bench.world)
    assert statuses(bench) == ["queued"]
    bench.machine.advance(44 * SECOND)
    send.drain(bench.world)
    assert len(bench.sms.sent) == 1
    bench.machine.advance(6 * SECOND)  # up to a tenth more: what was refused together is spread
    send.drain(bench.world)
    assert statuses(bench) == ["accepted"]
    assert [row.outcome for row in attempts(bench, messages(bench)[0].id)] == [
        "not_sent",
        "accepted",
    ]


def test_what_is_retried_until_it_is_of_no_use_is_skipped(bench: Bench) -> None:
    queued(bench)
    bench.sms.answers.extend([busy()] * 3)
    send.drain(bench.world)
    bench.to(D7 + 48 * HOUR)
    assert bench.outcomes()["d7"] == "skipped:late"


def test_a_retry_that_falls_into_the_night_waits_for_the_morning(bench: Bench) -> None:
    queued(bench)
    bench.sms.answers.append(busy())
    send.drain(bench.world)
    bench.to(D7 + 14 * HOUR)  # midnight
    assert len(bench.sms.sent) == 1
    bench.to(D7 + 22 * HOUR)  # 08:00
    assert len(bench.sms.sent) == 2
    assert bench.outcomes()["d7"] == "sent"


def test_a_carriers_stop_is_recorded_and_ends_later_texts(bench: Bench) -> None:
    bench.sms.answers.append(refuse(21610))
    queued(bench)
    send.drain(bench.world)
    assert bench.outcomes()["d7"] == "failed"
    index = address_index(ChannelKind.SMS, PHONE)
    with bench.world.db.read() as unit:
        lines = unit.people.consent_history([index])
    assert (lines[-1].action, lines[-1].source) == ("opt_out", "carrier")
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "skipped:opted_out"
    assert kinds(bench) == ["call_patient"]


def test_a_number_that_is_none_is_marked_and_not_tried_again(bench: Bench) -> None:
    bench.sms.answers.append(refuse(21211))
    queued(bench)
    send.drain(bench.world)
    assert bench.outcomes()["d7"] == "failed"
    with bench.world.db.read() as unit:
        (contact,) = unit.people.all_contacts(patient(bench).id)
    assert contact.status == "invalid"
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "skipped:no_address"
    assert len(bench.sms.texts_to(PHONE)) == 1


@pytest.mark.parametrize(("code", "http"), [(20003, 401), (21606, 400), (None, 403)])
def test_trouble_with_our_account_keeps_the_queue_and_tells_the_operator_once(
    bench: Bench, code: int, http: int
) -> None:
    bench.sms.answers.extend([refuse(code, http)] * 2)
    queued(bench)
    send.drain(bench.world)
    assert statuses(bench) == ["queued"]
    bench.machine.advance(timedelta(minutes=5))
    bench.run()
    assert kinds(bench) == ["operator"]
    assert len(bench.sms.sent) == 2
    bench.machine.advance(timedelta(minutes=5))
    bench.run()
    assert bench.outcomes()["d7"] == "sent"


def test_a_code_nobody_has_met_is_not_tried_again(bench: Bench) -> None:
    bench.sms.answers.append(refuse(29999))
    queued(bench)
    send.drain(bench.world)
    assert statuses(bench) == ["failed"]
    assert sorted(kinds(bench)) == ["call_patient", "operator"]


def test_a_failing_provider_leaves_an_unknown_outcome(bench: Bench) -> None:
    bench.sms.answers.append(refuse(20500, 500))
    queued(bench)
    send.drain(bench.world)
    assert statuses(bench) == ["unknown"]
    assert bench.outcomes()["d7"] == "queued"


def test_the_attempt_is_on_record_before_the_request_leaves(bench: Bench) -> None:
    queued(bench)
    seen: list[tuple[str, int]] = []

    def look(outgoing: Outgoing) -> SendResult:
        seen.extend((row.outcome, row.number) for row in attempts(bench, outgoing.message_id))
        return bench.sms.accept(outgoing)

    bench.sms.answers.append(look)
    send.drain(bench.world)
    assert seen == [("in_flight", 1)]


def test_an_email_that_is_skipped_does_not_end_the_text(bench: Bench) -> None:
    queued(bench, patient_={"email": "robin@testcase.example"})
    consent.record_opt_out(
        bench.world, ChannelKind.EMAIL, "robin@testcase.example", source="staff", actor="n"
    )
    send.drain(bench.world)
    assert len(bench.sms.sent) == 1
    assert bench.email.sent == []
    assert bench.outcomes()["d7"] == "sent"


def test_a_text_that_is_skipped_leaves_the_email_to_speak(bench: Bench) -> None:
    queued(bench, patient_={"email": "robin@testcase.example"})
    stop(bench)
    send.drain(bench.world)
    assert (len(bench.sms.sent), len(bench.email.sent)) == (0, 1)
    assert bench.outcomes()["d7"] == "sent"


def test_a_text_that_fails_after_its_email_was_skipped_ends_the_touchpoint(bench: Bench) -> None:
    queued(bench, patient_={"email": "robin@testcase.example"})
    consent.record_opt_out(
        bench.world, ChannelKind.EMAIL, "robin@testcase.example", source="staff", actor="n"
    )
    bench.sms.answers.append(busy())
    send.drain(bench.world)
    bench.sms.answers.append(refuse(21211))
    bench.machine.advance(HOUR)
    send.drain(bench.world)
    assert bench.outcomes()["d7"] == "failed"


def test_a_cancellation_after_the_text_failed_ends_what_the_email_left_open(bench: Bench) -> None:
    queued(bench, patient_={"email": "robin@testcase.example"})
    bench.sms.answers.append(refuse(21211))
    bench.email.answers.append(busy())
    send.drain(bench.world)
    assert bench.outcomes()["d7"] == "queued"
    bench.book(VISIT, kind="appointment.cancelled")
    assert bench.outcomes()["d7"] == "cancelled:cancelled"


class Dies(RecordingChannel):
    """A worker killed after its requests left and before it wrote the answers down."""

    def send(self, batch: Sequence[Outgoing]) -> Answers:
        for outgoing in batch:
            self.sent.append(outgoing)
            self.note(outgoing)
        return Killed(self, batch)


class Killed(Answers):
    """Nothing runs in a process that was killed."""

    def take(self) -> list[SendResult]:
        raise KeyboardInterrupt


def test_a_worker_that_dies_with_requests_under_way_never_sends_twice(bench: Bench) -> None:
    dying = Dies(ChannelKind.SMS, bench.machine)
    channels = {ChannelKind.SMS: dying, ChannelKind.EMAIL: bench.email}
    queued(bench)
    with pytest.raises(KeyboardInterrupt):
        send.drain(replace(bench.world, channels=channels))
    assert statuses(bench) == ["claimed"]
    bench.sms.records = dying.records
    bench.machine.advance(60 * SECOND)
    upkeep.drain(bench.world)
    assert statuses(bench) == ["unknown"]
    bench.machine.advance(20 * SECOND)
    bench.run()
    assert statuses(bench) == ["accepted"]
    assert bench.sms.sent == []
    assert bench.outcomes()["d7"] == "sent"


def slow_worker(bench: Bench, result: ResultKind) -> RecordingChannel:
    """A worker that falls asleep while it sends, until its message went through another."""
    asleep = RecordingChannel(ChannelKind.SMS, bench.machine)

    def sleep(outgoing: Outgoing) -> SendResult:
        bench.machine.advance(60 * SECOND)
        upkeep.drain(bench.world)
        for _ in range(3):
            bench.machine.advance(60 * SECOND)
            bench.run()
        if result is ResultKind.ACCEPTED:
            return SendResult(outgoing.message_id, result, "SMlate", "queued")
        return SendResult(outgoing.message_id, result, detail="late")

    asleep.answers.append(sleep)
    return asleep


@pytest.mark.parametrize("result", [ResultKind.NOT_SENT, ResultKind.UNKNOWN, ResultKind.ACCEPTED])
def test_a_late_result_changes_nothing_that_another_worker_did(
    bench: Bench, result: ResultKind
) -> None:
    queued(bench)
    asleep = slow_worker(bench, result)
    channels = {ChannelKind.SMS: asleep, ChannelKind.EMAIL: bench.email}
    send.drain(replace(bench.world, channels=channels), limit=1)
    bench.run()
    assert len(bench.sms.sent) == 1
    assert statuses(bench) == ["accepted"]


def test_a_late_acceptance_stops_the_second_try(bench: Bench) -> None:
    queued(bench)
    asleep = RecordingChannel(ChannelKind.SMS, bench.machine)

    def sleep(outgoing: Outgoing) -> SendResult:
        for _ in range(3):
            bench.machine.advance(60 * SECOND)
            upkeep.drain(bench.world)
            settle.drain(bench.world)
        assert statuses(bench) == ["queued"]
        return SendResult(outgoing.message_id, ResultKind.ACCEPTED, "SMlate", "queued")

    asleep.answers.append(sleep)
    channels = {ChannelKind.SMS: asleep, ChannelKind.EMAIL: bench.email}
    send.drain(replace(bench.world, channels=channels), limit=1)
    bench.run()
    assert bench.sms.sent == []
    assert statuses(bench) == ["accepted"]


@pytest.mark.parametrize("seconds", [41, 61])
def test_a_worker_that_slept_before_it_sent_does_not_send(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """It would not be done before its lease ends; by then another may have sent it."""
    queued(bench)
    asleep = RecordingChannel(ChannelKind.SMS, bench.machine)
    right = send._claim
    slept: list[int] = []

    def sleeps(*args, **rest):  # type: ignore[no-untyped-def]
        claimed = right(*args, **rest)
        if not slept:
            slept.append(claimed)
            bench.machine.advance(seconds * SECOND)
            upkeep.drain(bench.world)
        return claimed

    monkeypatch.setattr(send, "_claim", sleeps)
    channels = {ChannelKind.SMS: asleep, ChannelKind.EMAIL: bench.email}
    send.drain(replace(bench.world, channels=channels), limit=1)
    assert (slept, asleep.sent) == ([1], [])
    for _ in range(3):
        bench.machine.advance(61 * SECOND)
        bench.run()
    assert len(bench.sms.sent) == 1
    assert statuses(bench) == ["accepted"]


def test_one_message_this_program_fails_on_does_not_stop_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.book(VISIT, patient="P2", visit="A2", phone="+12025550124")
    queued(bench)
    bad = message(bench, "d7", "P1").id
    right = compose.compose

    def fails_once(world, facts, row):  # type: ignore[no-untyped-def]
        if row.id == bad:
            raise RuntimeError("chance")
        return right(world, facts, row)

    monkeypatch.setattr(prepare, "compose", fails_once)
    send.drain(bench.world)
    assert bench.outcomes("P1")["d7"] == "failed"
    assert bench.outcomes("P2")["d7"] == "sent"
    assert sorted({item.kind for item in work(bench)}) == ["call_patient", "operator"]


def test_urgent_lanes_do_not_touch_bulk(bench: Bench) -> None:
    queued(bench)
    assert send.drain(bench.world, send.URGENT_LANE) == 0
    assert send.drain(bench.world, send.BULK_LANE) == 0
    assert send.drain(bench.world, send.CARE_LANE) == 1


def test_an_unknown_is_not_sent_again_by_itself(bench: Bench) -> None:
    bench.sms.answers.append(vanish)
    queued(bench)
    send.drain(bench.world)
    send.drain(bench.world)
    assert len(bench.sms.sent) == 1
    assert message(bench, "d7").status is MessageStatus.UNKNOWN
