from pathlib import Path

import pytest

from outreach.configuration.triage_files import load_lexicon
from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.lexicon import TriageSettings
from outreach.domain.triage.result import Action

CONFIG = Path(__file__).parents[3] / "config" / "triage"

PAGED = [
    ("temp 100.4", "fever_high"),
    ("100.4f", "fever_high"),
    ("38.0 c", "fever_high"),
    ("102 fever", "fever_high"),
    ("fever 1o2", "fever_high"),
    ("fiebre de 38,5", "fever_high"),
    ("39 de temperatura", "fever_high"),
    ("101.3", "fever_high"),
    ("temp was 39", "fever_high"),
    ("38.0", "fever_high"),
    ("102.0", "fever_high"),
    ("39 y temblando", "fever_high"),
    ("38.9 ahora.. the weather is nice", "fever_high"),
    ("o2 sat 91", "oxygen_low"),
    ("pulse 130", "palpitations"),
    ("heart rate 40", "palpitations"),
    ("bp 180/95", "hypertensive"),
    ("150/121", "hypertensive"),
    ("bp 85/50", "near_syncope_low_bp"),
    ("gained 3 lbs since yesterday", "fluid_overload"),
    ("up 5 pounds this week", "fluid_overload"),
    ("subi 2 kilos desde ayer", "fluid_overload"),
    ("headache 9/10", "pain_extreme"),
]  # fmt: skip
CALM = [
    "temp 98.6",
    "temp 100.3",
    "37.9 c",
    "99.5",
    "39 years old",
    "102 lbs",
    "see you in 102 minutes",
    "fever for 101 hours ago",
    "oxygen 97",
    "pulse 80",
    "bp 120/80",
    "12/25",
    "gained 2 lbs this week",
    "gained 20 lbs in six months",
    "room 103",
    "visit on 9/10",
    "bp 118/79 pulse 66",
]  # fmt: skip


@pytest.mark.parametrize(("text", "concept"), PAGED)
def test_a_reading_beyond_its_limit_pages(engine: TriageEngine, text: str, concept: str) -> None:
    result = engine.triage(text)
    assert concept in result.concepts
    assert result.urgent


@pytest.mark.parametrize("text", CALM)
def test_a_calm_or_foreign_number_does_not(engine: TriageEngine, text: str) -> None:
    assert not engine.triage(text).urgent


def test_oxygen_below_ninety_calls_911(engine: TriageEngine) -> None:
    assert engine.triage("oxygen 89").action is Action.CALL_911
    assert engine.triage("oxygen 91").action is Action.PAGE_1H


def test_a_clinic_may_set_its_own_fever_limit() -> None:
    lexicons = {name: load_lexicon(CONFIG / f"{name}.yaml") for name in ("en", "es")}
    later = TriageEngine(lexicons, TriageSettings(fever_f=101.0))
    assert not later.triage("temp 100.6").urgent
    assert later.triage("temp 101").urgent


def test_a_measured_low_temperature_outweighs_the_word_fever(engine: TriageEngine) -> None:
    result = engine.triage("fever 99.5")
    assert result.action is Action.ROUTINE
    assert "measured below the limit" in result.reason
