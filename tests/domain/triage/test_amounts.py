"""A dose that is wrong by its numbers alone."""

import pytest

from outreach.domain.triage.engine import TriageEngine


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Dose given was 40 g, order was 20 g.", "en"),
        ("Ordered 20 g; 40 g infused.", "en"),
        ("received 40g instead of 20g", "en"),
        ("she was meant to have 25 ml and took 50 ml", "en"),
        ("Se indicó 20 g y recibió 40 g", "es"),
        ("me pusieron 60 gramos y la receta era de 30 gramos", "es"),
    ],
)
def test_another_amount_than_the_one_ordered_is_a_dose_error(
    engine: TriageEngine, text: str, language: str
) -> None:
    found = engine.triage(text, language)
    assert found.urgent
    assert "dose_error" in found.concepts


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ordered 40 g, received 40 g over 4 h, no reaction.", "en"),
        ("my dose went from 30 g to 40 g last month", "en"),
        ("was prescribed 1 g/kg and received 80 g", "en"),
        ("the order was 20 g, it took 4 hours", "en"),
        ("prescribed 20 g, got 500 ml of water with it", "en"),
        ("Se indicaron 20 g y recibió 20 g sin problemas", "es"),
    ],
)
def test_equal_amounts_other_units_and_a_change_of_dose_are_none(
    engine: TriageEngine, text: str, language: str
) -> None:
    assert not engine.triage(text, language).urgent
