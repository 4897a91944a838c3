"""What a consent ledger amounts to: an opt-out wins until the person undoes it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.consent import (
    ConsentAction,
    ConsentLine,
    ConsentScope,
    ConsentState,
    consent_state,
)
from outreach.domain.states import Purpose

STOP = ConsentLine(ConsentAction.OPT_OUT, ConsentScope.ALL)
START = ConsentLine(ConsentAction.OPT_IN, ConsentScope.ALL)
ATTESTED = ConsentLine(ConsentAction.ATTESTED, ConsentScope.CARE)
OUTREACH = [Purpose.CARE, Purpose.EDUCATION, Purpose.CAMPAIGN]

lines = st.builds(ConsentLine, st.sampled_from(ConsentAction), st.sampled_from(ConsentScope))
ledgers = st.lists(lines, max_size=12)


def opt_in(scope: ConsentScope) -> ConsentLine:
    return ConsentLine(ConsentAction.OPT_IN, scope)


def allowed(*ledger: ConsentLine) -> list[Purpose]:
    state = consent_state(ledger)
    return [] if state.opted_out else [purpose for purpose in OUTREACH if state.allows(purpose)]


def test_an_empty_ledger_allows_nothing() -> None:
    assert consent_state([]) == ConsentState()
    assert allowed() == []


def test_an_attestation_covers_care_alone() -> None:
    assert allowed(ATTESTED) == [Purpose.CARE]


@pytest.mark.parametrize("purpose", OUTREACH)
def test_an_opt_in_covers_its_own_purpose(purpose: Purpose) -> None:
    assert allowed(opt_in(ConsentScope(purpose.value))) == [purpose]


def test_an_opt_in_to_all_covers_all() -> None:
    assert allowed(START) == OUTREACH


def test_opt_ins_add_up() -> None:
    assert allowed(opt_in(ConsentScope.CARE), opt_in(ConsentScope.CAMPAIGN)) == [
        Purpose.CARE,
        Purpose.CAMPAIGN,
    ]


@pytest.mark.parametrize("scope", ConsentScope)
def test_an_opt_out_of_anything_stops_everything(scope: ConsentScope) -> None:
    assert allowed(START, ATTESTED, ConsentLine(ConsentAction.OPT_OUT, scope)) == []


def test_start_undoes_stop() -> None:
    assert allowed(ATTESTED, STOP, START) == OUTREACH


def test_stop_ends_what_was_agreed_to_before() -> None:
    assert allowed(START, ATTESTED, STOP, opt_in(ConsentScope.CAMPAIGN)) == [Purpose.CAMPAIGN]


def test_an_attestation_never_undoes_an_opt_out() -> None:
    assert consent_state([STOP, ATTESTED]).opted_out
    assert allowed(STOP, ATTESTED, opt_in(ConsentScope.EDUCATION)) == [Purpose.EDUCATION]


def test_an_attestation_after_the_return_counts() -> None:
    assert allowed(STOP, opt_in(ConsentScope.EDUCATION), ATTESTED) == [
        Purpose.CARE,
        Purpose.EDUCATION,
    ]


@pytest.mark.parametrize("purpose", [Purpose.REPLY, Purpose.STAFF])
def test_answers_and_pages_need_no_consent(purpose: Purpose) -> None:
    assert ConsentState().allows(purpose)


@given(ledgers, ledgers)
def test_nothing_before_an_opt_out_counts_after_it(
    before: list[ConsentLine], after: list[ConsentLine]
) -> None:
    assert consent_state([*before, STOP, *after]) == consent_state([STOP, *after])


@given(ledgers)
def test_the_last_word_of_the_person_decides(ledger: list[ConsentLine]) -> None:
    said = [
        line.action
        for line in ledger
        if line.action is not ConsentAction.ATTESTED
        and (line.action, line.scope) != (ConsentAction.OPT_IN, ConsentScope.MARKETING)
    ]
    assert consent_state(ledger).opted_out == (said[-1:] == [ConsentAction.OPT_OUT])


@given(ledgers)
def test_who_opted_out_has_agreed_to_nothing(ledger: list[ConsentLine]) -> None:
    state = consent_state(ledger)
    if state.opted_out:
        assert state == ConsentState(opted_out=True)
        assert not any(state.allows(purpose) for purpose in OUTREACH)


@given(ledgers)
def test_campaigns_rest_on_an_opt_in_and_never_on_an_attestation(
    ledger: list[ConsentLine],
) -> None:
    without = [line for line in ledger if line.action is not ConsentAction.ATTESTED]
    for purpose in (Purpose.CAMPAIGN, Purpose.EDUCATION):
        assert consent_state(ledger).allows(purpose) == consent_state(without).allows(purpose)


@given(ledgers, lines)
def test_a_line_said_twice_says_no_more_than_once(
    ledger: list[ConsentLine], line: ConsentLine
) -> None:
    assert consent_state([*ledger, line]) == consent_state([*ledger, line, line])


# --- marketing: 45 CFR 164.508(a)(3)

NOW = datetime(2027, 3, 1, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def signed(ends_at: datetime | None = None) -> ConsentLine:
    return ConsentLine(ConsentAction.OPT_IN, ConsentScope.MARKETING, ends_at)


def may_market(*ledger: ConsentLine) -> bool:
    state = consent_state(ledger)
    return not state.opted_out and state.allows(Purpose.MARKETING, NOW)


def test_nothing_but_an_authorisation_permits_marketing() -> None:
    wishes = [opt_in(scope) for scope in ConsentScope if scope is not ConsentScope.MARKETING]
    assert not may_market(ATTESTED, START, *wishes)
    assert may_market(signed())
    assert allowed(signed()) == []


def test_an_authorisation_ends_on_its_day_and_can_be_renewed() -> None:
    assert may_market(signed(NOW + DAY))
    assert not may_market(signed(NOW))
    assert may_market(signed(NOW - DAY), signed(NOW + DAY))
    assert not consent_state([signed(NOW + DAY)]).allows(Purpose.MARKETING)  # no time was given


def test_an_opt_out_revokes_an_authorisation_and_neither_start_nor_paper_revives_it() -> None:
    assert not may_market(signed(), STOP)
    assert not may_market(STOP, signed())
    assert not may_market(signed(), STOP, START)
    assert may_market(signed(), STOP, START, signed())


@given(ledgers)
def test_an_authorisation_never_undoes_an_opt_out(ledger: list[ConsentLine]) -> None:
    before, after = consent_state(ledger), consent_state([*ledger, signed()])
    assert before.opted_out == after.opted_out
