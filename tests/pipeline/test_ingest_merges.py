"""Merges whose two records overlap: one phone, one campaign, one opt-out."""

from datetime import timedelta

import pytest

from outreach.domain.states import ChannelKind, TouchpointStatus
from outreach.pipeline import campaign, consent
from tests.pipeline.rows import VISIT, kinds, patient, settled_as
from tests.pipeline.test_ingest_patients import OTHER, active, merge, opted_out
from tests.worlds import PHONE, Bench


def launch(bench: Bench) -> None:
    campaign.launch(
        bench.world,
        campaign.Launch("t", "hours", "campaign_hours", "n", {"when": "now", "hours": "9"}),
    )


def ended(bench: Bench) -> list[tuple[str, str | None]]:
    """How each touchpoint stands, with its reason."""
    with bench.world.db.read() as unit:
        return sorted((row.status.value, row.reason) for row in unit.ledger.everything())


def two_records(bench: Bench, old_phone: str = PHONE, new_phone: str = OTHER) -> None:
    for name, phone in (("OLD", old_phone), ("NEW", new_phone)):
        bench.event("patient.updated", name, patient_={"phone": phone})


def test_of_two_touchpoints_of_one_campaign_the_prior_records_ends(bench: Bench) -> None:
    two_records(bench)
    launch(bench)
    merge(bench, "OLD", "NEW")
    assert settled_as(bench)[-1] == "applied"
    assert ended(bench) == [("planned", None), ("skipped", "duplicate")]
    bench.run()
    with bench.world.db.read() as unit:
        rows = unit.ledger.of_patient(patient(bench, "NEW").id)
    assert len(rows) == 1


def test_a_campaign_that_reached_the_prior_record_does_not_reach_the_survivor_again(
    bench: Bench,
) -> None:
    two_records(bench)
    launch(bench)
    with bench.world.db.write() as unit:
        (row,) = unit.ledger.of_patient(patient(bench, "OLD").id)
        unit.ledger.touchpoints([row.id])[row.id].status = TouchpointStatus.SENT
    merge(bench, "OLD", "NEW")
    assert settled_as(bench)[-1] == "applied"
    assert ended(bench) == [("sent", None), ("skipped", "duplicate")]


@pytest.mark.parametrize("listed", [True, False])
def test_a_phone_of_both_records_stays_once_and_works_if_either_listed_it(
    bench: Bench, *, listed: bool
) -> None:
    two_records(bench, PHONE, PHONE)
    if not listed:
        bench.event("patient.updated", "NEW", patient_={"phone": OTHER})
    merge(bench, "OLD", "NEW")
    assert active(bench, "NEW") == ([PHONE] if listed else [OTHER, PHONE])
    bench.says("chest pain", sender=PHONE)
    with bench.world.db.read() as unit:
        (item,) = unit.followups.of_patient(patient(bench, "NEW").id)
    assert item.kind == "red_flag"


def test_an_opt_out_of_an_address_the_survivor_no_longer_has_is_kept_too(bench: Bench) -> None:
    bench.book(VISIT, patient="NEW", phone=OTHER)
    consent.record_opt_out(bench.world, ChannelKind.SMS, OTHER, source="staff", actor="n")
    bench.event("patient.updated", "NEW", patient_={"phone": "+12025550125"})
    bench.event("patient.updated", "OLD", patient_={"phone": PHONE})
    merge(bench, "OLD", "NEW")
    assert opted_out(bench, PHONE)
    assert opted_out(bench, "+12025550125")
    assert "confirm_preference" in kinds(bench)
    bench.to(VISIT - timedelta(days=7))
    assert bench.sms.texts_to(PHONE) == []
