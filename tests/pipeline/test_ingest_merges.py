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
        items = unit.followups.of_patient(patient(bench, "NEW").id)
    assert [item.kind for item in items if item.kind != "confirm_preference"] == ["red_flag"]


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


# -- what can no longer be texted

DAY = timedelta(days=1)


def stop(bench: Bench, phone: str = PHONE) -> None:
    consent.record_opt_out(bench.world, ChannelKind.SMS, phone, source="reply", actor="patient")


def calls(bench: Bench, name: str = "NEW") -> list[str]:
    with bench.world.db.read() as unit:
        items = unit.followups.of_patient(patient(bench, name).id)
    return [item.summary for item in items if item.kind == "call_patient"]


def doses(bench: Bench, name: str, phone: str) -> None:
    dates = [(VISIT + number * DAY).isoformat() for number in range(3)]
    regimen = {"ids": [{"system": "rx", "value": name}], "dose_dates": dates}
    bench.event("regimen.prescribed", name, patient_={"phone": phone}, regimen=regimen)


@pytest.mark.parametrize("booked", ["OLD", "NEW"])
def test_a_visit_that_can_no_longer_be_texted_is_one_call_at_once(
    bench: Bench, booked: str
) -> None:
    two_records(bench)
    bench.book(VISIT, patient=booked, phone=PHONE if booked == "OLD" else OTHER)
    stop(bench, OTHER if booked == "OLD" else PHONE)  # at the other record
    merge(bench, "OLD", "NEW")
    (call,) = calls(bench)
    assert "about the visit to come" in call
    assert "confirm_preference" in kinds(bench)
    bench.through(VISIT)
    assert bench.sms.texts_to(PHONE) == bench.sms.texts_to(OTHER) == []
    assert bench.outcomes("NEW")["d1"] == "skipped:opted_out"
    assert len(calls(bench)) == 1


def test_who_had_stopped_the_texts_about_a_visit_before_the_merge_is_not_called(
    bench: Bench,
) -> None:
    two_records(bench)
    bench.book(VISIT, patient="OLD", phone=PHONE)
    stop(bench, PHONE)
    merge(bench, "OLD", "NEW")
    assert calls(bench) == []


def test_without_an_opt_out_everything_goes_on_and_nobody_is_called(bench: Bench) -> None:
    two_records(bench)
    bench.book(VISIT, patient="OLD", phone=PHONE)
    merge(bench, "OLD", "NEW")
    assert calls(bench) == []
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.texts_to(OTHER)) == 1


def test_a_schedule_of_home_doses_is_one_call(bench: Bench) -> None:
    two_records(bench)
    doses(bench, "OLD", PHONE)
    stop(bench, OTHER)
    merge(bench, "OLD", "NEW")
    (call,) = calls(bench)
    assert "home doses" in call


def test_a_check_in_becomes_its_own_call_when_it_is_due(bench: Bench) -> None:
    two_records(bench)
    bench.book(VISIT, patient="OLD", phone=PHONE)
    bench.through(VISIT + timedelta(hours=4))
    bench.event(
        "infusion.completed",
        "OLD",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": (VISIT + timedelta(hours=4)).isoformat(),
        },
    )
    stop(bench, OTHER)
    merge(bench, "OLD", "NEW")
    assert calls(bench) == []
    bench.through(VISIT + timedelta(hours=29))
    assert ["h24" in call for call in calls(bench)] == [True]


def test_an_opt_out_from_emails_says_nothing_of_texts(bench: Bench) -> None:
    two_records(bench)
    bench.event("patient.updated", "OLD", patient_={"phone": PHONE, "email": "robin@example.org"})
    consent.record_opt_out(
        bench.world, ChannelKind.EMAIL, "robin@example.org", source="link", actor="patient"
    )
    bench.book(VISIT, patient="NEW", phone=OTHER)
    merge(bench, "OLD", "NEW")
    assert not opted_out(bench, OTHER)
    assert calls(bench) == []
    assert "confirm_preference" in kinds(bench)


# -- what the two records say of the person


def test_what_the_survivor_does_not_say_is_as_the_prior_record_said_it(bench: Bench) -> None:
    bench.event(
        "patient.updated", "OLD", patient_={"phone": PHONE, "language": "es", "given": "Luz"}
    )
    bench.event("patient.updated", "NEW", patient_={"given": "Lucia"})
    merge(bench, "OLD", "NEW")
    survivor = patient(bench, "NEW")
    assert (survivor.language, survivor.given) == ("es", "Lucia")


@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        ({"phone": PHONE}, {"phone": PHONE}, []),
        ({"phone": PHONE}, {}, []),
        ({"phone": PHONE, "language": "es"}, {"phone": PHONE}, []),
        ({"phone": PHONE, "language": "es"}, {"phone": PHONE, "language": "en"}, ["language"]),
        ({"phone": PHONE}, {"phone": OTHER}, ["phone"]),
        ({"email": "a@example.org"}, {"email": "b@example.org"}, ["mailbox"]),
    ],
)
def test_staff_are_asked_where_the_records_do_not_say_the_same(
    bench: Bench, old: dict[str, str], new: dict[str, str], asked: list[str]
) -> None:
    bench.event("patient.updated", "OLD", patient_=old)
    bench.event("patient.updated", "NEW", patient_=new)
    merge(bench, "OLD", "NEW")
    with bench.world.db.read() as unit:
        items = unit.followups.of_patient(patient(bench, "NEW").id)
    said = [item.summary for item in items if item.kind == "confirm_preference"]
    assert len(said) == len(asked)
    assert all(word in text for word, text in zip(asked, said, strict=True))
