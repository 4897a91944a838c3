"""Home doses by text: logged, corrected, asked about where they are odd, and never spoken of."""

from datetime import timedelta

import pytest

from outreach.domain.triage.doses import DoseReport, combined
from outreach.pipeline.facts import dose_history
from outreach.storage.models import Dose, DoseLog
from tests.pipeline.rows import kinds, patient, work
from tests.worlds import PHONE, START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def schedule(bench: Bench, *days: int, name: str = "P1") -> None:
    """Home doses so many days from the start, and the first one's question."""
    bench.event(
        "regimen.prescribed",
        name,
        patient_={"phone": PHONE},
        regimen={
            "ids": [{"system": "rx", "value": f"R-{name}"}],
            "dose_dates": [(START + day * DAY).isoformat() for day in days],
        },
    )
    bench.to(START + days[0] * DAY)


def logs(bench: Bench) -> list[DoseLog]:
    with bench.world.db.read() as unit:
        return unit.visits.dose_logs_of(patient(bench).id)


def doses(bench: Bench) -> list[Dose]:
    with bench.world.db.read() as unit:
        (regimen,) = unit.visits.regimens_of(patient(bench).id)
        return unit.visits.doses_of(regimen.id)


def told(bench: Bench) -> DoseReport | None:
    return combined([dose_history.report_of(log) for log in logs(bench)])


def lots(bench: Bench) -> list[str]:
    with bench.world.db.read() as unit:
        rows = unit.lots.of_origin(f"dose:{doses(bench)[0].id.hex}")
        return sorted(row.lot or "" for row in rows)


def test_a_second_done_adds_to_the_first(bench: Bench) -> None:
    schedule(bench, 1)
    bench.says("DONE 20 ml")
    bench.says("done 4 sites thigh lot AB-12")
    bench.says("LOT ab12, AB13")
    assert told(bench) == DoseReport("done", 20, 4, ("thigh",), lots=("AB-12", "AB12", "AB13"))
    assert lots(bench) == ["AB-12", "AB13"]
    assert kinds(bench) == []


def test_late_then_done_is_done(bench: Bench) -> None:
    schedule(bench, 1)
    bench.says("LATE")
    assert doses(bench)[0].status == "late"
    bench.clock.set(START + DAY + 5 * HOUR)
    bench.says("DONE 20 4 ABD LOT123")
    (dose,) = doses(bench)
    assert dose.status == "taken"
    assert [log.status for log in logs(bench)] == ["late", "taken"]
    bench.to(START + 2 * DAY)
    assert bench.outcomes()["missed"] == "skipped:stopped"


def test_late_after_done_takes_nothing_back(bench: Bench) -> None:
    schedule(bench, 1)
    bench.says("DONE")
    bench.says("LATE")
    assert doses(bench)[0].status == "taken"


def test_a_dose_that_was_told_of_too_late_for_its_question_is_logged(bench: Bench) -> None:
    schedule(bench, 1)
    bench.to(START + 3 * DAY)
    bench.says("DONE yesterday lot X77")
    assert doses(bench)[0].status == "taken"
    assert lots(bench) == ["X77"]


@pytest.mark.parametrize("body", ["yes", "ok thanks", "no", "when am I done?"])
def test_what_is_no_plain_word_is_not_taken_for_a_further_one(bench: Bench, body: str) -> None:
    schedule(bench, 1)
    bench.says("DONE")
    bench.says(body)
    assert len(logs(bench)) == 1


def test_a_word_after_the_next_question_is_about_the_next_dose(bench: Bench) -> None:
    schedule(bench, 1, 2)
    bench.says("DONE")
    bench.to(START + 2 * DAY)
    bench.says("SKIP")
    assert [row.status for row in doses(bench)] == ["taken", "skipped"]


def test_at_a_shared_phone_a_further_word_is_for_a_person(bench: Bench) -> None:
    bench.event("patient.updated", "P2", patient_={"phone": PHONE})
    schedule(bench, 1)
    bench.says("LATE")
    bench.clock.advance(timedelta(minutes=2))
    bench.says("DONE")
    assert doses(bench)[0].status == "late"
    assert "shared_phone" in kinds(bench)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("DONE 900 ml", "volume"),
        ("DONE 20 ml 40 sites", "number of sites"),
        ("DONE 20 4 knee", "place on the body"),
        ("DONE 20 4 abd exp 01/2020", "expired"),
    ],
)
def test_what_is_not_plausible_is_kept_as_written_and_asked_about(
    bench: Bench, body: str, words: str
) -> None:
    schedule(bench, 1)
    bench.says(body)
    bench.run()
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("dose_question", "same_day")
    assert words in item.summary
    report = told(bench)
    assert report is not None
    assert (report.volume_ml, report.sites) in {(900, None), (20, 40), (20, 4)}
    answer = bench.sms.texts_to(PHONE)[-1]
    assert not any(told in answer for told in ("900", "40", "knee", "2020"))


def test_a_volume_far_from_the_usual_is_asked_about(bench: Bench) -> None:
    schedule(bench, 1, 8, 15, 22)
    for number, volume in enumerate((20, 21, 20, 45)):
        bench.to(START + (1 + 7 * number) * DAY)
        bench.says(f"DONE {volume} ml")
    assert kinds(bench) == ["dose_question"]


def test_a_reaction_beside_done_is_read_as_any_text_and_logged_as_a_concept(bench: Bench) -> None:
    schedule(bench, 1)
    bench.says("DONE 20 4 ABD lot A1 but my throat is swelling shut")
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("red_flag", "urgent")
    report = told(bench)
    assert report is not None
    assert (report.answer, report.lots) == ("done", ("A1",))
    assert report.reactions
    assert not {"dose_done", "answer_dose_done"} & set(report.reactions)


def test_done_with_these_texts_is_no_dose(bench: Bench) -> None:
    schedule(bench, 1)
    bench.says("I am done with this, stop texting me")
    assert logs(bench) == []


def test_a_place_used_again_too_soon_is_one_note_for_the_nurse(bench: Bench) -> None:
    schedule(bench, 1, 3, 5, 7)
    for day, place in ((1, "thigh"), (3, "abd"), (5, "thigh"), (7, "thigh")):
        bench.to(START + day * DAY)
        bench.says(f"DONE 20 ml {place}")
    bench.run()
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("site_rotation", "routine")
    assert "thigh" in item.summary
    assert not any("thigh" in text for text in bench.sms.texts_to(PHONE))


def test_what_was_told_is_sealed_and_the_lot_is_found_by_its_index(bench: Bench) -> None:
    schedule(bench, 1)
    bench.says("DONE 20 4 ABD LOT ZQX4471")
    with bench.world.db.engine.connect() as connection:
        for table in ("dose_log", "lot_use"):
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}"):  # noqa: S608
                stored = " ".join(
                    bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v)
                    for v in row
                )
                assert "ZQX4471" not in stored
                assert "abdomen" not in stored
    with bench.world.db.read() as unit:
        assert [row.lot for row in unit.lots.with_lot("lot zqx-4471")] == ["ZQX4471"]
