"""Who: demographics, addresses, merges, and the end or the pause of outreach."""

import json
from datetime import timedelta
from typing import Any

import pytest

from outreach.domain.errors import BadInput
from outreach.domain.events import EventKind, Identifier, PatientData, SchedulingEvent
from outreach.domain.states import ChannelKind
from outreach.pipeline import campaign, consent
from outreach.pipeline.ingest import apply_event
from outreach.storage.models import ContactStatus
from tests.pipeline.rows import VISIT, kinds, message, patient, settled_as, touchpoint
from tests.worlds import PHONE, START, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OTHER = "+12025550124"


def ids(*names: str) -> dict[str, object]:
    return {"ids": [{"system": "mrn", "value": name} for name in names]}


def merge(bench: Bench, prior: str, survivor: str, **rest: Any) -> None:
    bench.event("patient.merged", survivor, prior_ids=ids(prior)["ids"], **rest)


def active(bench: Bench, name: str = "P1") -> list[str]:
    with bench.world.db.read() as unit:
        key = patient(bench, name).id
        return [row.address for row in unit.people.contacts_of([key])[key]]


def opted_out(bench: Bench, address: str) -> bool:
    from outreach.storage.repositories.people import address_index

    index = address_index(ChannelKind.SMS, address)
    with bench.world.db.read() as unit:
        return unit.people.consent_of([index])[index].opted_out


def test_what_an_event_says_of_a_patient_is_kept(bench: Bench) -> None:
    bench.event(
        "patient.updated",
        patient_={"given": "Robin", "family": "Testcase", "language": "es-US", "phone": PHONE},
    )
    row = patient(bench)
    assert (row.given, row.family, row.language) == ("Robin", "Testcase", "es")
    assert active(bench) == [PHONE]


def test_silence_changes_nothing(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"given": "Robin", "phone": PHONE})
    bench.event("patient.updated", patient_={"family": "Testcase"})
    assert patient(bench).given == "Robin"
    assert active(bench) == [PHONE]


def test_older_demographics_are_not_applied(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE})
    bench.event(
        "patient.updated", patient_={"phone": OTHER}, occurred_at=(START - HOUR).isoformat()
    )
    assert active(bench) == [PHONE]


def test_an_event_that_says_nothing_of_a_person_does_not_age_what_others_say(
    bench: Bench,
) -> None:
    bench.event("appointment.cancelled", appointment={"ids": [{"system": "visit", "value": "A1"}]})
    bench.event(
        "patient.updated", patient_={"phone": PHONE}, occurred_at=(START - HOUR).isoformat()
    )
    assert active(bench) == [PHONE]


def test_a_number_that_is_no_longer_listed_is_no_longer_texted(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("patient.updated", patient_={"phone": OTHER})
    bench.to(VISIT - 7 * DAY)
    assert bench.sms.texts_to(PHONE) == []
    assert len(bench.sms.texts_to(OTHER)) == 1


def test_a_number_that_comes_back_is_texted_again(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("patient.updated", patient_={"phone": OTHER})
    bench.event("patient.updated", patient_={"phone": PHONE})
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.texts_to(PHONE)) == 1


def test_a_number_that_the_provider_called_invalid_stays_so(bench: Bench) -> None:
    from outreach.storage.repositories.people import address_index

    bench.book(VISIT)
    with bench.world.db.write() as unit:
        unit.people.mark_contacts(address_index(ChannelKind.SMS, PHONE), ContactStatus.INVALID)
    bench.event("patient.updated", patient_={"phone": PHONE})
    assert active(bench) == []


def test_a_landline_and_nonsense_are_not_texted(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": "12"})
    assert active(bench) == []


def test_identifiers_of_two_patients_go_to_quarantine(bench: Bench) -> None:
    bench.event("patient.updated", "P1")
    bench.event("patient.updated", "P2")
    bench.event("patient.updated", "P1", patient_=ids("P1", "P2"))
    assert settled_as(bench)[-1] == "quarantined:ambiguous_patient"


def test_the_dead_are_never_texted(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("patient.deceased")
    bench.event("patient.deceased")
    bench.to(VISIT)
    assert bench.sms.sent == []
    assert set(bench.outcomes().values()) == {"skipped:deceased"}
    assert kinds(bench) == ["deceased"]


def test_a_flag_in_demographics_is_a_death_too_even_an_old_one(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event(
        "patient.updated", patient_={"deceased": True}, occurred_at=(START - DAY).isoformat()
    )
    assert set(bench.outcomes().values()) == {"skipped:deceased"}


def test_what_is_booked_for_the_dead_is_skipped(bench: Bench) -> None:
    bench.event("patient.deceased", patient_={"phone": PHONE})
    bench.book(VISIT)
    bench.to(VISIT)
    assert bench.sms.sent == []


def test_admission_pauses_and_discharge_asks_a_nurse(bench: Bench) -> None:
    bench.book(VISIT)
    bench.event("patient.admitted")
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "skipped:paused"
    bench.event("patient.discharged")
    assert kinds(bench) == ["resume_outreach"]
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "skipped:paused"
    assert bench.sms.texts_to(PHONE) == []


def test_a_merge_moves_the_whole_history(bench: Bench) -> None:
    bench.book(VISIT, patient="OLD", phone=PHONE)
    bench.to(VISIT - 7 * DAY)
    bench.says("C")
    bench.event("patient.updated", "NEW", patient_={"phone": PHONE, "given": "Robin"})
    merge(bench, "OLD", "NEW")
    survivor = patient(bench, "NEW")
    assert patient(bench, "OLD").id == survivor.id
    with bench.world.db.read() as unit:
        assert len(unit.visits.appointments_of(survivor.id)) == 1
        assert len(unit.ledger.of_patient(survivor.id)) == 4
        assert [row.body for row in unit.replies.of_patient(survivor.id)] == ["C"]
        assert len(unit.messages.of_patient(survivor.id)) >= 1
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes("NEW")["d3"] == "sent"


def test_a_merge_unites_opt_outs(bench: Bench) -> None:
    bench.book(VISIT, patient="NEW", phone=OTHER)
    bench.event("patient.updated", "OLD", patient_={"phone": PHONE})
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")
    merge(bench, "OLD", "NEW")
    assert opted_out(bench, OTHER)
    assert "confirm_preference" in kinds(bench)
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes("NEW")["d7"] == "skipped:opted_out"


def test_a_stop_from_a_number_since_removed_survives_the_merge(bench: Bench) -> None:
    bench.book(VISIT, patient="NEW", phone=OTHER)
    bench.event("patient.updated", "OLD", patient_={"phone": PHONE})
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")
    bench.event("patient.updated", "OLD", patient_={"phone": "+12025550125"})
    merge(bench, "OLD", "NEW")
    assert opted_out(bench, OTHER)


def test_the_phone_of_the_record_that_ended_still_belongs_to_its_patient(bench: Bench) -> None:
    bench.event("patient.updated", "OLD", patient_={"phone": PHONE})
    bench.event("patient.updated", "NEW", patient_={"phone": OTHER})
    merge(bench, "OLD", "NEW")
    bench.says("chest pain", sender=PHONE)
    with bench.world.db.read() as unit:
        items = unit.followups.of_patient(patient(bench, "NEW").id)
    assert [item.kind for item in items] == ["confirm_preference", "red_flag"]
    assert active(bench, "NEW") == [OTHER, PHONE]


def test_a_record_merged_into_itself_goes_to_quarantine_and_changes_nothing(bench: Bench) -> None:
    bench.event("patient.updated", "P1", patient_={"given": "Robin"})
    merge(bench, "P1", "P1", patient_={"given": "Other"})
    assert settled_as(bench)[-1] == "quarantined:invariant"
    assert patient(bench).given == "Robin"


def test_ingest_itself_refuses_a_merge_of_one_record(bench: Bench) -> None:
    event = SchedulingEvent(
        "test",
        "e",
        EventKind.PATIENT_MERGED,
        START,
        PatientData((Identifier("mrn", "P1"),)),
        prior_identifiers=(Identifier("mrn", "P1"),),
    )
    with bench.world.db.write() as unit, pytest.raises(BadInput) as refused:
        apply_event(unit, bench.world, event)
    assert refused.value.code == "self_merge"
    with bench.world.db.read() as unit:
        assert unit.people.everyone() == []


def test_a_merge_that_is_told_again_has_no_effect(bench: Bench) -> None:
    bench.book(VISIT, patient="OLD")
    merge(bench, "OLD", "NEW")
    merge(bench, "OLD", "NEW")
    assert settled_as(bench)[-1] == "applied"
    assert len(bench.outcomes("NEW")) == 4


def test_chains_of_merges_lead_to_the_last_record(bench: Bench) -> None:
    bench.book(VISIT, patient="A")
    merge(bench, "A", "B")
    merge(bench, "B", "C")
    assert patient(bench, "A").id == patient(bench, "C").id
    bench.book(VISIT + DAY, patient="A", visit="A2")
    with bench.world.db.read() as unit:
        assert len(unit.visits.appointments_of(patient(bench, "C").id)) == 2


def test_a_merge_of_an_unknown_record_keeps_its_name_for_the_survivor(bench: Bench) -> None:
    merge(bench, "GHOST", "P1")
    bench.book(VISIT, patient="GHOST")
    assert patient(bench, "GHOST").id == patient(bench, "P1").id


def test_two_records_of_one_campaign_can_be_merged(bench: Bench) -> None:
    for name, phone in (("OLD", PHONE), ("NEW", OTHER)):
        bench.event("patient.updated", name, patient_={"phone": phone})
    campaign.launch(
        bench.world,
        campaign.Launch("t", "hours", "campaign_hours", "n", {"when": "now", "hours": "9"}),
    )
    merge(bench, "OLD", "NEW")
    assert settled_as(bench)[-1] == "applied"
    bench.run()
    with bench.world.db.read() as unit:
        ended = sorted(str(row.reason) for row in unit.ledger.everything())
    assert ended == ["duplicate", "no_consent"]


def test_a_text_on_its_way_to_a_number_that_was_just_removed_is_stopped(bench: Bench) -> None:
    from outreach.pipeline import due

    bench.book(VISIT)
    bench.clock.set(VISIT - 7 * DAY)
    due.drain(bench.world)
    bench.event("patient.updated", patient_={"phone": OTHER})
    bench.run()
    assert bench.sms.texts_to(PHONE) == []
    assert (message(bench, "d7").status, touchpoint(bench, "d7").reason) == (
        "skipped",
        "no_address",
    )


def test_news_of_supply_and_insurance_is_work_for_staff_once(bench: Bench) -> None:
    bench.event("shipment.delayed", patient_={"phone": PHONE})
    bench.event("authorization.denied")
    bench.event("shipment.sent")
    assert kinds(bench) == ["shipment_delayed", "authorization_denied"]
    assert settled_as(bench)[-1] == "ignored"


def batch(*values: dict[str, object]) -> bytes:
    return json.dumps(
        [{"source": "test", "occurred_at": START.isoformat(), **v} for v in values]
    ).encode()


def named(*names: str, **rest: object) -> dict[str, object]:
    return {"type": "patient.updated", "id": "-".join(names), "patient": {**ids(*names), **rest}}


def test_one_bad_item_of_a_batch_does_not_stop_the_others(bench: Bench) -> None:
    raw = batch(
        named("P1"),
        named("P2"),
        named("P1", "P2"),
        {"type": "no.such.thing", "id": "x", "patient": ids("P3")},
        named("P4"),
    )
    bench.arrive(raw, "application/json")
    assert sorted(settled_as(bench)) == sorted(
        [
            "split",
            "applied",
            "applied",
            "quarantined:ambiguous_patient",
            next(
                word
                for word in settled_as(bench)
                if word not in {"split", "applied"} and "ambiguous" not in word
            ),
            "applied",
        ]
    )
    assert patient(bench, "P4") is not None


def test_an_item_this_program_fails_on_does_not_stop_the_others(bench: Bench) -> None:
    raw = batch(
        named("P1"), named("P2", phone="+12025550124", zone="Nowhere/" + "x" * 90), named("P3")
    )
    bench.arrive(raw, "application/json")
    with bench.world.db.read() as unit:
        assert unit.people.named_by([Identifier("mrn", "P3")])
    assert settled_as(bench).count("applied") >= 2


def test_the_same_batch_under_another_name_does_not_fail(bench: Bench) -> None:
    from outreach.pipeline import arrive, ingest

    raw = batch(named("P1"), named("P2"))
    for name in ("first", "second"):
        arrive.arrive(
            bench.world, raw, source="test", content_type="application/json", event_id=name
        )
    ingest.drain(bench.world)
    assert sorted(settled_as(bench)) == ["applied"] * 4 + ["split"] * 2


def test_a_failure_in_a_decision_is_kept_and_the_queue_goes_on(
    bench: Bench, monkeypatch: Any
) -> None:
    from outreach.pipeline.ingest import visits

    def fail(*_: object, **__: object) -> bool:
        raise RuntimeError("chance")

    with monkeypatch.context() as patch:
        patch.setattr(visits, "apply", fail)
        bench.book(VISIT)
    bench.event("patient.updated", "P2")
    assert settled_as(bench) == ["quarantined:internal", "applied"]
