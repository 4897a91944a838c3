"""``copy.yaml``: the shipped lists load, each language has one, and mistakes have lines."""

from pathlib import Path

import pytest

from outreach.configuration.copy_file import load_copy_words
from outreach.domain.errors import ConfigurationError

SHIPPED = Path(__file__).parents[2] / "config" / "copy.yaml"


def test_the_shipped_lists_hold_every_kind_in_every_language() -> None:
    words = load_copy_words(SHIPPED, ("en", "es"))
    for language, therapy, diagnosis, unit in (
        ("en", "treatment*", "myositis", "units"),
        ("es", "tratamiento*", "miositis", "unidades"),
    ):
        assert {therapy, diagnosis, "ivig", "hizentra"} <= set(words.forbidden_in(language))
        assert {unit, "mg"} <= set(words.units_in(language))
    assert words.forbidden_in("es-US") == words.forbidden_in("es")
    assert "miositis" not in words.forbidden_in("en")


def test_a_language_without_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"copy\.yaml: has no list for 'fr'"):
        load_copy_words(SHIPPED, ("en", "fr"))
    assert load_copy_words(SHIPPED, ("es-US",))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("all:\n  therapi: [ivig]\n", 2, "is not a setting that is known here"),
        ("all:\n  therapy: [iv*ig]\n", 2, "all.therapy.0"),
        ("all:\n  doses: [5]\n", 2, "all.doses.0"),
        ("all:\n  drugs: hizentra\n", 2, "all.drugs"),
        ("en:\n  drugs: [hizentra]\n", 1, "has no list 'all'"),
        ("all: {}\nEnglish:\n  drugs: [x]\n", 2, "English"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    file = tmp_path / "copy.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_copy_words(file, ())
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert words in str(caught.value)
