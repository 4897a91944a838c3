"""However a lot is written, it is one lot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.lots import lot_key


@pytest.mark.parametrize(
    "written",
    ["ABO12", "ab012", "AB-O12", "a b 0 1 2", "LOT ABO12", "lot ab o12", "lot# ab-o12",
     "Lote: AB.012",
     "LOTAB012", "LOT NO. AB012", "ＡＢ０１２"],
)  # fmt: skip
def test_one_lot_in_many_forms(written: str) -> None:
    assert lot_key(written) == "AB012"


@pytest.mark.parametrize(
    ("one", "other"), [("AB012", "AB0120"), ("AB12", "AC12"), ("AB01", "AB10")]
)
def test_other_lots_stay_others(one: str, other: str) -> None:
    assert lot_key(one) != lot_key(other)


@pytest.mark.parametrize("nothing", ["", " - ", "#"])
def test_what_holds_no_letter_or_digit_is_no_lot(nothing: str) -> None:
    assert lot_key(nothing) == ""


@given(st.text(alphabet="ABCDEFGHJKMNPQRSTUVWXYZ123456789", min_size=3, max_size=12))
def test_case_dashes_and_the_word_for_it_change_nothing(lot: str) -> None:
    dashed = "-".join(lot)
    assert lot_key(lot) == lot_key(lot.lower()) == lot_key(f"{lot[0]} {lot[1:]}") == lot_key(dashed)
