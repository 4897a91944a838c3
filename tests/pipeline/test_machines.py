"""Machines that write to us, and answers to red flags that do not arrive."""

from datetime import timedelta

from outreach.domain.states import ChannelKind
from outreach.pipeline import receipt, reply, triage
from tests.pipeline.rows import kinds, messages, work
from tests.recording import refuse, vanish
from tests.worlds import PHONE, Bench

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NURSE = "+12025550199"
AWAY = "Auto-reply: I am away until Monday"


def known(bench: Bench, **rest: object) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE, **rest})


def answers(bench: Bench) -> list[str]:
    bench.run()
    return [row.template for row in messages(bench) if row.reply_id is not None]


def mail(bench: Bench, body: str, sender: str = "robin@example.org", **more: object) -> None:
    number = len(messages(bench)) + len(work(bench)) * 100
    provider_id = f"mail:{number}{hash(body)}"
    inbound = reply.Inbound(provider_id, ChannelKind.EMAIL, sender, "care@x", body, **more)  # type: ignore[arg-type]
    reply.receive(bench.world, inbound)
    triage.drain(bench.world)


# -- machines


def test_an_automatic_reply_gets_no_answer_and_one_item_a_day(bench: Bench) -> None:
    known(bench)
    for _ in range(5):
        bench.says(AWAY)
    assert answers(bench) == []
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("automatic_reply", "routine")
    with bench.world.db.read() as unit:
        told = {note.reply_id for note in unit.followups.notes_of(item.id)}
    assert len(told) == 5
    bench.clock.advance(DAY)
    bench.says(AWAY)
    assert kinds(bench) == ["automatic_reply"] * 2


def test_a_machine_that_names_a_red_flag_is_paged_and_answered_once(bench: Bench) -> None:
    known(bench)
    for _ in range(20):
        bench.says("Auto-reply: I have chest pain")
        bench.run()
    assert answers(bench) == ["auto_call_911"]
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("red_flag", "urgent")
    assert item.level == 20  # the guard stops answers, never a page


def test_two_machines_end_even_where_neither_says_so(bench: Bench) -> None:
    known(bench)
    for _ in range(30):
        bench.says("I have chest pain")
        bench.run()
    assert 1 <= len(answers(bench)) <= 12  # texts of one minute are not answered twice alike
    assert work(bench)[0].level == 30


def test_an_opt_out_of_a_machine_is_obeyed(bench: Bench) -> None:
    known(bench)
    bench.says("This number is not monitored. Please stop texting me.")
    assert answers(bench) == ["auto_opted_out"]


# -- emails


def test_an_email_is_triaged_like_a_text_and_answered_by_email(bench: Bench) -> None:
    known(bench, email="robin@example.org")
    mail(bench, "I have chest pain and cannot breathe")
    bench.run()
    (text,) = bench.email.texts_to("robin@example.org")
    assert "Call 911 now" in text
    assert bench.sms.texts_to(PHONE) == []
    assert len(bench.sms.texts_to(NURSE)) == 1
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("red_flag", "urgent")


def test_an_email_from_nobody_we_know_goes_to_staff_and_is_not_answered(bench: Bench) -> None:
    mail(bench, "Can I bring my daughter?", "who@example.org")
    bench.run()
    assert [(item.kind, item.priority) for item in work(bench)] == [("unknown_sender", "routine")]
    assert bench.email.sent == []


def test_a_red_flag_from_nobody_we_know_is_answered_all_the_same(bench: Bench) -> None:
    mail(bench, "chest pain, cannot breathe", "who@example.org")
    bench.run()
    assert len(bench.email.texts_to("who@example.org")) == 1
    assert [(item.kind, item.priority) for item in work(bench)] == [("red_flag", "urgent")]


def test_where_no_email_may_leave_a_red_flag_says_that_nobody_answered(
    bench: Bench,
) -> None:
    del bench.world.channels[ChannelKind.EMAIL]  # type: ignore[attr-defined]
    mail(bench, "chest pain, cannot breathe")
    bench.run()
    (item,) = [item for item in work(bench) if item.kind == "red_flag"]
    assert "phone now" in item.summary
    assert [row for row in messages(bench) if row.reply_id is not None] == []


def test_an_out_of_office_email_is_not_answered(bench: Bench) -> None:
    known(bench, email="robin@example.org")
    mail(bench, "I will read your mail next week.", automatic=True)
    bench.run()
    assert bench.email.sent == []
    assert kinds(bench) == ["automatic_reply"]


# -- answers to red flags that do not arrive


def paged(bench: Bench) -> int:
    return len(bench.sms.texts_to(NURSE))


def answer(bench: Bench) -> str:
    (row,) = [row for row in messages(bench) if row.reply_id is not None]
    return row.provider_id or ""


def test_an_answer_that_the_carrier_reports_undelivered_is_a_call_now(bench: Bench) -> None:
    known(bench)
    bench.says("chest pain")
    bench.run()
    before = paged(bench)
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=answer(bench),
            status="undelivered",
            error_code=30005,
            message_id=None,
        ),
    )
    bench.run()
    flag, call = work(bench)
    assert (call.kind, call.priority, call.action) == ("call_patient", "urgent", "call_911")
    assert call.due_at == bench.clock.now() + 5 * MINUTE
    assert paged(bench) == before + 1
    assert flag.status == "open"


def test_an_answer_that_the_carrier_refuses_is_a_call_now(bench: Bench) -> None:
    known(bench)
    bench.says("fever of 103")
    bench.sms.answers.append(refuse(21211))
    bench.run()
    assert sorted(kinds(bench)) == ["call_patient", "red_flag"]
    assert {item.priority for item in work(bench)} == {"urgent"}


def test_an_answer_that_comes_too_late_is_a_call_now(bench: Bench) -> None:
    known(bench)
    bench.says("chest pain")
    bench.clock.advance(HOUR)
    bench.run()
    assert bench.sms.texts_to(PHONE) == []
    assert sorted(kinds(bench)) == ["call_patient", "red_flag"]


def test_an_email_answer_of_which_nothing_is_known_is_a_call_now(bench: Bench) -> None:
    known(bench, email="robin@example.org")
    bench.email.records = None
    bench.email.answers.append(vanish)
    mail(bench, "chest pain, cannot breathe")
    bench.run()
    bench.machine.advance(5 * MINUTE)
    bench.run()
    bench.machine.advance(5 * MINUTE)
    bench.run()
    assert "call_patient" in kinds(bench)


def test_an_answer_to_anything_else_that_fails_is_routine(bench: Bench) -> None:
    known(bench)
    bench.says("can I eat before?")
    bench.sms.answers.append(refuse(21211))
    bench.run()
    assert [item.priority for item in work(bench) if item.kind == "call_patient"] == ["routine"]
