"""Check-ins as short surveys: what is asked next, what is kept, and when nothing more is asked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from outreach.domain.states import ChannelKind, FollowUpStatus, MessageStatus, Priority
from outreach.domain.surveys import SurveyQuestion, Symptom
from outreach.domain.triage.result import Prompt
from outreach.pipeline import followup, reply, triage
from outreach.pipeline.replies import question, staff_message
from outreach.pipeline.replies.survey import answers_in, composite_of
from outreach.storage.models import Conversation, FollowUpNote, ResponseStatus
from tests.pipeline.checking_in import (
    HOUR,
    MINUTE,
    answers,
    asked,
    make_checking_bench,
    response,
    says,
    values,
)
from tests.pipeline.rows import kinds, messages, patient, work
from tests.worlds import PHONE, START, Bench


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = make_checking_bench(database_url)
    yield made
    made.world.db.close()


def test_a_check_in_goes_on_to_what_and_how_much_and_is_one_item(bench: Bench) -> None:
    asked(bench)
    assert says(bench, "1") == ["auto_survey_which"]
    assert "1 headache, 2 fever" in bench.sms.texts_to(PHONE)[-1]
    assert says(bench, "1 and 6") == ["auto_survey_limits"]
    assert says(bench, "2") == ["auto_survey_done"]
    assert values(bench) == [("severity", "1"), ("which", "1,6"), ("limits", "2")]
    assert answers_in(response(bench))[1]["chosen"] == ["headache", "fatigue"]
    assert (response(bench).status, composite_of(response(bench))) == (ResponseStatus.COMPLETE, 1)
    (item,) = work(bench)
    assert item.priority is Priority.SAME_DAY  # "very tired" is for the same day
    with bench.world.db.read() as unit:
        told = [note.reply_id for note in unit.followups.notes_of(item.id) if note.reply_id]
    assert len(set(told)) == 3


def test_the_answers_are_sealed_in_the_database(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    says(bench, "my elbow hurts")
    with bench.world.db.engine.connect() as connection:
        (kept,) = connection.exec_driver_sql("SELECT answers FROM survey_response").one()
    assert b"elbow" not in bytes(kept)
    assert answers_in(response(bench))[1]["words"] == "my elbow hurts"


def test_none_ends_it_without_a_further_text(bench: Bench) -> None:
    asked(bench)
    assert says(bench, "O") == []
    assert values(bench) == [("severity", "0")]
    assert response(bench).status is ResponseStatus.COMPLETE
    assert kinds(bench) == []


def test_a_three_pages_at_once_and_asks_nothing_more(bench: Bench) -> None:
    asked(bench)
    assert says(bench, "2-3") == ["auto_page_1h"]
    (item,) = work(bench)
    assert (item.kind, item.priority, item.due_at) == (
        "red_flag",
        Priority.URGENT,
        bench.clock.now() + HOUR,
    )
    assert values(bench) == [("severity", "3")]
    assert response(bench).status is ResponseStatus.STOPPED
    assert says(bench, "2") == ["auto_received"]


def test_a_two_is_for_the_same_day_and_is_asked_on(bench: Bench) -> None:
    asked(bench)
    assert says(bench, "2") == ["auto_survey_which"]
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("symptom_moderate", Priority.SAME_DAY)


def test_a_two_that_limits_very_much_is_grade_three_and_paged(bench: Bench) -> None:
    asked(bench)
    says(bench, "2")
    says(bench, "7")
    assert says(bench, "4") == ["auto_page_1h"]
    assert composite_of(response(bench)) == 3
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("red_flag", Priority.URGENT)
    assert "symptom moderate" in "".join(note.note or "" for note in history(bench, item.id))


def history(bench: Bench, item_id: UUID) -> list[FollowUpNote]:
    with bench.world.db.read() as unit:
        return unit.followups.notes_of(item_id)


def test_a_mild_one_that_limits_much_is_grade_two(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    says(bench, "1")
    says(bench, "quite a bit")
    assert composite_of(response(bench)) == 2
    (item,) = work(bench)
    assert item.priority is Priority.SAME_DAY


def test_a_red_flag_in_the_middle_is_answered_at_once_and_ends_the_questions(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    assert says(bench, "chest pain") == ["auto_call_911"]
    assert response(bench).status is ResponseStatus.STOPPED
    assert values(bench)[0] == ("severity", "1")
    assert "red_flag" in kinds(bench)
    assert says(bench, "4") == ["auto_received"]  # kept and read, and nothing more is asked


def test_a_question_that_has_not_left_when_a_red_flag_comes_never_does(bench: Bench) -> None:
    asked(bench)
    bench.says("1")
    bench.clock.advance(2 * MINUTE)
    bench.says("chest pain")
    bench.run()
    went = [row.template for row in messages(bench) if row.reply_id and row.body is not None]
    assert went == ["auto_call_911"]


def test_nothing_is_asked_while_something_urgent_is_open(bench: Bench) -> None:
    asked(bench)
    says(bench, "chest pain")
    assert says(bench, "1") == ["auto_received"]
    (item,) = [row for row in work(bench) if row.kind == "red_flag"]
    followup.close(bench.world, item.code, "Nurse", "spoken to")
    assert response(bench).status is ResponseStatus.STOPPED


def test_the_question_stays_open_when_other_words_come(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    assert says(bench, "can I take a bath?") == ["auto_received"]
    assert "question" in kinds(bench)
    assert says(bench, "1") == ["auto_survey_limits"]


def test_an_answer_in_words_counts_and_goes_to_staff(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    assert says(bench, "zzyzx in the elbow") == ["auto_survey_limits"]
    assert values(bench)[-1] == ("which", "words")


def test_a_number_off_the_scale_is_asked_again_once_and_then_is_for_staff(bench: Bench) -> None:
    asked(bench)
    assert says(bench, "7") == ["auto_again_severity"]
    assert kinds(bench) == []
    assert says(bench, "7") == ["auto_received"]
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("unclear", Priority.SAME_DAY)
    assert says(bench, "1") == ["auto_survey_which"]
    assert values(bench) == [("severity", "1")]


def test_a_number_that_stays_unread_is_for_staff_two_hours_later(bench: Bench) -> None:
    asked(bench)
    says(bench, "7")
    now = bench.clock.now()
    bench.through(now + 2 * HOUR - MINUTE)
    assert kinds(bench) == []
    bench.through(now + 2 * HOUR)
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("unclear", Priority.SAME_DAY)
    assert item.reply_id is not None


def test_a_readable_answer_after_an_unreadable_one_leaves_staff_in_peace(bench: Bench) -> None:
    asked(bench)
    says(bench, "7")
    says(bench, "0")
    bench.through(bench.clock.now() + 3 * HOUR)
    assert kinds(bench) == []


def test_words_that_nobody_understands_are_asked_again_and_go_to_staff(bench: Bench) -> None:
    asked(bench)
    assert says(bench, "qwrt plmk") == ["auto_again_severity"]
    assert kinds(bench) == ["unclear"]


def test_a_number_that_is_not_on_the_list_is_asked_again(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    assert says(bench, "9") == ["auto_again_which"]
    assert says(bench, "2") == ["auto_survey_limits"]
    assert values(bench)[-1] == ("which", "2")


def test_a_number_of_the_list_is_as_pressing_as_its_words(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    says(bench, "2")
    (item,) = work(bench)
    assert item.priority is Priority.SAME_DAY  # as "fever" is


def test_what_is_not_answered_in_time_ends_and_what_was_is_kept(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    bench.through(bench.clock.now() + 25 * HOUR)
    assert response(bench).status is ResponseStatus.EXPIRED
    assert values(bench) == [("severity", "1")]
    assert "silent" not in kinds(bench)


def test_the_answers_of_two_check_ins_are_kept_apart(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    bench.to(START + 5 * HOUR + 72 * HOUR)  # the next check-in asks too
    assert says(bench, "0") == []
    with bench.world.db.read() as unit:
        rows = unit.surveys.of_patient(patient(bench).id)
    assert [[one["value"] for one in answers_in(row)] for row in rows] == [["1"], ["0"]]


def test_an_answer_that_was_on_its_way_before_the_question_is_none_to_it(bench: Bench) -> None:
    asked(bench)
    bench.clock.advance(2 * MINUTE)
    inbound = [
        reply.Inbound(f"SMx{n}", ChannelKind.SMS, PHONE, "+12025550100", body)
        for n, body in enumerate(("1", "6"))
    ]
    for one in inbound:
        reply.receive(bench.world, one)
        bench.clock.advance(timedelta(seconds=30))
    triage.drain(bench.world)
    bench.run()
    assert values(bench) == [("severity", "1")]


def test_a_question_that_a_person_overtakes_is_not_asked(bench: Bench) -> None:
    """The answer came, and before the next question left a nurse began to write."""
    asked(bench)
    bench.clock.advance(2 * MINUTE)
    one = reply.Inbound("SMx", ChannelKind.SMS, PHONE, "+12025550100", "1")
    reply.receive(bench.world, one)
    triage.drain(bench.world)
    staff_message.say(bench.world, "P1", "How are you?", who="Ana", token="t", anyway=True)
    bench.run()
    assert answers(bench) == ["auto_survey_which"]
    (asking,) = [row for row in messages(bench) if row.template == "auto_survey_which"]
    assert asking.status is MessageStatus.SKIPPED
    assert [row.template for row in messages(bench)][-1] == "from_staff"


def test_an_opt_out_ends_the_questions(bench: Bench) -> None:
    asked(bench)
    says(bench, "1")
    says(bench, "STOP")
    assert response(bench).status is ResponseStatus.STOPPED


def test_the_further_questions_speak_spanish(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE, "language": "es"})
    asked(bench)
    says(bench, "1")
    assert "1 dolor de cabeza" in bench.sms.texts_to(PHONE)[-1]


def test_a_repeat_of_the_reply_asks_nothing_twice(bench: Bench) -> None:
    asked(bench)
    bench.clock.advance(2 * MINUTE)
    bench.says("1", provider_id="SM1")
    bench.says("1", provider_id="SM1")
    bench.run()
    assert answers(bench) == ["auto_survey_which"]
    assert work(bench)[0].status is FollowUpStatus.OPEN


def test_a_red_flag_on_the_list_is_one_when_its_number_is_chosen(bench: Bench) -> None:
    shipped = bench.world.surveys["checkin"]
    pain = Symptom("chest", {"en": "chest pain", "es": "dolor de pecho"})
    longer = replace(shipped, symptoms=(*shipped.symptoms, pain))
    bench.world = replace(bench.world, surveys={"checkin": longer})
    asked(bench)
    says(bench, "1")
    assert says(bench, "9") == ["auto_call_911"]
    assert (work(bench)[-1].kind, work(bench)[-1].action) == ("red_flag", "call_911")
    assert response(bench).status is ResponseStatus.STOPPED


def test_nothing_is_asked_again_while_something_urgent_is_open(bench: Bench) -> None:
    asked(bench)
    says(bench, "chest pain")
    assert says(bench, "7") == ["auto_received"]
    assert "unclear" in kinds(bench)


@pytest.mark.parametrize(
    ("text", "prompt"),
    [("LATE", Prompt.DOSE), ("skip", Prompt.DOSE), ("C", Prompt.CONFIRM),
     ("my elbow", Prompt.SYMPTOM), ("2", Prompt.SYMPTOM)],
)  # fmt: skip
def test_a_word_that_another_question_waits_for_answers_that_one(
    bench: Bench, text: str, prompt: Prompt
) -> None:
    asked(bench)
    says(bench, text)
    with bench.world.db.read() as unit:
        (written,) = unit.replies.everything()
    order = (Prompt.SYMPTOM, Prompt.SEVERITY_0_3, Prompt.DOSE, Prompt.CONFIRM)
    waiting = [Conversation(prompt=one) for one in order]
    answered, _ = question.read(bench.world, written, "en", question.Asked(waiting, [], []))
    assert answered is not None
    assert answered.prompt is prompt


@pytest.mark.parametrize(
    ("body", "value", "template"),
    [("SI", "yes", "auto_page_1h"), ("no", "no", "auto_survey_done")],
)
def test_a_yes_to_a_warning_sign_pages_and_a_no_is_well(
    bench: Bench, body: str, value: str, template: str
) -> None:
    warning = SurveyQuestion("warning", Prompt.REDFLAG_YES_NO, "auto_again_yes_no", 24)
    survey = replace(bench.world.surveys["checkin"], questions=(warning,))
    bench = replace(bench, world=replace(bench.world, surveys={"checkin": survey}))
    asked(bench)
    assert says(bench, "1") == ["auto_again_yes_no"]
    assert says(bench, body) == [template]
    assert values(bench)[-1] == ("warning", value)
