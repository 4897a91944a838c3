"""MLLP frames, batches and lists of messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.intake.hl7.framing import Framer, FrameTooLarge, split_messages

ONE = b"MSH|^~\\&|A\rPID|1\r"
TWO = b"MSH|^~\\&|B\rPID|2\r"


def framed(message: bytes) -> bytes:
    return b"\x0b" + message + b"\x1c\r"


def test_one_byte_per_packet_gives_the_same_messages() -> None:
    framer = Framer(1000)
    stream = framed(ONE) + framed(TWO)
    found = [message for byte in stream for message in framer.feed(bytes([byte]))]
    assert found == [ONE, TWO]


def test_several_frames_in_one_read_with_rubbish_between_them() -> None:
    stream = b"\r\n" + framed(ONE) + b"\x00\r\n" + b"\x0b" + TWO + b"\x1c" + framed(ONE)
    assert list(Framer(1000).feed(stream)) == [ONE, TWO, ONE]


def test_a_start_inside_a_frame_drops_what_was_unfinished() -> None:
    framer = Framer(1000)
    assert list(framer.feed(b"\x0bMSH|half")) == []
    assert framer.in_frame
    assert list(framer.feed(framed(TWO))) == [TWO]
    assert not framer.in_frame


def test_a_frame_without_end_stops_at_the_limit() -> None:
    framer = Framer(10_000)
    assert list(framer.feed(b"\x0b" + b"x" * 9000)) == []
    with pytest.raises(FrameTooLarge):
        list(framer.feed(b"x" * 2000))
    assert not framer.in_frame
    assert framer.pending == b""


@given(st.lists(st.binary(max_size=40)), st.integers(1, 20))
def test_frames_survive_any_cutting(contents: list[bytes], size: int) -> None:
    messages = [one.translate(None, b"\x0b\x1c") for one in contents]
    stream = b"".join(map(framed, messages))
    framer = Framer(1000)
    packets = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [found for packet in packets for found in framer.feed(packet)] == messages


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\r"])
def test_any_line_end_separates_segments(end: bytes) -> None:
    assert list(split_messages(ONE.replace(b"\r", end))) == [ONE]


def test_concatenated_messages_and_batches_come_apart() -> None:
    batch = b"FHS|^~\\&|X\rBHS|^~\\&|X\r" + ONE + TWO + b"BTS|2\rFTS|1\r"
    assert list(split_messages(batch)) == [ONE, TWO]
    assert list(split_messages(b"\xef\xbb\xbf" + ONE + TWO)) == [ONE, TWO]


def test_a_recording_of_frames_comes_apart_even_when_cut_short() -> None:
    assert list(split_messages(framed(ONE) + b"\x0b" + TWO)) == [ONE, TWO]


def test_text_before_a_message_is_an_item_of_its_own() -> None:
    assert list(split_messages(b"hello\r" + ONE)) == [b"hello\r", ONE]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("before", [b"", b"\r\n\x00", framed(TWO), framed(TWO) + b"\n"])
def test_a_message_without_its_start_byte_is_known_by_its_header(before: bytes, size: int) -> None:
    stream = before + ONE + b"\x1c\r" + framed(TWO)
    framer = Framer(1000)
    found = [
        message
        for at in range(0, len(stream), size)
        for message in framer.feed(stream[at : at + size])
    ]
    assert found == [*[TWO][: before.count(TWO)], ONE, TWO]
    assert not framer.lost


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1", b"\x16\x03\x01", b"MSX", b"xMSH|^~"])
def test_what_begins_no_message_is_passed_over_and_noticed(noise: bytes) -> None:
    framer = Framer(1000)
    assert [list(framer.feed(bytes([byte]))) for byte in noise] == [[]] * len(noise)
    assert framer.lost
    assert not framer.in_frame
    assert list(framer.feed(framed(ONE))) == [ONE]
    assert not framer.lost


def test_line_ends_alone_are_no_noise() -> None:
    framer = Framer(1000)
    assert list(framer.feed(b"\r\n \x00\x1c\r")) == []
    assert not framer.lost


def test_a_recording_with_a_frame_lacking_its_start_byte_comes_apart() -> None:
    assert list(split_messages(framed(ONE) + TWO + b"\x1c\r")) == [ONE, TWO]
