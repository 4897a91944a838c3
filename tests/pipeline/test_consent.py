"""Consent that staff, a provider or an import reports."""

import pytest

from outreach.domain.consent import ConsentScope
from outreach.domain.errors import BadInput
from outreach.domain.states import ChannelKind, Purpose
from outreach.pipeline import consent
from outreach.storage.repositories.people import address_index
from tests.worlds import PHONE, START, Bench


def allows(bench: Bench, purpose: Purpose, address: str = PHONE) -> bool:
    index = address_index(ChannelKind.SMS, address)
    with bench.world.db.read() as unit:
        state = unit.people.consent_of([index])[index]
    return not state.opted_out and state.allows(purpose)


def opt_in(bench: Bench, scope: ConsentScope) -> None:
    consent.record_opt_in(
        bench.world, ChannelKind.SMS, PHONE, scope, source="staff", actor="Nurse One"
    )


def opt_out(bench: Bench) -> None:
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="Nurse One")


def test_the_last_word_counts_also_within_one_instant(bench: Bench) -> None:
    for _ in range(5):
        opt_in(bench, ConsentScope.CAMPAIGN)
        assert allows(bench, Purpose.CAMPAIGN)
        opt_out(bench)
        assert not allows(bench, Purpose.CAMPAIGN)


def test_every_line_is_kept_with_who_and_when(bench: Bench) -> None:
    opt_in(bench, ConsentScope.EDUCATION)
    opt_out(bench)
    with bench.world.db.read() as unit:
        lines = unit.people.consent_history([address_index(ChannelKind.SMS, PHONE)])
    assert [(row.action, row.scope, row.source, row.actor) for row in lines] == [
        ("opt_in", "education", "staff", "Nurse One"),
        ("opt_out", "all", "staff", "Nurse One"),
    ]
    assert {row.recorded_at for row in lines} == {START}


def test_one_purpose_does_not_allow_another(bench: Bench) -> None:
    opt_in(bench, ConsentScope.EDUCATION)
    assert allows(bench, Purpose.EDUCATION)
    assert not allows(bench, Purpose.CAMPAIGN)


def test_an_attestation_does_not_undo_a_stop(bench: Bench) -> None:
    opt_out(bench)
    bench.event("patient.updated", patient_={"phone": PHONE})
    assert not allows(bench, Purpose.CARE)


def test_numbers_are_kept_in_one_form(bench: Bench) -> None:
    assert consent.e164("(202) 555-0123", bench.world) == PHONE
    with pytest.raises(BadInput):
        consent.e164("12", bench.world)
