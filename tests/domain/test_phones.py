"""The answers of ``outreach phone check``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.phones import PhoneCheck, check_number


@pytest.mark.parametrize(
    ("number", "e164", "kind"),
    [
        ("(202) 555-0123", "+12025550123", "fixed_line_or_mobile"),
        ("202.555.0123 x9", "+12025550123", "fixed_line_or_mobile"),
        ("+44 7911 123456", "+447911123456", "mobile"),
        ("1-888-555-1212", "+18885551212", "toll_free"),
    ],
)
def test_valid(number: str, e164: str, kind: str) -> None:
    assert check_number(number, "US") == PhoneCheck(valid=True, e164=e164, type=kind)


@pytest.mark.parametrize("number", ["", "911", "(111) 111-1111", "call me", "555-0123", "1" * 400])
def test_invalid(number: str) -> None:
    assert check_number(number, "US") == PhoneCheck(valid=False, e164=None, type="unknown")


@given(st.text(max_size=40), st.sampled_from(["US", "GB", "", "zz"]))
def test_any_text_has_an_answer(number: str, region: str) -> None:
    found = check_number(number, region)
    assert found.valid == (found.e164 is not None)
