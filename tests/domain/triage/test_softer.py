"""What takes the weight off other words: an ailment that is over, a question, a word at the end."""

import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.result import Label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("my rash is gone", Label.NONE_OK),
        ("got rid of my headaches", Label.NONE_OK),
        ("my swelling went down overnight", Label.NONE_OK),
        ("my rash is not gone", Label.SYMPTOM_MODERATE),
        ("nothing helps my migraines", Label.SYMPTOM_MODERATE),
        ("my rash is gone but now i have a fever", Label.SYMPTOM_MODERATE),
        ("the chest pain is gone now", Label.URGENT),
        ("my swallowing came back and i ate a steak", Label.NONE_OK),
        ("my swallowing is worse", Label.URGENT),
    ],
)
def test_an_ailment_that_is_over_weighs_nothing_and_a_red_flag_always_does(
    engine: TriageEngine, text: str, label: Label
) -> None:
    assert engine.triage(text, "en").label is label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("did it hurt", Label.QUESTION),
        ("so is this the right pump", Label.QUESTION),
        ("did my dose at 7", Label.NONE_OK),
        ("this is the best one so far", Label.NONE_OK),
    ],
)
def test_a_question_is_one_where_it_opens_the_statement(
    engine: TriageEngine, text: str, label: Label
) -> None:
    assert engine.triage(text, "en").label is label


@pytest.mark.parametrize(
    ("text", "opted_out"),
    [
        ("too many texts, stop", True),
        ("thx but stop please", True),
        ("wrong person, take me off", True),
        ("the bus was at the last stop", False),
        ("stop, drop and roll", False),
        ("please stop taking it so seriously", False),
        ("take me off the prednisone", False),
        ("lol stop", False),
    ],
)
def test_a_word_that_ends_the_reply_opts_out(
    engine: TriageEngine, text: str, opted_out: bool
) -> None:
    assert engine.triage(text, "en").opt_out is opted_out


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("my neighbor just collapsed in the yard", True),
        ("my cousin has chest pain today", True),
        ("my aunt fainted last year, she is fine now", False),
    ],
)
def test_a_word_of_now_counts_for_the_words_beside_it(
    engine: TriageEngine, text: str, urgent: bool
) -> None:
    assert engine.triage(text, "en").urgent is urgent


def test_what_was_feared_and_denied_afterwards_is_an_all_clear(engine: TriageEngine) -> None:
    denied = engine.triage("i was worried about chest pain but never got it", "en")
    assert denied.label is Label.NONE_OK
    assert denied.staff
    assert engine.triage("i was worried about chest pain and now i got it", "en").urgent


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("took my pills with breakfast", False),
        ("he took my pills and wont give them back", True),
        ("the side effects are bad", False),
        ("bad pain in my side", True),
        ("my knees hurt so bad i can barely walk", False),
        ("i can barely walk", True),
        ("sunburned and my shoulders are peeling", False),
        ("the skin on my lips is peeling off", True),
        ("go to the er if it gets worse", False),
        ("they told me to go to the er", True),
    ],
)
def test_neighbours_of_a_red_flag(engine: TriageEngine, text: str, urgent: bool) -> None:
    assert engine.triage(text, "en").urgent is urgent
