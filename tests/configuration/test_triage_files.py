"""A wrong line in a lexicon is named with file, line and remedy."""

from pathlib import Path

import pytest

from outreach.configuration.triage_files import load_engine, load_lexicon, load_settings
from outreach.domain.errors import ConfigurationError

CONFIG = Path(__file__).parents[2] / "config" / "triage"
GOOD = """\
language: en
groups:
  pain: [pain, hurts]
concepts:
  chest_pain:
    action: call_911
    about: chest pain
    phrases:
      - chest <pain>
cues:
  negation:
    - no
"""
RULES = "limits:\n  fever_f: 101\ncombinations: []\n"


def write(folder: Path, text: str, rules: str = RULES) -> Path:
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    path = folder / "en.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_lexicon_works(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    engine = load_engine(tmp_path)
    assert engine.triage("my chest hurts").urgent
    assert not engine.triage("no chest pain").urgent
    assert load_settings(tmp_path / "rules.yaml").fever_f == 101


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("call_911", "call_912", r"en\.yaml, line 6: 'call_912' is no action; use one of call_911"),
        ("chest <pain>", "chest <pian>", r"line 9: there is no group <pian>"),
        ("chest <pain>", "Chest hurts", r"line 9: 'Chest' is not a word: use lower case"),
        ("    about: chest pain\n", "", r"line 5: chest_pain needs 'about'"),
        ("about:", "abuot:", r"line 7: a concept has no 'abuot'"),
        ("negation", "negatoin", r"line 11: 'negatoin' is no cue"),
        ("cues:", "clues:", r"line 10: 'clues' is no section"),
        ("language: en", "language: fr", r"line 1: the file is called en\.yaml"),
        ("[pain, hurts]", "[Pain]", r"line 3: 'Pain': use lower case"),
        ("[pain, hurts]", "pain", r"line 3: write a list here"),
        ("    phrases:", "   phrases:", r"line 8: not valid YAML"),
        ("about: chest pain", "about: a\n    about: b", r"line 8: 'about' stands on line 7 already"),
        ("about: chest pain", "about: a\n    always: maybe", r"line 8: write true or false"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigurationError, match=said):
        load_lexicon(path)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("limits:\n  fever: 101\n", r"rules\.yaml, line 2: 'fever' is no limit"),
        ("limits:\n  fever_f: hot\n", r"line 2: 'hot' is not a number"),
        ("combinations:\n  - concept: x\n", r"line 2: a combination needs 'action'"),
        ("limit: 1\n", r"line 1: 'limit' is no section"),
        ("", r"rules\.yaml: the file is empty"),
    ],
)
def test_wrong_rules_are_named(tmp_path: Path, rules: str, said: str) -> None:
    write(tmp_path, GOOD, rules)
    with pytest.raises(ConfigurationError, match=said):
        load_engine(tmp_path)


def test_languages_must_agree_on_an_action(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    other = GOOD.replace("language: en", "language: es").replace("call_911", "routine")
    (tmp_path / "es.yaml").write_text(other, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"es\.yaml: chest_pain has another action"):
        load_engine(tmp_path)


def test_when_severe_names_a_known_concept(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("about: chest pain", "about: a\n    when_severe: nothing"))
    with pytest.raises(ConfigurationError, match="which no file defines"):
        load_engine(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no lexicon here"):
        load_engine(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(tmp_path / "rules.yaml")


def test_the_lexicons_of_the_project_load_and_share_their_flags() -> None:
    names = {
        language: {concept.name for concept in load_lexicon(CONFIG / f"{language}.yaml").concepts}
        for language in ("en", "es")
    }
    assert names["en"] == names["es"]
