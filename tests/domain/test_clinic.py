"""The clinic: whom it can text."""

from dataclasses import replace

import pytest

from tests.worlds import clinic


@pytest.mark.parametrize("language", [None, "", "en", "es", "es-MX", "EN-us", "ase"])
def test_a_known_language_no_language_and_a_sign_language_are_texted(language: str | None) -> None:
    assert clinic().speaks(language)


@pytest.mark.parametrize("language", ["vi", "zh-Hant", "ht", "e", "esp"])
def test_any_other_is_not(language: str) -> None:
    assert not clinic().speaks(language)


def test_a_clinic_that_names_a_variety_speaks_the_language() -> None:
    assert replace(clinic(), languages=("en-US",)).speaks("en")
