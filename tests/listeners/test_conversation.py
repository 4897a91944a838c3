"""What an engine hears, and what is stored by then."""

import threading
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from outreach.domain.interfaces import AckMode
from tests.listeners.conftest import Listen, arrivals, locked, outage, statuses
from tests.listeners.engine import Engine, framed, siu
from tests.worlds import Bench


def test_a_message_is_stored_when_it_is_acknowledged_and_worked_on_after(
    bench: Bench, listen: Listen
) -> None:
    with listen() as port, Engine(port) as engine:
        ack = engine.send(siu())
        assert (ack.code, ack.control_id) == ("AA", "M1")
        [row] = arrivals(bench.world)
        assert row.raw == siu().decode()
        assert row.source == "mllp:ehr"
    assert bench.wakes.stages == ["ingest"]
    assert statuses(bench.world) == {"applied": 1}


def test_ingest_is_woken_only_after_the_answer(bench: Bench, listen: Listen) -> None:
    answered = threading.Event()
    seen: list[bool] = []

    def wake(stage: str) -> None:
        seen.append(answered.wait(10))

    with listen(replace(bench.world, wake=wake)) as port, Engine(port) as engine:
        assert engine.send(siu()).code == "AA"
        answered.set()
    assert seen == [True]


def test_pipelined_frames_are_stored_and_answered_in_order(bench: Bench, listen: Listen) -> None:
    messages = [siu(number) for number in range(300)]
    with listen() as port, Engine(port) as engine:
        engine.write(b"".join(map(framed, messages)))
        engine.finish()
        assert [engine.ack().control_id for _ in messages] == [f"M{n}" for n in range(300)]
        assert engine.is_closed()
    assert [row.raw.encode() for row in arrivals(bench.world)] == messages


def test_a_repeat_is_accepted_again_without_effect(bench: Bench, listen: Listen) -> None:
    with listen() as port:
        for _ in range(2):
            with Engine(port) as engine:
                assert [engine.send(siu()).code for _ in range(2)] == ["AA", "AA"]
        with Engine(port) as engine:
            engine.write(framed(siu()) * 5)
            assert {engine.ack().code for _ in range(5)} == {"AA"}
    assert statuses(bench.world) == {"applied": 1}


def test_one_control_id_with_another_message_is_processed_with_a_warning(
    bench: Bench, listen: Listen
) -> None:
    with capture_logs() as logs, listen() as port, Engine(port) as engine:
        assert engine.send(siu(1)).code == "AA"
        assert engine.send(siu(1)).code == "AA"
        assert "mllp.control_id_again" not in {line["event"] for line in logs}
        assert engine.send(siu(1, trigger="S15", sent="20270302090000-0500")).code == "AA"
    assert [line["event"] for line in logs].count("mllp.control_id_again") == 1
    assert statuses(bench.world) == {"applied": 2}


@pytest.mark.parametrize(
    ("message", "code", "error"),
    [
        (siu(start="20261301"), "AE", "102"),
        (siu(start=""), "AE", "101"),
        (siu().replace(b"PID|", b"ZZZ|"), "AE", "100"),
        (siu(kind="ORU^R01"), "AR", "200"),
        (siu(kind="SIU^S99"), "AR", "201"),
        (siu().replace(b"|P|2.5.1", b"|X|2.5.1"), "AR", "202"),
        (siu().replace(b"|P|2.5.1", b"|P|3"), "AR", "203"),
        (b"hello, is anybody there?", "AE", "100"),
    ],
)
def test_what_cannot_be_used_is_refused_by_content_and_kept(
    bench: Bench, listen: Listen, message: bytes, code: str, error: str
) -> None:
    with listen() as port, Engine(port) as engine:
        first, again = engine.send(message), engine.send(message)
        assert (first.code, first.error) == (again.code, again.error) == (code, error)
        assert engine.send(siu(2)).code == "AA"
    found = statuses(bench.world)
    assert found.pop("applied") == 1
    assert found in ({"quarantined": 1}, {"ignored": 1})


def test_an_engine_that_holds_its_queue_is_refused_nothing(bench: Bench, listen: Listen) -> None:
    with listen(accept_all=True) as port, Engine(port) as engine:
        assert engine.send(siu(start="20261301")).code == "AA"
        assert engine.send(b"hello").code == "AA"
        assert engine.send(siu(2)).code == "AA"
    assert statuses(bench.world) == {"applied": 1, "quarantined": 2}


def test_enhanced_mode_answers_in_its_own_words(listen: Listen) -> None:
    with listen(ack_mode=AckMode.ENHANCED) as port, Engine(port) as engine:
        sent = [siu(), siu(2, start="20261301"), siu(3, kind="ORU^R01")]
        assert [engine.send(message).code for message in sent] == ["CA", "CE", "CR"]


def test_an_answer_is_never_answered(bench: Bench, listen: Listen) -> None:
    with listen() as port, Engine(port) as engine:
        engine.write(framed(siu(kind="ACK^S12").replace(b"SCH", b"MSA")))
        assert engine.send(siu(2)).control_id == "M2"
    assert statuses(bench.world) == {"applied": 1}


def test_the_control_id_comes_back_byte_for_byte(listen: Listen) -> None:
    with listen() as port, Engine(port) as engine:
        assert engine.send(siu(control_id="a&b~c \xe9")).raw.count("a&b~c \xe9".encode()) == 1


def test_several_messages_in_one_frame_get_one_answer_and_a_fate_each(
    bench: Bench, listen: Listen
) -> None:
    with listen() as port, Engine(port) as engine:
        assert engine.send(b"BHS|^~\\&|APP\r" + siu(1) + siu(2) + b"BTS|2\r").control_id == "M1"
    assert statuses(bench.world) == {"applied": 2, "split": 1}


def test_a_database_that_is_down_closes_without_a_word(bench: Bench, listen: Listen) -> None:
    with listen() as port:
        with Engine(port) as engine, outage(bench.world.db):
            assert engine.sends_in_vain(siu(1))
            with Engine(port) as other:
                assert other.sends_in_vain(siu(2) + siu(3))
        with Engine(port) as engine:
            assert [engine.send(siu(number)).code for number in (1, 2, 3)] == ["AA"] * 3
    assert statuses(bench.world) == {"applied": 3}


def test_an_answer_that_would_come_late_is_not_sent(bench: Bench, listen: Listen) -> None:
    with listen(limits={"ack_seconds": 0.3}) as port:
        with Engine(port) as engine, locked(bench.world.db):
            assert engine.sends_in_vain(siu())
        with Engine(port) as engine:
            assert engine.send(siu()).code == "AA"
    assert statuses(bench.world) == {"applied": 1}


def test_stopping_answers_what_was_received_and_closes(bench: Bench, listen: Listen) -> None:
    with listen() as port:
        engine = Engine(port).__enter__()
        engine.send(siu(0))
        engine.write(b"".join(framed(siu(number)) for number in range(1, 50)))
        assert engine.ack().code == "AA"
    answered = 1
    try:
        while True:
            engine.ack()
            answered += 1
    except ConnectionError:
        engine.reset()
    assert len(arrivals(bench.world)) >= answered
