"""Lots: kept where they are heard of, found however they are written, recalled from everybody."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from outreach.domain.errors import BadInput, NotFound
from outreach.domain.states import ChannelKind
from outreach.pipeline import campaign, consent
from outreach.pipeline.lots import recall, tracing
from outreach.storage.models import CampaignStatus
from tests.pipeline.rows import patient, work
from tests.recording import refuse
from tests.worlds import START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOT = "EX-4O71"


def phone(number: int) -> str:
    return f"+120255501{number:02d}"


def infused(bench: Bench, number: int, *lots: str, kind: str = "infusion.completed") -> None:
    name = f"P{number}"
    start = bench.clock.now() + HOUR
    bench.book(start, visit=f"A{number}", patient=name, phone=phone(number))
    bench.clock.set(start + 4 * HOUR)
    ended(bench, number, *lots, kind=kind)


def ended(
    bench: Bench, number: int, *lots: str, kind: str = "infusion.completed", **rest: Any
) -> None:
    visit = {"ids": [{"system": "visit", "value": f"A{number}"}], "lots": list(lots)}
    if kind != "infusion.started":
        visit["actual_end"] = bench.clock.now().isoformat()
    bench.event(kind, f"P{number}", appointment=visit, **rest)


def shipped(bench: Bench, number: int, *lots: str, kind: str = "sent", **details: str) -> None:
    bench.event(
        f"shipment.{kind}",
        f"P{number}",
        patient_={"phone": phone(number)},
        details={**details, "lots": list(lots)},
    )


def dosed(bench: Bench, number: int, *bodies: str) -> None:
    due = bench.clock.now().replace(hour=15) + DAY  # ten in the morning in New York
    bench.event(
        "regimen.prescribed",
        f"P{number}",
        patient_={"phone": phone(number)},
        regimen={
            "ids": [{"system": "rx", "value": f"R{number}"}],
            "dose_dates": [due.isoformat()],
        },
    )
    bench.to(due)
    for body in bodies:
        bench.says(body, sender=phone(number))


def traced(
    bench: Bench, lot: str = LOT, since: datetime | None = None, until: datetime | None = None
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Who has the lot, and whose lot is unknown: record number -> where from."""
    with bench.world.db.read() as unit:
        found = tracing.trace(unit, bench.world, lot, since, until)
        names = unit.people.identifiers_of(
            {one.patient_id for one in (*found.affected, *found.unknown)}
        )
        who = {patient_id: rows[0].value for patient_id, rows in names.items()}
    return (
        {who[one.patient_id]: [use.source.value for use in one.uses] for one in found.affected},
        {who[one.patient_id]: [gap.source.value for gap in one.gaps] for one in found.unknown},
    )


def prepared(bench: Bench, **rest: Any) -> recall.Prepared:
    return recall.prepare(bench.world, recall.Recall(LOT, "campaign_recall", "Dana", {}, **rest))


def calls(bench: Bench) -> dict[str, str]:
    with bench.world.db.read() as unit:
        names = unit.people.identifiers_of(
            {row.patient_id for row in work(bench) if row.patient_id}
        )
    return {
        names[row.patient_id][0].value: row.summary
        for row in work(bench)
        if row.kind == "lot_recall" and row.patient_id is not None
    }


def test_a_lot_is_found_over_all_three_sources(bench: Bench) -> None:
    infused(bench, 1, "EX-4O71")
    dosed(bench, 2, "DONE 20 4 ABD lot ex 4071")
    shipped(bench, 3, "LOT EX4071", tracking="T1")
    infused(bench, 4, "OTHER-1")
    affected, _ = traced(bench, "ex4o71")
    assert affected == {"P1": ["administered"], "P2": ["logged"], "P3": ["dispensed"]}


@pytest.mark.parametrize("kind", ["infusion.started", "infusion.completed", "infusion.stopped"])
def test_every_event_of_an_infusion_may_name_its_lots(bench: Bench, kind: str) -> None:
    infused(bench, 1, LOT, kind=kind)
    assert traced(bench)[0] == {"P1": ["administered"]}


def test_a_lot_in_an_event_that_comes_too_late_is_kept(bench: Bench) -> None:
    infused(bench, 1)
    early = (bench.clock.now() - 3 * HOUR).isoformat()
    ended(bench, 1, LOT, kind="infusion.started", occurred_at=early)
    assert traced(bench)[0] == {"P1": ["administered"]}


def test_a_later_event_adds_lots_and_takes_none_away(bench: Bench) -> None:
    infused(bench, 1, LOT)
    ended(bench, 1, "SECOND-2", LOT)
    for lot in (LOT, "SECOND-2"):
        assert traced(bench, lot)[0] == {"P1": ["administered"]}


def test_a_visit_that_was_entered_in_error_gave_no_lot(bench: Bench) -> None:
    infused(bench, 1, LOT)
    bench.event(
        "appointment.cancelled",
        "P1",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "status": "entered-in-error",
        },
    )
    assert traced(bench)[0] == {}


def test_a_visit_under_the_wrong_record_takes_its_lot_along(bench: Bench) -> None:
    infused(bench, 1, LOT)
    bench.event("patient.updated", "P9", patient_={"phone": phone(9)})
    visit = {"ids": [{"system": "visit", "value": "A1"}]}
    bench.event("infusion.completed", "P9", appointment=visit)
    assert traced(bench)[0] == {"P9": ["administered"]}


def test_the_survivor_of_a_merge_has_the_lots(bench: Bench) -> None:
    infused(bench, 1, LOT)
    bench.event("patient.updated", "P2", patient_={"phone": phone(2)})
    bench.event("patient.merged", "P2", merge={"prior_ids": [{"system": "mrn", "value": "P1"}]})
    with bench.world.db.read() as unit:
        (one,) = tracing.trace(unit, bench.world, LOT).affected
    assert one.patient_id == patient(bench, "P2").id


def test_whose_lot_is_unknown_is_named_for_the_time(bench: Bench) -> None:
    infused(bench, 1, LOT)
    infused(bench, 2)
    dosed(bench, 3, "DONE")
    dosed(bench, 4)
    dosed(bench, 5, "SKIP")
    shipped(bench, 6, tracking="T6")
    infused(bench, 7, "OTHER-1")
    now = bench.clock.now()
    _, unknown = traced(bench, since=START, until=now)
    assert unknown == {
        "P2": ["administered"],
        "P3": ["logged"],
        "P4": ["logged"],
        "P6": ["dispensed"],
    }
    with bench.world.db.read() as unit:
        found = tracing.trace(unit, bench.world, LOT, START, now).unknown
    assert [gap.certain for one in found for gap in one.gaps] == [True, True, False, True]
    assert traced(bench, since=now + DAY, until=now + 2 * DAY)[1] == {}


def test_without_a_time_it_is_that_of_the_lot_itself(bench: Bench) -> None:
    infused(bench, 2)
    bench.clock.set(bench.clock.now() + DAY)
    infused(bench, 1, LOT)
    infused(bench, 3)
    infused(bench, 4, LOT)
    assert traced(bench)[1] == {"P3": ["administered"]}
    assert traced(bench, "NEVER-1")[1] == {}


def test_a_delivery_whose_lot_is_learnt_later_is_not_unknown(bench: Bench) -> None:
    shipped(bench, 1, tracking="T1")
    assert traced(bench, since=START)[1] == {"P1": ["dispensed"]}
    shipped(bench, 1, LOT, "SECOND-2", kind="delivered", tracking="T1")
    assert traced(bench, since=START) == ({"P1": ["dispensed"]}, {})
    assert traced(bench, "SECOND-2")[0] == {"P1": ["dispensed"]}
    shipped(bench, 1, kind="delivered", tracking="T1")
    assert traced(bench, since=START)[1] == {}


def test_what_is_no_lot_and_a_time_that_runs_backwards_are_refused(bench: Bench) -> None:
    with bench.world.db.read() as unit:
        with pytest.raises(BadInput):
            tracing.trace(unit, bench.world, " - ")
        with pytest.raises(BadInput):
            tracing.trace(unit, bench.world, LOT, START, START - DAY)


# -- recall


def four(bench: Bench) -> None:
    """Two who may be texted, one who opted out, one with no phone."""
    for number in (1, 2, 3, 4):
        infused(bench, number, LOT)
    consent.record_opt_out(bench.world, ChannelKind.SMS, phone(3), source="staff", actor="n")
    bench.event("patient.updated", "P4", patient_={"phones": []})
    bench.to(datetime.fromisoformat("2027-03-09T11:00:00-05:00"))


def recalled(bench: Bench, number: int) -> list[str]:
    return [text for text in bench.sms.texts_to(phone(number)) if "about a past visit" in text]


def test_a_recall_texts_or_calls_everybody_once(bench: Bench) -> None:
    four(bench)
    made = prepared(bench)
    assert (made.new, made.texts, made.calls) == (True, 2, 2)
    bench.run()
    assert not any(recalled(bench, number) for number in (1, 2, 3, 4))  # nobody started it yet
    again = prepared(bench)
    assert (again.token, again.new, again.texts, again.calls) == (made.token, False, 2, 0)
    assert set(calls(bench)) == {"P3", "P4"}
    assert campaign.start(bench.world, made.token, "Dana").new
    assert not campaign.start(bench.world, made.token, "Dana").new
    bench.through(bench.clock.now() + 3 * DAY)
    assert [len(recalled(bench, number)) for number in (1, 2, 3, 4)] == [1, 1, 0, 0]
    assert set(calls(bench)) == {"P3", "P4"}
    assert LOT not in recalled(bench, 1)[0]


def test_whoever_opts_out_before_it_starts_is_called(bench: Bench) -> None:
    four(bench)
    made = prepared(bench)
    consent.record_opt_out(bench.world, ChannelKind.SMS, phone(1), source="staff", actor="n")
    campaign.start(bench.world, made.token, "Dana")
    bench.run()
    assert set(calls(bench)) == {"P1", "P3", "P4"}
    assert recalled(bench, 1) == []


def test_whoever_the_text_does_not_reach_is_called(bench: Bench) -> None:
    four(bench)
    made = prepared(bench)
    bench.sms.answers.append(refuse(30006))
    campaign.start(bench.world, made.token, "Dana")
    bench.through(bench.clock.now() + 4 * DAY)
    called = set(calls(bench)) - {"P3", "P4"}
    assert called in ({"P1"}, {"P2"})


def test_of_whom_the_lot_is_unknown_is_told_unless_staff_leave_them_out(bench: Bench) -> None:
    infused(bench, 1, LOT)
    infused(bench, 2)
    infused(bench, 3, LOT)
    for number in (1, 2, 3):
        consent.record_opt_out(
            bench.world, ChannelKind.SMS, phone(number), source="staff", actor="n"
        )
    assert prepared(bench, token="all").calls == 3
    assert "not known" in calls(bench)["P2"]
    assert prepared(bench, token="known", unknown_too=False).calls == 2


def test_who_is_found_after_it_was_prepared_is_called(bench: Bench) -> None:
    four(bench)
    made = prepared(bench)
    infused(bench, 5, LOT)
    again = prepared(bench)
    assert (again.texts, again.calls, again.token) == (2, 1, made.token)
    assert "P5" in calls(bench)


def test_nobody_tells_the_dead(bench: Bench) -> None:
    infused(bench, 1, LOT)
    infused(bench, 2, LOT)
    bench.event("patient.deceased", "P1")
    made = prepared(bench)
    assert (made.texts, made.calls, made.deceased) == (1, 0, 1)
    assert calls(bench) == {}


def test_a_recall_that_was_cancelled_does_not_start(bench: Bench) -> None:
    four(bench)
    made = prepared(bench)
    campaign.cancel(bench.world, made.token)
    with pytest.raises(BadInput):
        campaign.start(bench.world, made.token, "Dana")
    with bench.world.db.read() as unit:
        row = unit.campaigns.by_token(made.token)
    assert row is not None
    assert row.status is CampaignStatus.CANCELLED


def test_what_cannot_be_prepared_or_started_is_refused(bench: Bench) -> None:
    with pytest.raises(BadInput):
        prepared(bench)  # nobody has it
    infused(bench, 1, LOT)
    with pytest.raises(NotFound):
        recall.prepare(bench.world, recall.Recall(LOT, "campaign_nothing", "Dana", {}))
    with pytest.raises(NotFound):
        campaign.start(bench.world, "nothing", "Dana")
    prepared(bench, token="t")
    infused(bench, 2, "OTHER-1")
    with pytest.raises(BadInput):
        recall.prepare(bench.world, recall.Recall("OTHER-1", "campaign_recall", "D", {}, token="t"))
