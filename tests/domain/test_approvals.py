"""Sign-off: whose word a text needs before it goes to real patients, and whose it still lacks."""

from dataclasses import replace
from datetime import date

import pytest

from outreach.domain.approvals import Approval, Role, lacking, needed

READ = Approval("d1", "es", "v2", Role.CLINICIAN, "R. Vega", date(2027, 3, 1))
TRANSLATED = replace(READ, role=Role.TRANSLATOR, by="L. Ortiz")


def wanting(*approvals: Approval) -> tuple[Role, ...]:
    return lacking(approvals, "d1", "es", "v2", "en")


def test_the_clinics_own_language_needs_a_clinician_and_any_other_a_translator_too() -> None:
    assert needed("en", "en") == (Role.CLINICIAN,)
    assert needed("es", "en") == (Role.CLINICIAN, Role.TRANSLATOR)
    assert needed("es", "es") == (Role.CLINICIAN,)


def test_a_text_goes_when_everybody_it_needs_has_read_it() -> None:
    assert wanting() == (Role.CLINICIAN, Role.TRANSLATOR)
    assert wanting(READ) == (Role.TRANSLATOR,)
    assert wanting(TRANSLATED) == (Role.CLINICIAN,)
    assert wanting(READ, TRANSLATED) == ()
    assert lacking([], "d1", "en", "v2", "en") == (Role.CLINICIAN,)


@pytest.mark.parametrize("other", [{"message": "d3"}, {"language": "fr"}, {"version": "v1"}])
def test_a_word_counts_for_the_one_version_of_the_one_text_that_was_read(
    other: dict[str, str],
) -> None:
    assert wanting(replace(READ, **other), TRANSLATED) == (Role.CLINICIAN,)  # type: ignore[arg-type]
