"""Several texts of one sender within a minute: read together, one item, no double answer."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from outreach.domain.states import ChannelKind, Priority
from outreach.pipeline import reply, triage
from outreach.storage.models import FollowUp
from tests.pipeline.checking_in import answers, asked, make_checking_bench, says, values
from tests.pipeline.rows import kinds, patient, work
from tests.worlds import PHONE, Bench

SECONDS, MINUTES = timedelta(seconds=1), timedelta(minutes=1)
ELSEWHERE = "+12025550177"


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = make_checking_bench(database_url)
    yield made
    made.world.db.close()


def known(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE})
    bench.event("patient.updated", "P2", patient_={"phone": ELSEWHERE})


def item(bench: Bench) -> FollowUp:
    (found,) = work(bench)
    return found


def soon(bench: Bench, body: str, sender: str = PHONE) -> list[str]:
    """A text twenty seconds later; what answered it."""
    before = len(answers(bench))
    bench.clock.advance(20 * SECONDS)
    bench.says(body, sender)
    bench.run()
    return answers(bench)[before:]


def test_two_halves_of_a_red_flag_are_one(bench: Bench) -> None:
    known(bench)
    assert soon(bench, "cant") == ["auto_received"]
    assert soon(bench, "breathe") == ["auto_call_911"]
    assert (item(bench).kind, item(bench).priority) == ("red_flag", Priority.URGENT)
    with bench.world.db.read() as unit:
        notes = unit.followups.notes_of(item(bench).id)
        said = {note.reply_id: note.note for note in notes if note.reply_id is not None}
    assert len(said) == 2
    assert "minute" in (item(bench).summary)


def test_two_halves_that_say_little_alone_are_a_red_flag_together(bench: Bench) -> None:
    known(bench)
    assert soon(bench, "my face is") == ["auto_received"]
    assert soon(bench, "swollen") == ["auto_call_911"]
    assert (item(bench).kind, item(bench).action) == ("red_flag", "call_911")


def test_two_minutes_apart_they_are_two_texts(bench: Bench) -> None:
    known(bench)
    says(bench, "my face is")
    says(bench, "swollen")
    assert "red_flag" not in kinds(bench)


def test_two_senders_are_never_put_together(bench: Bench) -> None:
    known(bench)
    soon(bench, "my face is")
    soon(bench, "swollen", ELSEWHERE)
    assert "red_flag" not in kinds(bench)


def test_a_joke_after_it_takes_nothing_back(bench: Bench) -> None:
    asked(bench)
    assert soon(bench, "3") == ["auto_page_1h"]
    assert soon(bench, "jk") == []
    assert (item(bench).kind, item(bench).priority) == ("red_flag", Priority.URGENT)


def test_a_red_flag_is_answered_once_in_a_minute_and_a_worse_one_again(bench: Bench) -> None:
    known(bench)
    assert soon(bench, "my temperature is 102") == ["auto_page_1h"]
    assert soon(bench, "temp 102.5 now") == []
    assert soon(bench, "chest pain") == ["auto_call_911"]
    assert soon(bench, "fever 103") == []
    assert soon(bench, "I want to kill myself") == ["auto_call_988"]
    assert kinds(bench) == ["red_flag"]


def test_a_worse_number_within_the_minute_counts(bench: Bench) -> None:
    asked(bench)
    bench.says("2")
    bench.clock.advance(2 * SECONDS)
    bench.says("3")
    bench.run()
    assert answers(bench)[-1] == "auto_page_1h"
    assert (item(bench).kind, item(bench).priority) == ("red_flag", Priority.URGENT)
    assert values(bench)[-1] == ("severity", "3")


def test_a_worse_grade_within_the_minute_counts(bench: Bench) -> None:
    asked(bench)
    says(bench, "2")
    says(bench, "1")
    bench.clock.advance(2 * MINUTES)
    bench.says("2")
    bench.clock.advance(2 * SECONDS)
    bench.says("4")
    bench.run()
    assert answers(bench)[-1] == "auto_page_1h"
    assert "red_flag" in kinds(bench)
    assert values(bench)[-1] == ("limits", "4")


def test_an_answer_to_the_next_question_is_no_second_word_to_the_last(bench: Bench) -> None:
    asked(bench)
    soon(bench, "1")
    assert soon(bench, "3") == ["auto_survey_limits"]
    assert values(bench) == [("severity", "1"), ("which", "3")]
    assert "red_flag" not in kinds(bench)


def test_several_questions_in_a_minute_are_one_item_and_one_answer(bench: Bench) -> None:
    known(bench)
    assert soon(bench, "can I eat before?") == ["auto_received"]
    assert soon(bench, "and drink?") == []
    assert item(bench).kind == "question"


def test_a_stop_after_a_symptom_is_obeyed_and_the_symptom_stays(bench: Bench) -> None:
    known(bench)
    soon(bench, "chest pain")
    soon(bench, "STOP")
    assert item(bench).kind == "red_flag"
    bench.clock.advance(timedelta(minutes=5))
    assert soon(bench, "hello") == ["auto_received"]
    assert len([text for text in bench.sms.texts_to(PHONE) if "911 now" in text]) <= 1


def test_a_number_nobody_knows_is_read_together_too(bench: Bench) -> None:
    soon(bench, "i am coughing", ELSEWHERE)
    soon(bench, "blood", ELSEWHERE)
    assert (item(bench).kind, item(bench).priority) == ("red_flag", Priority.URGENT)


def test_texts_that_wait_are_read_in_the_order_of_their_sender(bench: Bench) -> None:
    known(bench)
    for number, body in enumerate(("cant", "breathe")):
        bench.clock.advance(SECONDS)
        inbound = reply.Inbound(f"SM{number}", ChannelKind.SMS, PHONE, "+12025550100", body)
        reply.receive(bench.world, inbound)
    assert triage.drain(bench.world) == 2
    assert item(bench).kind == "red_flag"
    assert item(bench).patient_id == patient(bench).id


def test_while_one_worker_reads_a_text_no_other_reads_the_next_of_its_sender(bench: Bench) -> None:
    known(bench)
    for number, body in enumerate(("cant", "breathe")):
        bench.clock.advance(SECONDS)
        inbound = reply.Inbound(f"SM{number}", ChannelKind.SMS, PHONE, "+12025550100", body)
        reply.receive(bench.world, inbound)
    if bench.world.db.engine.dialect.name == "sqlite":
        return  # there one unit writes at a time
    with bench.world.db.write() as unit:
        (first,) = unit.replies.take_untriaged(9)
        with bench.world.db.write() as other:
            assert other.replies.take_untriaged(9) == []
        assert first is not None
