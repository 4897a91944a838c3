"""The parser of one message, with python-hl7 as the oracle for well-formed ones."""

import hl7
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain.errors import BadInput
from outreach.intake.hl7.message import Message
from outreach.intake.interface import InterfaceSettings

HEAD = "MSH|^~\\&|APP|CGI|OUT|CGI|20270301||SIU^S12|M1|P|2.5.1"
WORD = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="|^~\\&"), max_size=8
)
FIELD = st.lists(st.lists(WORD, min_size=1, max_size=4).map("^".join), min_size=1, max_size=3)


def parsed(*segments: str) -> Message:
    return Message(("\r".join((HEAD, *segments)) + "\r").encode(), InterfaceSettings())


@settings(max_examples=60)
@given(st.lists(FIELD.map("~".join), min_size=1, max_size=12))
def test_agrees_with_python_hl7(fields: list[str]) -> None:
    line = "PID|" + "|".join(fields)
    ours = parsed(line)
    theirs = hl7.parse(f"{HEAD}\r{line}\r")
    pid = ours.first("PID")
    for number, written in enumerate(fields, 1):
        for component in range(1, 5):
            first = written.split("~")[0].split("^")
            if component <= len(first) and first[component - 1] not in ("", '""'):
                expected = theirs.extract_field("PID", 1, number, 1, component)
                assert ours.value(pid, number, component) == expected
    msh = ours.first("MSH")
    assert ours.value(msh, 10) == theirs.extract_field("MSH", 1, 10)
    assert ours.value(msh, 9, 2) == "S12"


@pytest.mark.parametrize(
    ("written", "means"),
    [
        (r"A\T\B", "A&B"),
        (r"A\F\B\S\C\R\D\E\E", "A|B^C~D\\E"),
        (r"\X4A\an", "Jan"),
        (r"\XC3A9\va", "éva"),
        (r"one\.br\two", "one two"),
        (r"\H\bold\N\ text", "bold text"),
        (r"C:\temp", r"C:\temp"),
        (r"ends with \ ", "ends with \\"),
    ],
)
def test_escapes(written: str, means: str) -> None:
    message = parsed(f"NTE|1||{written}")
    assert message.value(message.first("NTE"), 3) == means


@given(st.text(max_size=60))
def test_escaping_and_reading_back_is_the_identity(text: str) -> None:
    message = parsed("NTE|1")
    codes = {"\\": "E", "|": "F", "^": "S", "&": "T", "~": "R"}
    escaped = "".join(f"\\{codes[char]}\\" if char in codes else char for char in text)
    assert message.unescaped(escaped) == text


def test_other_delimiters_and_a_fifth_encoding_character() -> None:
    raw = b"MSH$%*!@#$APP$CGI$OUT$CGI$2027$$SIU%S12$M1$P$2.7\rPID$1$$7*8%%%X\r"
    message = Message(raw, InterfaceSettings())
    assert message.value(message.first("MSH"), 9, 2) == "S12"
    assert message.repetitions(message.first("PID"), 3) == ["7", "8%%%X"]


def test_two_quotes_delete_and_an_empty_field_says_nothing() -> None:
    message = parsed('PID|1||7||""||')
    pid = message.first("PID")
    assert message.value(pid, 5) == ""
    assert message.is_deleted(pid, 5)
    assert not message.is_deleted(pid, 7)
    assert not message.is_deleted(pid, 99)


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"), ("8859/15", "iso8859-15"), ("", "cp1252")],
)
def test_names_in_the_declared_character_set(charset: str, codec: str) -> None:
    raw = f"{HEAD}||||||{charset}\rPID|1||7||Núñez^José\r".encode(codec)
    message = Message(raw, InterfaceSettings())
    assert message.value(message.first("PID"), 5) == "Núñez"
    assert bool(message.notes) == (charset == "")


def test_a_wrong_declaration_is_forgiven_with_a_note() -> None:
    raw = f"{HEAD}||||||UNICODE UTF-8\rPID|1||7||Núñez\r".encode("cp1252")
    message = Message(raw, InterfaceSettings())
    assert message.value(message.first("PID"), 5) == "Núñez"
    assert message.notes


def test_control_and_direction_characters_do_not_survive() -> None:
    message = parsed("PID|1||7||Smi\x07th\u202eevil^A\\X00\\B")
    assert message.value(message.first("PID"), 5) == "Smi thevil"
    assert message.value(message.first("PID"), 5, 2) == "A B"


@pytest.mark.parametrize("raw", [b"", b"MSH", b"PID|1\r", b"MSHa^~\\&x\r", b"MSH|^^^^|A\r"])
def test_what_is_no_message_is_code_100(raw: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        Message(raw, InterfaceSettings())
    assert caught.value.code == "100"


def test_limits_hold() -> None:
    limits = InterfaceSettings(max_segments=10, max_repetitions=5)
    with pytest.raises(BadInput) as caught:
        Message(HEAD.encode() + b"\rOBX|1" * 20, limits)
    assert caught.value.code == "207"
    message = Message(f"{HEAD}\rPID|1||{'~'.join('123456789')}\r".encode(), limits)
    assert message.repetitions(message.first("PID"), 3) == list("12345")
    assert any("PID-3" in note for note in message.notes)
