"""Who is written to: children and their parents, the hand-over, permissions, wishes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outreach.domain.errors import BadInput, NotFound
from outreach.domain.events import ContactRole, Identifier
from outreach.domain.people import PeopleRules
from outreach.domain.states import ChannelKind, MessageStatus
from outreach.pipeline import due, send
from outreach.pipeline.people import permit
from outreach.storage.models import FollowUp
from tests.pipeline.rows import VISIT, kinds, message, messages, patient, touchpoint, work
from tests.worlds import START, Bench

DAY = timedelta(days=1)
OWN, MOTHER, OTHER = "+12025550123", "+12025550140", "+12025550141"
CHILD = "2015-05-05"
BIRTHDAY = datetime(2027, 3, 10, 5, tzinfo=UTC)
"""Midnight in New York, of the day of ``VISIT``."""
NEARLY_GROWN = "2009-03-10"
BOTH = [{"value": MOTHER, "role": "parent"}, {"value": OWN}]


def book(bench: Bench, birth: str | None = CHILD, phones: Any = None, **rest: Any) -> None:
    person = {"phones": BOTH if phones is None else phones, **rest.pop("person", {})}
    if birth is not None:
        person["birth_date"] = birth
    bench.book(rest.pop("start", VISIT), phone=None, patient_=person, **rest)


def item(bench: Bench, kind: str) -> FollowUp:
    (found,) = (row for row in work(bench) if row.kind == kind)
    return found


def test_a_child_s_texts_go_to_a_parent_and_name_nobody(bench: Bench) -> None:
    book(bench)
    bench.to(VISIT - 7 * DAY)
    (text,) = bench.sms.texts_to(MOTHER)
    assert "Robin" not in text
    assert bench.sms.texts_to(OWN) == []
    assert message(bench, "d7").to_whom == (
        "To the patient's parent: the patient is a minor (45 CFR 164.502(g)(3))."
    )


def test_a_check_in_asks_a_parent_after_somebody_else(bench: Bench) -> None:
    book(bench, start=START + timedelta(hours=1))
    bench.to(START + timedelta(hours=5))
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": bench.clock.now().isoformat(),
        },
    )
    bench.to(START + timedelta(hours=29))
    assert "How does the person you care for feel" in bench.sms.texts_to(MOTHER)[-1]
    bench.says("3", sender=MOTHER)
    assert item(bench, "red_flag").patient_id == patient(bench).id


def test_a_child_alone_is_called_and_never_texted(bench: Bench) -> None:
    book(bench, phones=[{"value": OWN}])
    bench.to(VISIT - 7 * DAY)
    assert messages(bench) == []
    assert bench.outcomes()["d7"] == "skipped:no_address"
    call = item(bench, "call_patient")
    assert "minor" in call.summary
    assert "before" in call.summary
    assert touchpoint(bench, "d7").note.endswith("Rule: policy.yaml people.")


def test_a_clinic_may_text_the_number_in_the_child_s_own_record(bench: Bench) -> None:
    last = replace(bench.world.policy, people=PeopleRules(minors_own_last=True))
    bench.world = replace(bench.world, policy=last)
    book(bench, phones=[{"value": OWN}])
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.texts_to(OWN)) == 1


def test_a_number_that_a_child_s_record_gives_as_theirs_and_the_mother_s_is_hers(
    bench: Bench,
) -> None:
    book(bench, phones=[{"value": OWN}, {"value": "202-555-0123", "role": "parent"}])
    bench.to(VISIT - 7 * DAY)
    (text,) = bench.sms.texts_to(OWN)
    assert "Robin" not in text
    assert message(bench, "d7").to_whom is not None
    assert "parent" in (message(bench, "d7").to_whom or "")


def test_a_number_that_an_adult_s_record_gives_as_theirs_and_the_mother_s_is_theirs(
    bench: Bench,
) -> None:
    book(bench, "1980-01-01", phones=[{"value": OWN, "role": "parent"}, {"value": OWN}])
    bench.to(VISIT - 7 * DAY)
    assert message(bench, "d7").to_whom == "To the patient: it is the patient's own address."


@pytest.mark.parametrize("birth", ["1980-01-01", None])
def test_nobody_else_hears_of_an_adult_unless_the_patient_permits_it(
    bench: Bench, birth: str | None
) -> None:
    daughter = {"value": OTHER, "role": "caregiver"}
    book(bench, birth, phones=[daughter])
    bench.to(VISIT - 7 * DAY)
    assert messages(bench) == []
    assert "no permission" in item(bench, "call_patient").summary
    permit.permit(bench.world, patient(bench).id, ChannelKind.SMS, OTHER, by="Dana")
    bench.to(VISIT - 3 * DAY)
    assert len(bench.sms.texts_to(OTHER)) == 1
    permit.withdraw(bench.world, patient(bench).id, ChannelKind.SMS, OTHER, by="Dana")
    book(bench, birth, phones=[{**daughter, "permitted": True}])
    bench.to(VISIT - DAY)
    assert len(bench.sms.texts_to(OTHER)) == 1  # the word of staff stands


def test_a_permission_in_the_record_counts_and_so_does_its_end(bench: Bench) -> None:
    daughter = {"value": OTHER, "role": "caregiver", "permitted": True}
    book(bench, None, phones=[daughter])
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.texts_to(OTHER)) == 1
    book(bench, None, phones=[{**daughter, "permitted": False}])
    bench.to(VISIT - 3 * DAY)
    assert bench.outcomes()["d3"] == "skipped:no_address"


def test_the_patient_s_own_number_comes_first_unless_they_wish_otherwise(bench: Bench) -> None:
    daughter = {"value": OTHER, "role": "caregiver", "permitted": True}
    book(bench, None, phones=[daughter, {"value": OWN}])
    bench.to(VISIT - 7 * DAY)
    assert (len(bench.sms.texts_to(OWN)), len(bench.sms.texts_to(OTHER))) == (1, 0)
    book(bench, None, phones=[{"value": OWN}, {**daughter, "preferred": True}])
    bench.to(VISIT - 3 * DAY)
    assert (len(bench.sms.texts_to(OWN)), len(bench.sms.texts_to(OTHER))) == (1, 1)


def test_an_excluded_parent_of_a_child_is_left_out(bench: Bench) -> None:
    parents = [{"value": OTHER, "role": "parent"}, {"value": MOTHER, "role": "parent"}]
    book(bench, phones=parents)
    permit.withdraw(bench.world, patient(bench).id, ChannelKind.SMS, OTHER, by="Dana")
    bench.to(VISIT - 7 * DAY)
    assert bench.sms.texts_to(OTHER) == []
    assert len(bench.sms.texts_to(MOTHER)) == 1


def test_whom_staff_recorded_stays_though_the_system_does_not_list_them(bench: Bench) -> None:
    book(bench, "1980-01-01", phones=[])
    world, who = bench.world, patient(bench).id
    with pytest.raises(NotFound, match="--role"):
        permit.permit(world, who, ChannelKind.SMS, OTHER, by="Dana")
    role = ContactRole.CAREGIVER
    permit.permit(world, who, ChannelKind.SMS, OTHER, by="Dana", role=role)
    book(bench, "1980-01-01", phones=[])
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.texts_to(OTHER)) == 1
    with pytest.raises(NotFound):
        permit.withdraw(world, who, ChannelKind.SMS, MOTHER, by="Dana")


def test_the_patient_s_own_number_needs_no_permission(bench: Bench) -> None:
    book(bench, "1980-01-01", phones=[{"value": OWN}])
    for word in (permit.permit, permit.withdraw):
        with pytest.raises(BadInput, match="patient's own"):
            word(bench.world, patient(bench).id, ChannelKind.SMS, OWN, by="Dana")


# -- the hand-over


def test_staff_prepare_the_hand_over_once_and_from_the_birthday_on_the_patient_is_written_to(
    bench: Bench,
) -> None:
    visit = BIRTHDAY + timedelta(days=2, hours=10)  # 10:00 two days after
    book(bench, NEARLY_GROWN, start=visit)
    bench.run()
    found = item(bench, "hand_over")
    assert (found.priority, found.patient_id) == ("routine", patient(bench).id)
    assert "No address of the patient's own" not in found.summary
    assert patient(bench).look_at is None
    bench.to(visit - 7 * DAY)
    book(bench, NEARLY_GROWN, start=visit)
    bench.to(visit - 3 * DAY)
    assert bench.sms.texts_to(OWN) == []
    assert len(bench.sms.texts_to(MOTHER)) == 2
    bench.to(visit - DAY)  # planned before the birthday, due after it
    assert len(bench.sms.texts_to(OWN)) == 1
    assert len(bench.sms.texts_to(MOTHER)) == 2
    assert kinds(bench) == ["hand_over"]


def test_the_hand_over_is_asked_for_so_many_days_before_also_of_quiet_patients(
    bench: Bench,
) -> None:
    birth = (START + 60 * DAY).date().replace(year=2009)  # 2027-04-30
    bench.event("patient.updated", patient_={"birth_date": birth.isoformat(), "phones": BOTH[:1]})
    bench.through(START + 29 * DAY)
    assert "hand_over" not in kinds(bench)
    bench.through(START + 61 * DAY)
    found = item(bench, "hand_over")
    assert found.created_at == datetime(2027, 3, 31, 12, tzinfo=UTC)  # 08:00 of the 30th day before
    assert "No address of the patient's own" in found.summary


def test_a_hand_over_that_fell_into_an_outage_is_asked_for_all_the_same(bench: Bench) -> None:
    birth = (START + 60 * DAY).date().replace(year=2009)
    bench.event("patient.updated", patient_={"birth_date": birth.isoformat(), "phones": BOTH})
    bench.clock.set(START + 90 * DAY)
    book(bench, birth.isoformat(), start=START + 100 * DAY)
    bench.run()
    assert "hand_over" in kinds(bench)


def test_grown_patients_have_no_hand_over(bench: Bench) -> None:
    book(bench, "1980-01-01")
    bench.through(START + 40 * DAY)
    assert patient(bench).look_at is None
    assert "hand_over" not in kinds(bench)


def test_a_parent_s_number_alone_becomes_a_call_from_the_birthday_on(bench: Bench) -> None:
    visit = BIRTHDAY + timedelta(days=2, hours=10)
    book(bench, NEARLY_GROWN, phones=BOTH[:1], start=visit)
    bench.to(visit - 3 * DAY)
    assert len(bench.sms.texts_to(MOTHER)) == 1
    bench.to(visit - DAY)
    assert len(bench.sms.texts_to(MOTHER)) == 1
    assert bench.outcomes()["d1"] == "skipped:no_address"
    assert "no permission" in item(bench, "call_patient").summary


def test_what_is_permitted_during_the_hand_over_holds_and_what_was_before_does_not(
    bench: Bench,
) -> None:
    visit = BIRTHDAY + timedelta(days=40, hours=9)
    long_before = {**BOTH[0], "permitted": True}
    bench.clock.set(START - 100 * DAY)
    book(bench, NEARLY_GROWN, phones=[long_before], start=visit)
    bench.clock.set(START)
    book(bench, NEARLY_GROWN, phones=[long_before], start=visit)  # it only repeats itself
    bench.to(visit - 7 * DAY)
    assert bench.outcomes()["d7"] == "skipped:no_address"
    permit.permit(bench.world, patient(bench).id, ChannelKind.SMS, MOTHER, by="Dana")
    bench.to(visit - 3 * DAY)
    assert len(bench.sms.texts_to(MOTHER)) == 1


def test_the_family_s_phone_does_not_become_the_patient_s_own_by_a_birthday(bench: Bench) -> None:
    visit = BIRTHDAY + timedelta(days=10, hours=10)
    book(bench, NEARLY_GROWN, phones=[{"value": MOTHER}, BOTH[0]], start=visit)
    bench.to(BIRTHDAY + timedelta(hours=12))
    book(bench, NEARLY_GROWN, phones=[{"value": MOTHER}], start=visit)  # as HL7 lists an adult
    bench.to(visit - 6 * DAY)
    assert bench.sms.texts_to(MOTHER) == []
    assert bench.outcomes()["d7"] == "skipped:no_address"
    permit.permit(bench.world, patient(bench).id, ChannelKind.SMS, MOTHER, by="Dana")
    bench.to(visit - 3 * DAY)
    assert len(bench.sms.texts_to(MOTHER)) == 1


def test_a_child_the_program_fails_on_does_not_hold_up_the_others(bench: Bench) -> None:
    for name in ("P1", "P2"):
        bench.event("patient.updated", name, patient_={"birth_date": NEARLY_GROWN, "phones": BOTH})
    with bench.world.db.write() as unit:
        patient_row = unit.people.patient(patient(bench, "P1").id)
        assert patient_row is not None
        patient_row.birth_date = "not a date"
    bench.run()
    assert sorted(kinds(bench)) == ["hand_over", "operator"]
    assert item(bench, "hand_over").patient_id == patient(bench, "P2").id


def test_a_text_that_waits_over_the_birthday_does_not_reach_the_parent(bench: Bench) -> None:
    visit = BIRTHDAY + timedelta(hours=19)
    book(bench, NEARLY_GROWN, start=visit)
    bench.clock.set(BIRTHDAY - timedelta(hours=4))  # 20:00
    due.drain(bench.world)
    queued = [row for row in messages(bench) if row.status is MessageStatus.QUEUED]
    assert queued
    bench.clock.set(BIRTHDAY + timedelta(hours=9))
    bench.machine.advance(timedelta(hours=13))
    send.drain(bench.world)
    assert bench.sms.texts_to(MOTHER) == []
    held = [row for row in messages(bench) if row.id in {one.id for one in queued}]
    assert {row.reason for row in held} == {"no_address"}
    assert "call_patient" in kinds(bench)


def test_a_check_in_that_waits_over_the_birthday_becomes_a_call(bench: Bench) -> None:
    book(bench, NEARLY_GROWN, start=BIRTHDAY - timedelta(hours=35))
    bench.to(BIRTHDAY - timedelta(hours=28))
    bench.event(
        "infusion.completed",
        appointment={
            "ids": [{"system": "visit", "value": "A1"}],
            "actual_end": (BIRTHDAY - timedelta(hours=28)).isoformat(),
        },
    )
    bench.clock.set(BIRTHDAY - timedelta(hours=4))
    due.drain(bench.world)
    assert message(bench, "h24").status is MessageStatus.QUEUED
    bench.clock.set(BIRTHDAY + timedelta(hours=9))
    bench.machine.advance(timedelta(hours=13))
    send.drain(bench.world)
    assert bench.outcomes()["h24"] == "skipped:no_address"
    assert "h24" in item(bench, "call_patient").summary


def test_home_doses_of_who_came_of_age_without_a_number_are_called(bench: Bench) -> None:
    at = BIRTHDAY + timedelta(hours=15)
    bench.event(
        "regimen.prescribed",
        patient_={"birth_date": NEARLY_GROWN, "phones": BOTH[:1]},
        regimen={"ids": [{"system": "rx", "value": "R1"}], "dose_dates": [at.isoformat()]},
    )
    bench.to(at)
    assert bench.outcomes()["dose"] == "skipped:no_address"
    assert "dose" in item(bench, "call_patient").summary


def test_a_merge_keeps_the_child_a_child(bench: Bench) -> None:
    bench.event("patient.updated", "P2", patient_={"birth_date": CHILD, "phones": BOTH[:1]})
    book(bench, None, phones=[{"value": OWN}])
    bench.event("patient.merged", "P1", merge={"prior_ids": [{"system": "mrn", "value": "P2"}]})
    bench.to(VISIT - 7 * DAY)
    with bench.world.db.read() as unit:
        (survivor,) = unit.people.named_by([Identifier("mrn", "P2")])
        assert survivor.birth_date == CHILD
        assert survivor.look_at is not None
    assert len(bench.sms.texts_to(MOTHER)) == 1
    assert bench.sms.texts_to(OWN) == []


def test_a_merge_takes_permissions_along(bench: Bench) -> None:
    daughter = {"value": OTHER, "role": "caregiver", "permitted": True}
    bench.event("patient.updated", "P2", patient_={"phones": [daughter]})
    book(bench, None, phones=[])
    bench.event("patient.merged", "P1", merge={"prior_ids": [{"system": "mrn", "value": "P2"}]})
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.texts_to(OTHER)) == 1


def test_an_email_goes_beside_a_text_to_the_same_reader_alone(bench: Bench) -> None:
    daughter = {"value": "daughter@mail.example", "role": "caregiver", "permitted": True}
    book(bench, None, phones=[{"value": OWN}], person={"emails": [daughter]})
    bench.to(VISIT - 7 * DAY)
    assert len(bench.sms.texts_to(OWN)) == 1
    assert bench.email.texts_to("daughter@mail.example") == []
