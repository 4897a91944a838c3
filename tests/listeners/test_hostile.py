"""What comes by accident or ill will: each has its answer, and the next message goes on."""

import resource
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from outreach.storage.models import InboxStatus
from tests.listeners.conftest import Listen, arrivals, statuses
from tests.listeners.engine import Engine, framed, siu
from tests.worlds import Bench

MEGABYTE = 1024 * 1024


def test_one_byte_per_packet_is_one_message(bench: Bench, listen: Listen) -> None:
    with listen() as port, Engine(port) as engine:
        for byte in framed(siu()):
            engine.write(bytes([byte]))
        assert engine.ack().code == "AA"
    assert statuses(bench.world) == {"applied": 1}


def test_a_message_that_never_goes_on_is_closed(listen: Listen) -> None:
    limits = {"frame_seconds": 0.3}
    with listen(limits=limits) as port, Engine(port) as slow, Engine(port) as other:
        slow.write(b"\x0bMSH|^~")
        with ThreadPoolExecutor(1) as pool:
            closed = pool.submit(slow.is_closed)
            assert other.send(siu()).code == "AA"
            assert closed.result()


def test_bytes_that_trickle_do_not_keep_a_message_open(listen: Listen) -> None:
    with listen(limits={"frame_seconds": 0.3}) as port, Engine(port) as engine:
        engine.write(b"\x0b")
        with pytest.raises(ConnectionError):  # noqa: PT012 - which write fails is the system's
            for _ in range(100):
                engine.write(b"x")
                time.sleep(0.05)


def test_a_connection_without_messages_is_closed(listen: Listen) -> None:
    with listen(limits={"idle_seconds": 0.3}) as port, Engine(port) as engine:
        assert engine.send(siu()).code == "AA"
        assert engine.is_closed()


def test_fifty_megabytes_without_an_end_are_cut_off_in_bounded_memory(
    bench: Bench, listen: Listen
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with listen(limits={"frame_bytes": MEGABYTE}) as port:
        with Engine(port) as engine:
            engine.write(b"\x0b")
            chunk = b"x" * MEGABYTE
            with pytest.raises(ConnectionError):  # noqa: PT012 - which write fails is the system's
                for _ in range(50):
                    engine.write(chunk)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 20 * 1024  # kilobytes
        with Engine(port) as engine:
            assert engine.send(siu()).code == "AA"
    assert statuses(bench.world) == {"applied": 1}


def test_a_start_inside_a_frame_begins_anew(bench: Bench, listen: Listen) -> None:
    with listen() as port, Engine(port) as engine:
        engine.write(b"\x0b" + siu(1)[:60] + framed(siu(2)))
        assert engine.ack().control_id == "M2"
        assert engine.send(siu(1)).control_id == "M1"
    assert statuses(bench.world) == {"applied": 2}


@pytest.mark.parametrize("nothing", [b"", b"\r", b"\r\n \x00\r"])
def test_an_empty_frame_is_passed_over(bench: Bench, listen: Listen, nothing: bytes) -> None:
    with listen() as port, Engine(port) as engine:
        engine.write(framed(nothing))
        assert engine.send(siu()).control_id == "M1"
    assert statuses(bench.world) == {"applied": 1}


@pytest.mark.parametrize(
    "greeting",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x00\x00\x00MAGIC",
    ],
    ids=["http", "tls", "ssh", "other"],
)
def test_who_speaks_something_else_is_hung_up_on(
    bench: Bench, listen: Listen, greeting: bytes
) -> None:
    with listen() as port:
        with Engine(port) as engine:
            engine.write(greeting)
            assert engine.is_closed()
        with Engine(port) as engine:
            assert engine.send(siu()).code == "AA"
    assert statuses(bench.world) == {"applied": 1}


@pytest.mark.parametrize(
    "stream",
    [
        b"\r\n\x00" + framed(siu()) + b"\r\n\x00\x00",
        siu() + b"\x1c\r",
        b"\r\n" + siu() + b"\x1c",
        b"\x0b" + siu() + b"\x1c",
        framed(b"\xef\xbb\xbf\r\n" + siu()),
        framed(siu().replace(b"\r", b"\r\n")),
    ],
    ids=["padding", "no start", "no start, no CR", "no CR", "mark", "CRLF"],
)
def test_careless_framing_is_understood(bench: Bench, listen: Listen, stream: bytes) -> None:
    with listen() as port, Engine(port) as engine:
        engine.write(stream)
        assert (first := engine.ack()).code == "AA"
        assert first.control_id == "M1"
        assert engine.send(siu(2)).code == "AA"
    assert statuses(bench.world) == {"applied": 2}


@pytest.mark.parametrize(
    "more",
    [
        b"".join(b"OBX|%d|TX|note||text\r" % number for number in range(10_000)),
        b"PID|1||" + b"~".join(b"%d^^^CGI^MR" % number for number in range(10_000)) + b"\r",
        b"NTE|1||" + b"^" * 500_000 + b"\r",
    ],
    ids=["segments", "repetitions", "components"],
)
def test_huge_messages_are_answered_and_hold_up_nobody(listen: Listen, more: bytes) -> None:
    with listen() as port, Engine(port) as big, Engine(port) as small:
        big.write(framed(siu() + more))
        assert small.send(siu(2)).code == "AA"
        assert big.ack().code == "AA"


def test_a_time_that_does_not_exist_is_refused_and_one_that_is_skipped_is_flagged(
    bench: Bench, listen: Listen
) -> None:
    with listen() as port, Engine(port) as engine:
        assert engine.send(siu(1, start="20261301")).error == "102"
        assert engine.send(siu(2, start="20270314023000")).code == "AA"
    assert statuses(bench.world) == {"applied": 1, "quarantined": 1}
    [flagged] = arrivals(bench.world, InboxStatus.APPLIED)
    assert any("SCH-11.4" in warning for warning in flagged.warnings)


@pytest.mark.parametrize(
    "name",
    [
        "{{7*7}}^{% raise %}",
        "Robert'); DROP TABLE patient;--",
        "\u202eevil\u0007",
        "\u00d1and\u00fa",
    ],
)
def test_names_are_inert(bench: Bench, listen: Listen, name: str) -> None:
    with listen() as port, Engine(port) as engine:
        assert engine.send(siu(name=name)).code == "AA"
    assert statuses(bench.world) == {"applied": 1}


def test_a_reset_before_the_answer_stores_once(bench: Bench, listen: Listen) -> None:
    with listen() as port:
        for _ in range(3):
            with Engine(port) as engine:
                engine.write(framed(siu()))
                engine.reset()
        with Engine(port) as engine:
            assert engine.send(siu()).code == "AA"
    assert statuses(bench.world) == {"applied": 1}


def test_half_a_message_at_the_end_is_neither_stored_nor_answered(
    bench: Bench, listen: Listen
) -> None:
    with listen() as port, Engine(port) as engine:
        engine.write(framed(siu(1)) + framed(siu(2))[:-10])
        engine.finish()
        assert engine.ack().control_id == "M1"
        assert engine.is_closed()
    assert statuses(bench.world) == {"applied": 1}


def test_too_many_connections_are_turned_away_until_one_ends(listen: Listen) -> None:
    with listen(limits={"connections": 2}) as port:
        with Engine(port) as first, Engine(port) as second:
            assert first.send(siu(1)).code == second.send(siu(2)).code == "AA"
            with Engine(port) as third:
                assert third.is_closed()
            assert first.send(siu(3)).code == "AA"
        with Engine(port) as third:
            assert third.send(siu(4)).code == "AA"


def test_who_never_reads_the_answers_is_not_read_either(bench: Bench, listen: Listen) -> None:
    flood = framed(siu()) * 4000
    with listen(limits={"ack_seconds": 2.0}) as port:
        with Engine(port) as engine, pytest.raises((ConnectionError, TimeoutError)):
            engine.write(flood * 100)
        with Engine(port) as engine:
            assert engine.send(siu(2)).code == "AA"
    assert statuses(bench.world) == {"applied": 2}
