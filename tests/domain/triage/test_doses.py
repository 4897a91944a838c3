import pytest

from outreach.domain.triage.doses import DoseReport, read_dose


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("DONE 20 4 ABD LOT123", DoseReport("done", 20.0, 4, ("abdomen",), "123")),
        ("done 4/12 2 sites", DoseReport("done", None, 2)),
        ("LISTA, 3 sitios", DoseReport("done", None, 3)),
        ("Done 20ml 4 sites thigh lot # ab-77c", DoseReport("done", 20.0, 4, ("thigh",), "AB-77C")),
        (
            "hecho 10,5 ml panza y muslo lote X9",
            DoseReport("done", 10.5, None, ("abdomen", "thigh"), "X9"),
        ),
        ("done 8 g in 2 sites", DoseReport("done", None, 2)),
        ("LATE", DoseReport("late")),
        ("SKIP", DoseReport("skip")),
    ],
)
def test_details_of_a_dose(text: str, report: DoseReport) -> None:
    assert read_dose(text) == report


def test_what_is_no_dose_answer_reads_as_none() -> None:
    assert read_dose("where is my box") is None
