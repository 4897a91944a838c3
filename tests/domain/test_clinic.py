"""The clinic: whom it can text, and which of its places and services is meant."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.clinic import Clinic, Site
from tests.worlds import clinic


@pytest.mark.parametrize("language", [None, "", "en", "es", "es-MX", "EN-us", "ase"])
def test_a_known_language_no_language_and_a_sign_language_are_texted(language: str | None) -> None:
    assert clinic().speaks(language)


@pytest.mark.parametrize("language", ["vi", "zh-Hant", "ht", "e", "esp"])
def test_any_other_is_not(language: str) -> None:
    assert not clinic().speaks(language)


def test_a_clinic_that_names_a_variety_speaks_the_language() -> None:
    assert replace(clinic(), languages=("en-US",)).speaks("en")


NORTH = Site("N", "North Clinic", ZoneInfo("America/New_York"), "555-010-2000", frozenset({"nrth"}))
SOUTH = Site("S", "South Clinic", ZoneInfo("America/Chicago"), "555-010-3000")
TWO = Clinic(
    "Care",
    "555-010-1000",
    ZoneInfo("America/New_York"),
    "US",
    (NORTH, SOUTH),
    {"iv infusion": "infusion"},
)


@pytest.mark.parametrize("text", ["S", "s", " South Clinic ", "SOUTH CLINIC"])
def test_a_site_is_known_by_its_code_and_its_name(text: str) -> None:
    assert TWO.site_named(text) is SOUTH


def test_a_site_is_known_by_what_the_scheduling_system_calls_it() -> None:
    assert TWO.site_named("NRTH") is NORTH
    assert TWO.site_named("East") is None


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_where_no_place_is_named_only_a_default_or_the_only_site_will_do(
    nothing: str | None,
) -> None:
    assert TWO.site_named(nothing) is None
    assert replace(TWO, default_site="S").site_named(nothing) is SOUTH
    assert replace(TWO, default_site="X").site_named(nothing) is None
    assert replace(TWO, sites=(SOUTH,)).site_named(nothing) is SOUTH
    assert replace(TWO, sites=()).site_named(nothing) is None


def test_a_name_that_is_not_a_site_is_never_guessed() -> None:
    assert replace(TWO, default_site="S").site_named("East") is None
    assert replace(TWO, sites=(SOUTH,)).site_named("East") is None


def test_a_site_is_found_by_its_code_while_the_clinic_has_it() -> None:
    assert TWO.find_site("S") is TWO.site("S") is SOUTH
    assert TWO.zone_at("S") == ZoneInfo("America/Chicago")
    for gone in ("X", None):
        assert TWO.find_site(gone) is None
        assert TWO.zone_at(gone) is None
    with pytest.raises(KeyError, match="X"):
        TWO.site("X")


def test_a_service_means_a_kind_of_visit_only_where_the_clinic_says_so() -> None:
    assert TWO.visit_kind(" IV Infusion ") == "infusion"
    assert TWO.visit_kind("IV") is None
    assert TWO.visit_kind(None) is None


def test_a_risk_flag_is_what_the_clinic_calls_so_and_nothing_else() -> None:
    named = replace(clinic(), risks={"dvt history": "clot", "ckd": "kidney"})
    assert named.risk_flags([" DVT History ", "CKD", "left-handed"]) == {"clot", "kidney"}
    assert named.risk_flags([]) == frozenset()
