import pytest

from outreach.domain.triage.engine import TriageEngine
from outreach.domain.triage.report import Labelled, Rate, measure
from outreach.domain.triage.result import Label


def test_wilson_interval() -> None:
    low, high = Rate(98, 100).interval
    assert (round(low, 3), round(high, 3)) == (0.930, 0.994)
    assert Rate(0, 0).interval == (0.0, 1.0)
    assert Rate(0, 0).value is None


def test_a_report_counts_and_names_every_miss(engine: TriageEngine) -> None:
    rows = [
        Labelled(1, "en", Label.URGENT, frozenset(), engine.triage("my chest hurts")),
        Labelled(2, "en", Label.URGENT, frozenset(), engine.triage("all good")),
        Labelled(3, "es", Label.NONE_OK, frozenset(), engine.triage("me desmaye")),
        Labelled(4, "es", Label.OPT_OUT, frozenset(), engine.triage("ya no me escriban")),
        Labelled(5, "es", Label.UNCLEAR, frozenset({Label.QUESTION}), engine.triage("quien es?")),
        Labelled(6, "en", Label.NONE_OK, frozenset(), engine.triage("stop texting me")),
    ]
    report = measure(rows)
    assert report.overall.sensitivity == Rate(1, 2)
    assert report.overall.specificity == Rate(3, 4)
    assert report.overall.accuracy == Rate(3, 6)
    assert report.overall.opt_outs == Rate(1, 1)
    assert report.overall.false_opt_outs == 1
    assert report.by_language["es"].sensitivity.value is None
    assert report.confusion[Label.URGENT, Label.NONE_OK] == 1
    assert [row.number for row in report.missed_urgent] == [2]
    assert [row.number for row in report.false_urgent] == [3]
    assert [row.number for row in report.other_misses] == [6]
    assert [row.number for row in report.closed_urgent] == [2]
    assert report.overall.sensitivity.interval == pytest.approx((0.0945, 0.9055), abs=1e-3)
