import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.keywords import answered_by_carrier, carrier_keyword
from outreach.domain.triage.result import Action, Label


@pytest.mark.parametrize(
    "word",
    [
        "STOP",
        " stop. ",
        "Stop!!",
        "CANCEL",
        "end",
        "quit",
        "revoke",
        "OPTOUT",
        "stopall",
        "unsubscribe",
        "ALTO",
        "¡Parar!",
        "“stop”",
    ],
)
def test_a_stop_word_alone_is_an_opt_out(engine: TriageEngine, word: str) -> None:
    assert carrier_keyword(word) == "stop"
    result = engine.triage(word)
    assert (result.label, result.opt_out) == (Label.OPT_OUT, True)


@pytest.mark.parametrize(
    "text",
    [
        "stopp",
        "we stopped at the store",
        "the end",
        "stop sign ahead",
        "should i stop taking my aspirin",
        "la presion alta",
        "stopped",
        "presion baja",
        "the pain wont stop",
        "quitting my job",
    ],
)
def test_nothing_else_is(engine: TriageEngine, text: str) -> None:
    assert carrier_keyword(text) is None
    assert not engine.triage(text).opt_out


@pytest.mark.parametrize(
    "text",
    ["no more", "stop it", "basta", "ya no mas", "i never signed up for this, stop", "enough!"],
)
def test_a_short_wish_is_an_opt_out_where_it_is_all(engine: TriageEngine, text: str) -> None:
    assert engine.triage(text).opt_out


@pytest.mark.parametrize(
    "text",
    [
        "no more pain",
        "stop it from hurting",
        "please dont stop texting me these help",
        "i didnt get your message",
        "ya no me llegan los mensajes",
        "no recibi ningun mensaje",
        "no pueden mandarme el paquete",
        "borre este mensaje sin querer",
        "me quitaron mi suero",
        "i didnt agree to this bill",
        "my headache wont go away",
        "estoy en el alto ya casi llego",
        "ya paro la lluvia",
    ],
)
def test_talk_about_texts_is_no_opt_out(engine: TriageEngine, text: str) -> None:
    assert not engine.triage(text).opt_out


def test_start_yes_help_and_info(engine: TriageEngine) -> None:
    assert [carrier_keyword(w) for w in ("START", "Yes", "UNSTOP")] == ["start"] * 3
    assert [carrier_keyword(w) for w in ("help", "INFO", "AYUDA")] == ["help"] * 3
    assert engine.triage("START").opt_in
    assert engine.triage("HELP").help
    assert engine.triage("HELP").staff


def test_the_carrier_answers_its_own_words_only() -> None:
    assert answered_by_carrier("CANCEL")
    assert answered_by_carrier("yes")
    assert not answered_by_carrier("ALTO")
    assert not answered_by_carrier("stop please")


def test_cancel_is_an_opt_out_and_a_task_for_staff(engine: TriageEngine) -> None:
    assert engine.triage("CANCEL").staff
    assert not engine.triage("STOP").staff
    assert engine.triage("STOP").action is Action.NONE
