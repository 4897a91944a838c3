"""The automatic answer: by action, at any hour, one at most, and never to two machines talking."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.pipeline.rows import VISIT, kinds, messages
from tests.worlds import PHONE, START, Bench

DAY = timedelta(days=1)


def known(bench: Bench, **rest: object) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE, **rest})


def answers(bench: Bench) -> list[str]:
    """The templates that answered, in order."""
    bench.run()
    return [row.template for row in messages(bench) if row.reply_id is not None]


@pytest.mark.parametrize(
    ("body", "template"),
    [
        ("chest pain", "auto_call_911"),
        ("I want to kill myself", "auto_call_988"),
        ("can I eat before the visit?", "auto_received"),
    ],
)
def test_each_action_has_its_answer(bench: Bench, body: str, template: str) -> None:
    known(bench)
    bench.says(body)
    assert answers(bench) == [template]


def test_an_answer_speaks_spanish(bench: Bench) -> None:
    known(bench, language="es")
    bench.says("me duele el pecho")
    bench.run()
    (text,) = bench.sms.texts_to(PHONE)
    assert "Llame al 911" in text


def test_what_the_carrier_answers_is_not_answered_twice(bench: Bench) -> None:
    known(bench)
    for word in ("STOP", "START"):
        bench.says(word)
    assert answers(bench) == []


def test_what_the_carrier_does_not_know_is_answered_by_us(bench: Bench) -> None:
    known(bench, language="es")
    bench.says("AYUDA")
    bench.run()
    bench.says("ALTO")
    assert answers(bench) == ["auto_help", "auto_opted_out"]
    assert len(bench.sms.texts_to(PHONE)) == 2


def test_where_the_carrier_is_silent_we_confirm_the_stop_once(bench: Bench) -> None:
    clinic = replace(bench.world.clinic, carrier_answers_keywords=False)
    ours = replace(bench, world=replace(bench.world, clinic=clinic))
    known(ours)
    ours.says("STOP")
    assert answers(ours) == ["auto_opted_out"]
    assert len(ours.sms.texts_to(PHONE)) == 1


def test_a_good_answer_needs_no_answer(bench: Bench) -> None:
    known(bench)
    bench.says("thank you")
    assert answers(bench) == []


def test_two_machines_are_not_left_talking(bench: Bench) -> None:
    known(bench)
    for _ in range(9):
        bench.clock.advance(timedelta(minutes=1, seconds=1))
        bench.says("what is this?")
    assert len(answers(bench)) == 6
    bench.clock.advance(timedelta(minutes=11))
    bench.says("what is this?")
    assert len(answers(bench)) == 7


def test_a_red_flag_is_answered_even_in_a_loop(bench: Bench) -> None:
    known(bench)
    for _ in range(7):
        bench.says("what is this?")
    bench.says("chest pain")
    assert answers(bench)[-1] == "auto_call_911"


def test_an_answer_that_comes_an_hour_late_does_not_go(bench: Bench) -> None:
    known(bench)
    bench.says("can I eat before the visit?")
    bench.clock.advance(timedelta(hours=1))
    bench.run()
    assert bench.sms.texts_to(PHONE) == []
    assert kinds(bench) != []


def test_a_confirmation_is_confirmed(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("C")
    assert answers(bench) == ["auto_confirmed"]
    assert bench.clock.now() > START
