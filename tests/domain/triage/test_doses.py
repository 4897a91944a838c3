"""What a patient writes of a home dose, in both languages, any order and spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.triage.doses import (
    DoseReport,
    combined,
    dose_answer,
    read_details,
    read_dose,
    report_from_json,
)


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("DONE 20 4 ABD LOT123", DoseReport("done", 20, 4, ("abdomen",), lots=("123",))),
        ("20 4 ABD LOT123 DONE", DoseReport("done", 20, 4, ("abdomen",), lots=("123",))),
        ("lot123 abd 4 20 done", DoseReport("done", 20, 4, ("abdomen",), lots=("123",))),
        ("done 4/12 2 sites", DoseReport("done", None, 2)),
        ("LISTA, 3 sitios", DoseReport("done", None, 3)),
        (
            "Done 20ml 4 sites thigh lot # ab-77c",
            DoseReport("done", 20, 4, ("thigh",), lots=("AB-77C",)),
        ),
        (
            "hecho 10,5 ml panza y muslo lote X9",
            DoseReport("done", 10.5, None, ("abdomen", "thigh"), lots=("X9",)),
        ),
        ("done 8 g in 2 sites", DoseReport("done", None, 2, grams=8)),
        ("done 20 ml x 4", DoseReport("done", 20, 4)),
        ("done, four sites", DoseReport("done", None, 4)),
        ("DONE 20 40 ABD", DoseReport("done", 20, 40, ("abdomen",))),
        ("done 10 ml each site", DoseReport("done", 10, None, per_site=True)),
        ("done left thigh", DoseReport("done", areas=("left thigh",))),
        ("hecho muslo izquierdo", DoseReport("done", areas=("left thigh",))),
        ("done both arms", DoseReport("done", areas=("left arm", "right arm"))),
        ("done l thigh", DoseReport("done", areas=("left thigh",))),
        ("done 20 4 knee", DoseReport("done", 20, 4, odd_areas=("knee",))),
        ("done in my left foot", DoseReport("done", odd_areas=("foot",))),
        ("done lots AB123 and AB124", DoseReport("done", lots=("AB123", "AB124"))),
        ("done lot AB 12345", DoseReport("done", lots=("AB 12345",))),
        ("done P100234567", DoseReport("done", lots=("P100234567",))),
        ("done lot A1 exp 03/2028", DoseReport("done", lots=("A1",), expiry="03/2028")),
        ("listo lote A1 vence 05/27", DoseReport("done", lots=("A1",), expiry="05/27")),
        ("done at 8pm", DoseReport("done", clock="20:00")),
        ("listo a las 8", DoseReport("done", clock="8:00?")),
        ("done 8:30 am yesterday", DoseReport("done", clock="08:30", yesterday=True)),
        ("done 20:15", DoseReport("done", clock="20:15")),
        ("Done but late", DoseReport("done", was_late=True)),
        ("LATE", DoseReport("late")),
        ("SKIP", DoseReport("skip")),
        ("LOT AB1", None),
    ],
)
def test_details_of_a_dose(text: str, report: DoseReport | None) -> None:
    assert read_dose(text) == report


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("doneee!!", "done"),
        ("doen", "done"),
        ("finishd", "done"),
        ("lsito", "done"),
        ("ya me la puse", "done"),
        ("No reaction, done", "done"),
        ("didn't skip, done", "done"),
        ("Done! when is the next one?", "done"),
        ("not done yet", "late"),
        ("haven't done it yet", "late"),
        ("todavia no", "late"),
        ("ya voy", "late"),
        ("will be done later", "late"),
        ("almost done", "late"),
        ("I did not take it", "skip"),
        ("I didn't take it", "skip"),
        ("no me la puse", "skip"),
        ("no pude", "skip"),
        ("salto", "skip"),
        ("when am I done?", None),
        ("what if I skip it?", None),
        ("no problems", None),
        ("where is my box", None),
    ],
)
def test_what_is_said_is_not_what_the_words_look_like(text: str, answer: str | None) -> None:
    found = dose_answer(text)
    assert (found and found.value) == answer


@pytest.mark.parametrize("text", ["it hurt a lot 20", "be back at 5", "my back hurts"])
def test_what_is_no_detail_is_left_alone(text: str) -> None:
    report = read_details(text)
    assert report.lots == ()
    assert report.odd_areas == ()


def test_a_bare_yes_means_nothing_without_the_question() -> None:
    plain = {text: found for text in ("yes", "no", "done", "SKIP", "tarde", "si ya")
             if (found := dose_answer(text))}  # fmt: skip
    assert {text for text, found in plain.items() if found.plainly} == {"done", "SKIP", "tarde"}


def test_a_second_report_adds_to_the_first() -> None:
    whole = combined(
        [
            DoseReport("late"),
            DoseReport("done", 20, 4, lots=("A1",)),
            DoseReport(None, 25, areas=("thigh",), lots=("A2",)),
        ]
    )
    assert whole == DoseReport("done", 25, 4, ("thigh",), lots=("A1", "A2"), was_late=True)


def test_late_does_not_take_back_what_is_done_and_skip_does() -> None:
    done = DoseReport("done", 20)
    assert combined([done, DoseReport("late")]) == done
    skipped = combined([done, DoseReport("skip")])
    assert skipped is not None
    assert skipped.answer == "skip"


def test_a_report_of_the_time_of_one_lot_still_opens() -> None:
    old = {"answer": "done", "volume_ml": 20.0, "sites": 4, "areas": ["abdomen"], "lot": "123"}
    assert report_from_json(old) == DoseReport("done", 20, 4, ("abdomen",), lots=("123",))


@given(st.text(max_size=80))
def test_whatever_is_written_is_read_and_comes_back_from_json(text: str) -> None:
    report = read_details(text)
    assert report_from_json(report.as_json()) == report


@given(st.permutations(["DONE", "20 ml", "4 sites", "thigh", "lot AB123", "exp 03/2028"]))
def test_the_order_makes_no_difference(parts: list[str]) -> None:
    expected = DoseReport("done", 20, 4, ("thigh",), lots=("AB123",), expiry="03/2028")
    assert read_dose(", ".join(parts)) == expected
