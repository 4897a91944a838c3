"""What senders hear back."""

from datetime import UTC, datetime

import hl7
import pytest

from outreach.domain.events import Problem
from outreach.domain.interfaces import AckMode
from outreach.intake.hl7.ack import (
    AckCode,
    acknowledgement,
    control_key,
    is_acknowledgement,
    verdict,
)
from tests.intake.conftest import Read, siu

AT = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)


def answer(read: Read, raw: str) -> tuple[str, str]:
    code, problem = verdict(raw.encode(), read(raw))
    return code.value, problem.code if problem else ""


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (siu(), ("AA", "")),
        (siu(pid=""), ("AE", "100")),
        (siu(start=""), ("AE", "101")),
        (siu(start="20261301"), ("AE", "102")),
        (siu(msh="ORU^R01|M1|P|2.5.1"), ("AR", "200")),
        (siu(msh="SIU^S23|M1|P|2.5.1"), ("AR", "201")),
        (siu(msh="SIU^S12|M1|Q|2.5.1"), ("AR", "202")),
        (siu(msh="SIU^S12|M1|P|3.0"), ("AR", "203")),
    ],
)
def test_verdicts(read: Read, raw: str, expected: tuple[str, str]) -> None:
    assert answer(read, raw) == expected


def test_an_acknowledgement_another_parser_understands() -> None:
    raw = siu().encode()
    ack = acknowledgement(raw, AckCode.ERROR, Problem("101", "PID-3: no | id"), "OUT7", AT)
    assert ack is not None
    read_back = hl7.parse(ack.decode())
    assert read_back.extract_field("MSH", 1, 3) == "OUT"
    assert read_back.extract_field("MSH", 1, 5) == "APP"
    assert read_back.extract_field("MSH", 1, 7) == "20270301150000+0000"
    assert read_back.extract_field("MSH", 1, 9, 1, 2) == "S12"
    assert read_back.extract_field("MSH", 1, 10) == "OUT7"
    assert read_back.extract_field("MSA", 1, 1) == "AE"
    assert read_back.extract_field("ERR", 1, 3, 1, 1) == "101"
    assert read_back.extract_field("ERR", 1, 8) == "PID-3: no   id"


@pytest.mark.parametrize("control_id", [b"M1", b"\xe9\xff odd \\T\\ id", b"a^b&c~d", b""])
def test_msa_2_is_the_control_id_byte_for_byte(control_id: bytes) -> None:
    raw = siu().encode().replace(b"|M1|", b"|" + control_id + b"|")
    ack = acknowledgement(raw, AckCode.ACCEPTED, None, "OUT7", AT)
    assert ack is not None
    assert b"\rMSA|AA|" + control_id + b"\r" in ack


def test_other_delimiters_are_answered_in_kind() -> None:
    raw = b"MSH$%*!@$APP$CGI$OUT$CGI$2027$$SIU%S12$M1$P$2.7\rPID$1\r"
    ack = acknowledgement(raw, AckCode.ACCEPTED, None, "OUT7", AT)
    assert ack is not None
    assert ack.startswith(b"MSH$%*!@$OUT$CGI$APP$CGI$20270301150000+0000$$ACK%S12%ACK$OUT7$P$2.7\r")


@pytest.mark.parametrize("raw", [siu(msh="ACK^S12|M1|P|2.5.1").encode(), b"", b"hello", b"MSH|"])
def test_an_ack_and_what_names_nobody_are_never_answered(raw: bytes) -> None:
    assert acknowledgement(raw, AckCode.ACCEPTED, None, "OUT7", AT) is None


def test_enhanced_mode_says_the_same_in_commit_codes() -> None:
    usual = [AckCode.ACCEPTED, AckCode.ERROR, AckCode.REJECTED]
    assert [code.in_mode(AckMode.ENHANCED).value for code in usual] == ["CA", "CE", "CR"]
    assert [code.in_mode(AckMode.ORIGINAL) for code in usual] == usual


@pytest.mark.parametrize("raw", [b"", b"MSH", b"MSH|", b"MSH\r", b"\r\n"])
def test_a_header_that_is_cut_short_is_no_answer_and_has_no_control_id(raw: bytes) -> None:
    assert not is_acknowledgement(raw)
    assert control_key(raw) is None


def test_a_control_id_is_its_sender_s_own() -> None:
    raw = siu().encode()
    assert control_key(raw) == (b"APP", b"CGI", b"M1")
    assert control_key(raw.replace(b"\r", b"\n")) == control_key(raw)
