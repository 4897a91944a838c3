"""Takeover: a person writes, replies are theirs, and automation keeps silent until it is over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from outreach.bootstrap import build_copy_rules
from outreach.domain.approvals import Role
from outreach.domain.errors import BadInput, NotFound
from outreach.domain.states import ChannelKind
from outreach.pipeline import due, followup, pause, reply, send, triage
from outreach.pipeline.replies import staff_message, takeover
from outreach.rendering.staff_words import StaffWords
from outreach.storage.models import FollowUp, Takeover
from tests.pipeline.rows import VISIT, kinds, messages, patient, touchpoint, visit, work
from tests.recording import refuse
from tests.worlds import CONFIG, PHONE, START, Bench, clinic, make_bench, templates

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
NURSE = "+12025550199"


def known(bench: Bench, name: str = "P1", **rest: object) -> None:
    bench.event("patient.updated", name, patient_={"phone": PHONE, **rest})


def writes(
    bench: Bench,
    words: str,
    *,
    to: str = "P1",
    who: str = "Ana",
    token: str = "",
    anyway: bool = True,
) -> staff_message.Said:
    """A nurse writes, and what is queued leaves."""
    token = token or f"t{bench.clock.now():%d%H%M%S}-{len(messages(bench))}"
    said = staff_message.say(bench.world, to, words, who=who, token=token, anyway=anyway)
    bench.run()
    return said


def taken(bench: Bench, name: str = "P1") -> list[Takeover]:
    with bench.world.db.read() as unit:
        return unit.takeovers.of_patient(patient(bench, name).id)


def item(bench: Bench, kind: str = "conversation") -> FollowUp:
    (found,) = [row for row in work(bench) if row.kind == kind]
    return found


def history(bench: Bench, found: FollowUp) -> list[tuple[str, str, str | None]]:
    with bench.world.db.read() as unit:
        return [(note.what, note.who, note.note) for note in unit.followups.notes_of(found.id)]


def checked_in(bench: Bench) -> datetime:
    """A check-in asked the patient how they feel, 24 hours after an infusion."""
    bench.book(START + HOUR)
    bench.to(START + 5 * HOUR)
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )
    asked = START + 29 * HOUR
    bench.to(asked)
    return asked


def test_a_persons_words_go_out_under_the_clinics_name_and_take_the_conversation(
    bench: Bench,
) -> None:
    known(bench)
    bench.says("can I come at 10?")
    bench.run()
    said = writes(bench, "Yes, 10 suits us.")
    assert bench.sms.texts_to(PHONE)[-1] == "Cedar Grove Clinic 202-555-0100: Yes, 10 suits us."
    sent = next(row for row in messages(bench) if row.id == said.message_id)
    assert (sent.purpose, sent.urgency, sent.status) == ("reply", "urgent", "accepted")
    (row,) = taken(bench)
    assert (row.nurse, row.answered, row.ended_at) == ("Ana", True, None)
    assert row.ends_at == START + 60 * MINUTE
    found = item(bench)
    assert (found.status, found.assignee, found.priority) == ("acknowledged", "Ana", "routine")
    assert ("answered", "Ana", "Yes, 10 suits us.") in history(bench, found)


def test_the_same_token_sends_once(bench: Bench) -> None:
    known(bench)
    first = writes(bench, "Please call us.", token="once")
    again = writes(bench, "Please call us.", token="once")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.message_id == again.message_id
    assert len(bench.sms.texts_to(PHONE)) == 1
    assert len(taken(bench)) == 1


@pytest.mark.parametrize("token", ["", "a b", "x" * 81, "Robin/Testcase"])
def test_a_token_is_a_short_plain_word(bench: Bench, token: str) -> None:
    known(bench)
    with pytest.raises(BadInput, match="token"):
        staff_message.say(bench.world, "P1", "Hello", who="Ana", token=token)


def test_replies_go_to_the_nurse_and_get_no_answer_of_ours(bench: Bench) -> None:
    known(bench)
    writes(bench, "How are you today?")
    bench.to(START + 10 * MINUTE)
    before = len(bench.sms.texts_to(PHONE))
    bench.says("I have a mild headache since lunch")
    bench.run()
    assert len(bench.sms.texts_to(PHONE)) == before
    assert kinds(bench) == ["conversation"]
    found = item(bench)
    assert (found.status, found.assignee) == ("acknowledged", "Ana")
    assert ("wrote", "patient") in [(what, who) for what, who, _ in history(bench, found)]
    (row,) = taken(bench)
    assert (row.answered, row.ends_at) == (False, START + 70 * MINUTE)
    with bench.world.db.read() as unit:
        assert found.reply_id is not None
        assert unit.replies.by_ids([found.reply_id])[found.reply_id].label is not None


def test_a_red_flag_is_paged_and_answered_as_ever(bench: Bench) -> None:
    known(bench)
    writes(bench, "How are you today?")
    bench.says("I have chest pain and cannot breathe")
    bench.run()
    flag = item(bench, "red_flag")
    assert (flag.priority, flag.status, flag.assignee) == ("urgent", "open", None)
    assert "911" in bench.sms.texts_to(PHONE)[-1]
    assert len(bench.sms.texts_to(NURSE)) == 1
    assert any("red flag" in (said or "") for _, _, said in history(bench, item(bench)))


def test_an_open_question_is_suspended_and_open_again_after_the_release(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    writes(bench, "Can you bring your forms?")
    bench.says("C")
    bench.run()
    assert not visit(bench).confirmed
    takeover.release(bench.world, patient(bench).id, "Ana")
    bench.clock.advance(MINUTE)
    bench.says("C")
    bench.run()
    assert visit(bench).confirmed


def test_a_question_whose_time_is_over_stays_closed(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.through(VISIT - 5 * DAY - 30 * MINUTE)
    writes(bench, "Can you bring your forms?")
    bench.through(VISIT - 5 * DAY + 2 * HOUR)
    (row,) = taken(bench)
    assert row.ended_by == "outreach"
    bench.says("C")
    assert not visit(bench).confirmed


def test_a_number_under_a_suspended_check_in_is_the_nurses_and_is_pressing(bench: Bench) -> None:
    asked = checked_in(bench)
    before = len(bench.sms.texts_to(NURSE))
    writes(bench, "How many forms did you bring?")
    bench.says("3")
    bench.run()
    found = item(bench)
    assert (found.priority, found.action, found.assignee) == ("urgent", "page_1h", "Ana")
    assert len(bench.sms.texts_to(NURSE)) == before  # the nurse is there: nobody else is woken
    assert "severity" in str(history(bench, found)[-1][2])
    bench.through(asked + 61 * MINUTE)
    assert len(bench.sms.texts_to(NURSE)) > before  # ... unless it is not closed in its time


def test_it_times_out_an_hour_after_the_last_word_and_the_reply_waits_for_anybody(
    bench: Bench,
) -> None:
    known(bench)
    writes(bench, "Can you call us?")
    bench.to(START + 20 * MINUTE)
    bench.says("why what is it")
    bench.through(START + 79 * MINUTE)
    assert taken(bench)[0].ended_at is None
    bench.through(START + 81 * MINUTE)
    (row,) = taken(bench)
    assert (row.ended_by, row.ended_at) == ("outreach", START + 80 * MINUTE)
    found = item(bench)
    assert (found.status, found.priority, found.assignee) == ("open", "same_day", None)
    assert "timed out" in [what for what, _, _ in history(bench, found)]


def test_a_last_word_of_ours_leaves_the_item_with_the_nurse(bench: Bench) -> None:
    known(bench)
    writes(bench, "See you at 10.")
    bench.through(START + 2 * HOUR)
    found = item(bench)
    assert (found.status, found.assignee) == ("acknowledged", "Ana")


def test_the_next_word_reopens_the_thread_in_the_same_item(bench: Bench) -> None:
    known(bench)
    writes(bench, "See you at 10.")
    bench.through(START + 2 * HOUR)
    writes(bench, "Make it 11.", who="Ben")
    assert [row.ended_at is None for row in taken(bench)] == [False, True]
    assert item(bench).assignee == "Ben"


def test_another_person_may_go_on_with_it(bench: Bench) -> None:
    known(bench)
    writes(bench, "See you at 10.")
    writes(bench, "Ben here: make it 11.", who="Ben")
    (row,) = taken(bench)
    assert row.nurse == "Ben"
    assert ("taken over", "Ben", "from Ana") in history(bench, item(bench))


def test_the_release_closes_a_conversation_in_which_nothing_waits(bench: Bench) -> None:
    known(bench)
    writes(bench, "See you at 10.")
    assert takeover.release(bench.world, patient(bench).id, "Ana") == 1
    assert (item(bench).status, taken(bench)[0].ended_by) == ("closed", "Ana")
    with pytest.raises(NotFound, match="Nobody has taken"):
        takeover.release(bench.world, patient(bench).id, "Ana")


def test_the_release_leaves_open_what_nobody_has_answered(bench: Bench) -> None:
    known(bench)
    writes(bench, "See you at 10.")
    bench.says("I would rather come at noon")
    takeover.release(bench.world, patient(bench).id, "Ana")
    assert (item(bench).status, item(bench).priority) == ("open", "same_day")


def test_closing_the_item_ends_the_conversation(bench: Bench) -> None:
    known(bench)
    writes(bench, "See you at 10.")
    followup.close(bench.world, item(bench).code, "Ana", "Reached.")
    assert taken(bench)[0].ended_at == bench.clock.now()
    bench.clock.advance(MINUTE)
    bench.says("what should I eat?")
    assert "question" in kinds(bench)


def test_it_goes_on_from_the_item_that_a_page_named(bench: Bench) -> None:
    known(bench)
    bench.says("what should I eat?")
    bench.run()
    (asked,) = work(bench)
    writes(bench, "A light meal is fine.", to=asked.code)
    (now,) = work(bench)
    assert (now.id, now.status, now.assignee) == (asked.id, "acknowledged", "Ana")


def test_no_text_takes_an_urgent_item(bench: Bench) -> None:
    known(bench)
    bench.says("I have chest pain and cannot breathe")
    bench.run()
    writes(bench, "Please call 911 now.", to=item(bench, "red_flag").code)
    flag = item(bench, "red_flag")
    assert (flag.status, flag.assignee) == ("open", None)
    assert item(bench).assignee == "Ana"


def test_stop_is_obeyed_and_the_nurse_sees_it(bench: Bench) -> None:
    known(bench)
    writes(bench, "See you at 10.")
    bench.says("please stop texting me")
    bench.run()
    assert "wrote" in [what for what, _, _ in history(bench, item(bench))]
    with pytest.raises(BadInput, match="asked us to stop"):
        writes(bench, "Are you sure?")


def test_yes_to_a_nurse_is_for_the_nurse(bench: Bench) -> None:
    known(bench)
    writes(bench, "Can you come at 10?")
    before = len(bench.sms.texts_to(PHONE))
    bench.says("YES")
    bench.run()
    assert len(bench.sms.texts_to(PHONE)) == before
    assert not taken(bench)[0].answered


def test_a_reply_read_after_an_outage_is_still_the_nurses_and_finds_a_reader(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    writes(bench, "Can you bring your forms?")
    bench.clock.advance(5 * MINUTE)
    inbound = reply.Inbound("SMlate", ChannelKind.SMS, PHONE, "+12025550100", "C")
    reply.receive(bench.world, inbound)
    bench.clock.advance(3 * HOUR)
    takeover.drain(bench.world)
    triage.drain(bench.world)
    assert not visit(bench).confirmed
    assert (item(bench).status, item(bench).priority) == ("open", "same_day")


def test_at_a_shared_phone_no_question_of_anybody_is_answered_meanwhile(bench: Bench) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    known(bench, "P2")
    bench.to(VISIT - 7 * DAY)
    writes(bench, "Can you call us?", to=str(patient(bench, "P2").id))
    bench.says("C")
    assert not visit(bench, "A1").confirmed
    assert not taken(bench, "P2")[0].answered


def test_reminders_wait_for_the_conversation_and_go_after_it(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY - 10 * MINUTE)
    writes(bench, "Hello, this is Ana.")
    bench.through(VISIT - 7 * DAY + 10 * MINUTE)
    waiting = touchpoint(bench, "d7")
    assert waiting.status == "planned"
    assert "writes with this patient" in waiting.note
    bench.through(VISIT - 7 * DAY + 2 * HOUR)
    assert touchpoint(bench, "d7").status == "sent"


def test_a_text_already_queued_waits_too(bench: Bench) -> None:
    bench.book(VISIT)
    bench.clock.set(VISIT - 7 * DAY)
    bench.machine.set(VISIT - 7 * DAY)
    due.drain(bench.world)
    staff_message.say(bench.world, "P1", "Hello.", who="Ana", token="t", anyway=True)
    send.drain(bench.world)
    assert bench.sms.texts_to(PHONE) == ["Cedar Grove Clinic 202-555-0100: Hello."]
    bench.through(VISIT - 7 * DAY + 2 * HOUR)
    assert touchpoint(bench, "d7").status == "sent"


def test_the_text_two_hours_before_the_visit_waits_for_no_conversation(bench: Bench) -> None:
    bench.book(VISIT)
    bench.through(VISIT - 2 * HOUR - 10 * MINUTE)
    writes(bench, "Hello, this is Ana.")
    bench.through(VISIT - 2 * HOUR + MINUTE)
    assert bench.outcomes()["h2"] == "sent"


def test_automation_waits_while_an_urgent_item_is_open_and_goes_when_it_is_closed(
    bench: Bench,
) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY - HOUR)
    bench.says("I have chest pain and cannot breathe")
    bench.through(VISIT - 7 * DAY + 2 * HOUR)
    assert touchpoint(bench, "d7").status == "planned"
    assert "urgent item" in touchpoint(bench, "d7").note
    followup.acknowledge(bench.world, item(bench, "red_flag").code, "Ana")
    bench.through(VISIT - 7 * DAY + 3 * HOUR)
    assert touchpoint(bench, "d7").status == "planned"
    followup.close(bench.world, item(bench, "red_flag").code, "Ana", "Seen at the ER, well.")
    bench.through(VISIT - 7 * DAY + 4 * HOUR)
    assert touchpoint(bench, "d7").status == "sent"


def test_what_an_urgent_item_outlasts_becomes_a_call(bench: Bench) -> None:
    asked = checked_in(bench)
    bench.says("chest pain")
    bench.through(asked + 48 * HOUR + 25 * HOUR)
    assert bench.outcomes()["h72"] == "skipped:late"
    assert "waited for staff" in touchpoint(bench, "h72").note
    (call,) = [row for row in work(bench) if row.kind == "call_patient"]
    assert "h72" in call.summary


def test_a_reminder_that_an_urgent_item_outlasts_becomes_one_call_before_the_visit(
    bench: Bench,
) -> None:
    bench.book(VISIT)
    bench.through(VISIT - DAY - HOUR)
    bench.says("chest pain")
    bench.through(VISIT + HOUR)
    assert bench.outcomes()["d1"] == "skipped:late"
    assert bench.outcomes()["h2"] == "skipped:past_event"
    (call,) = [row for row in work(bench) if row.kind == "call_patient"]
    assert "visit to come" in call.summary
    assert call.created_at < VISIT


def test_a_red_flag_from_a_shared_phone_holds_what_goes_to_anybody_there(bench: Bench) -> None:
    bench.book(VISIT, patient="P1", visit="A1")
    known(bench, "P2")
    bench.to(VISIT - 7 * DAY - HOUR)
    bench.says("chest pain")
    assert item(bench, "red_flag").patient_id is None
    bench.through(VISIT - 7 * DAY + HOUR)
    assert touchpoint(bench, "d7").status == "planned"


def test_an_urgent_item_of_another_patient_holds_nothing(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("patient.updated", "P2", patient_={"phone": "+12025550124"})
    bench.to(VISIT - 7 * DAY - HOUR)
    bench.says("chest pain", sender="+12025550124")
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "sent"


def test_unasked_words_keep_the_hours_of_care(database_url: str) -> None:
    bench = make_bench(database_url, at=datetime.fromisoformat("2027-03-02T03:00:00-05:00"))
    known(bench)
    draft = staff_message.look(bench.world, "P1", "Please call us.")
    assert draft.purpose == "care"
    assert any("08:00" in warning for warning in draft.warnings)
    with pytest.raises(staff_message.Warned):
        writes(bench, "Please call us.", anyway=False)
    writes(bench, "Please call us.")
    assert bench.sms.texts_to(PHONE) == []
    bench.through(datetime.fromisoformat("2027-03-02T08:01:00-05:00"))
    assert len(bench.sms.texts_to(PHONE)) == 1


def test_whoever_just_wrote_is_answered_at_any_hour(database_url: str) -> None:
    bench = make_bench(database_url, at=datetime.fromisoformat("2027-03-02T03:00:00-05:00"))
    known(bench)
    bench.says("are you there? I have a question about my visit")
    bench.run()
    writes(bench, "Yes. Call us at 8.", anyway=False)
    assert "Call us at 8." in bench.sms.texts_to(PHONE)[-1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Your IVIG is ready", "ivig"),
        ("Take 20 g", "amount of medicine"),
        ("Did you take prednisone today?", "prednisone"),
        ("Reply STOP if you are well", "STOP"),
        ("You were born 1961-04-05, right?", "birth date"),
        ("You were born 4/5/1961, right?", "birth date"),
    ],
)
def test_what_must_never_stand_on_a_phone_is_refused(strict: Bench, words: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        writes(strict, words)
    assert refused.value.code == "refused"
    assert strict.sms.texts_to(PHONE) == []
    assert taken(strict) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Your treatment went well", "treatment"),
        ("Dear Testcase, hello", "family name"),
        ("See bit.ly/x", "shortener"),
        ("Drink water", "fluids"),
        ("Call us. " * 40, "segments"),
    ],
)
def test_other_faults_are_a_warning(strict: Bench, words: str, why: str) -> None:
    strict.run()
    before = len(strict.sms.texts_to(PHONE))
    with pytest.raises(staff_message.Warned, match=why):
        writes(strict, words, anyway=False)
    assert len(strict.sms.texts_to(PHONE)) == before
    writes(strict, words, anyway=True)
    assert len(strict.sms.texts_to(PHONE)) == before + 1


@pytest.fixture
def strict(database_url: str) -> Bench:
    """A clinic with its copy rules, and a patient with a full record who just wrote."""
    wording = StaffWords(templates(), lambda: build_copy_rules(CONFIG, clinic()))
    bench = make_bench(database_url, wording=wording)
    known(bench, given="Robin", family="Testcase", birth_date="1961-04-05")
    bench.says("hello")
    return bench


def test_segments_are_counted_before_it_goes(strict: Bench) -> None:
    draft = staff_message.look(strict.world, "P1", "Can you come at 10?")
    assert (draft.measured.segments, draft.measured.encoding) == (1, "GSM-7")
    assert draft.measured.text == "Cedar Grove Clinic 202-555-0100: Can you come at 10?"
    assert (draft.warnings, draft.refusals) == ((), ())


def test_a_patient_without_any_address_is_refused(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"given": "Robin"})
    with pytest.raises(BadInput, match="No address on file"):
        writes(bench, "Hello", to=str(patient(bench).id))


def test_an_item_of_nobody_cannot_be_answered(bench: Bench) -> None:
    bench.says("hello?", sender="+12025550177")
    with pytest.raises(NotFound, match="stands for no patient"):
        writes(bench, "Hello", to=work(bench)[0].code)


def test_words_that_the_provider_refuses_become_a_call(bench: Bench) -> None:
    known(bench)
    bench.sms.answers.append(refuse(30006))
    writes(bench, "Please call us.")
    (call,) = [row for row in work(bench) if row.kind == "call_patient"]
    assert "Ana wrote did not reach" in call.summary


def test_words_that_leave_too_late_become_a_call(bench: Bench) -> None:
    known(bench)
    bench.says("hi")
    staff_message.say(bench.world, "P1", "Now.", who="Ana", token="t", anyway=True)
    bench.clock.advance(3 * HOUR)
    bench.run()
    assert not any("Now." in text for text in bench.sms.texts_to(PHONE))
    (call,) = [row for row in work(bench) if row.kind == "call_patient"]
    assert "too late" in call.summary


def test_in_the_patients_language_around_the_nurses_words(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"email": "robin@example.org", "language": "es"})
    writes(bench, "Llame, por favor.")
    (sent,) = bench.email.sent
    assert sent.subject == "Cedar Grove Clinic: una nota de nuestro personal"
    assert sent.text.startswith("Llame, por favor.")


def test_after_a_merge_the_survivor_has_the_conversation(bench: Bench) -> None:
    known(bench, "P1")
    known(bench, "P2")
    writes(bench, "Hello", to=str(patient(bench, "P2").id))
    bench.event(
        "patient.merged",
        "P1",
        patient_={"phone": PHONE},
        prior_ids=[{"system": "mrn", "value": "P2"}],
    )
    assert [row.nurse for row in taken(bench, "P1")] == ["Ana"]


def test_the_release_is_prompt_in_a_paused_patient_too(bench: Bench) -> None:
    """A pause is staff's own word and is not undone by the end of a conversation."""
    bench.book(VISIT)
    writes(bench, "Hello")
    pause.set_paused(bench.world, patient(bench).id, paused=True, by="Ana")
    takeover.release(bench.world, patient(bench).id, "Ana")
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "skipped:paused"


class Unapproved:
    """A clinic in which nobody has approved any text."""

    def lacking(self, message: str, language: str, channel: ChannelKind) -> tuple[Role, ...]:
        return (Role.CLINICIAN,)


def test_a_persons_own_words_need_no_approval(database_url: str) -> None:
    bench = make_bench(database_url, sign_off=Unapproved())
    known(bench)
    writes(bench, "Can you come at 10?")
    assert len(bench.sms.texts_to(PHONE)) == 1


def test_two_who_write_at_once_have_one_conversation(bench: Bench) -> None:
    known(bench)

    def write(token: str) -> staff_message.Said:
        return staff_message.say(bench.world, "P1", "Hello.", who="Ana", token=token, anyway=True)

    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(write, ["a", "b", "a", "b", "a", "b"]))
    assert len({one.message_id for one in said}) == 2
    assert sorted(one.duplicate for one in said) == [False, False, True, True, True, True]
    assert len(taken(bench)) == 1
    assert kinds(bench) == ["conversation"]
