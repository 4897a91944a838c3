"""Why somebody is phoned."""

import pytest

from outreach.domain.calls import (
    CALL_KINDS,
    SENTENCES,
    CallReason,
    cannot_be_texted,
    reason_of,
)


@pytest.mark.parametrize(
    ("opted_out", "speaks", "expected"),
    [
        ([], True, CallReason.NO_MOBILE),
        ([], False, CallReason.NO_MOBILE),
        ([True], True, CallReason.OPTED_OUT),
        ([True, True], False, CallReason.OPTED_OUT),
        ([True, False], True, None),
        ([False], True, None),
        ([False], False, CallReason.LANGUAGE),
    ],
)
def test_why_no_text_reaches_a_patient(
    opted_out: list[bool], speaks: bool, expected: CallReason | None
) -> None:
    assert cannot_be_texted(opted_out, speaks=speaks) is expected


@pytest.mark.parametrize("kind", ["silent", "unconfirmed", "no_show"])
def test_what_happened_is_told_before_what_the_record_says(kind: str) -> None:
    assert reason_of(kind, CallReason.OPTED_OUT) == kind


def test_a_call_in_place_of_a_message_is_told_by_the_record() -> None:
    assert reason_of("call_patient", CallReason.LANGUAGE) is CallReason.LANGUAGE
    assert reason_of("call_patient", None) is CallReason.NOT_SENT
    assert reason_of("paused_check_in", None) is CallReason.PAUSED


def test_every_reason_has_its_words() -> None:
    assert set(SENTENCES) == set(CallReason)
    assert "no_show" in CALL_KINDS
