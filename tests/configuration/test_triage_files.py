"""A wrong line in a lexicon is named with file, line and remedy."""

from pathlib import Path

import pytest

from outreach.configuration.triage_files import load_engine, load_lexicon, load_settings
from outreach.domain.errors import ConfigurationError
from outreach.domain.triage.result import Label

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
        ("call_911", "call_912", r"en\.yaml, line 6: concepts.chest_pain.action: .*'call_911'"),
        ("chest <pain>", "chest <pian>", r"line 9: .* there is no group <pian>\."),
        ("chest <pain>", "Chest hurts", r"line 9: .*'Chest' is not a word: use lower case"),
        ("    about: chest pain\n", "", r"line 5: concepts.chest_pain.about: is missing\. Add it"),
        ("about:", "abuot:", r"Did you mean 'about'"),
        ("negation", "negatoin", r"line 11: cues.negatoin: .*'negation'"),
        ("cues:", "clues:", r"Did you mean 'cues'"),
        ("language: en", "language: fr", r"Write 'en', as the file is named"),
        ("[pain, hurts]", "[Pain]", r"line 3: groups.pain.0: 'Pain' needs lower case"),
        ("[pain, hurts]", "pain", r"line 3: groups.pain: "),
        ("    phrases:", "   phrases:", r"line 8: is not YAML"),
        ("about: chest pain", "about: a\n    about: b", r"line 8: 'about' stands here a second"),
        ("about: chest pain", "about: a\n    always: maybe", r"line 8: .*always: .*boolean"),
        ("about: chest pain", "about: a\n    when_severe: x", r"line 8: .*there is no concept 'x'"),
        (
            "about: chest pain",
            "about: a\n    replaces: [chest_pain, x]",
            r"line 8: .*there is no concept 'x'",
        ),
        (
            "cues:",
            "text_speak: {u: you}\nspellings: {yew: [u]}\ncues:",
            r"line 11: .*'you' already",
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigurationError, match=said):
        load_lexicon(path)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("limits:\n  fever: 101\n", r"rules\.yaml, line 2: limits.fever: is not a setting"),
        ("limits:\n  fever_f: hot\n", r"line 2: limits.fever_f: .*number"),
        ("combinations:\n  - concept: x\n", r"line 2: combinations.0.action: is missing"),
        (
            "combinations:\n  - {concept: x, action: page_1h, about: a, needs: [[typo]]}\n",
            r"rules\.yaml: combinations: there is no concept 'typo'",
        ),
        ("", r"rules\.yaml: is empty"),
    ],
)
def test_wrong_rules_are_named(tmp_path: Path, rules: str, said: str) -> None:
    write(tmp_path, GOOD, rules)
    with pytest.raises(ConfigurationError, match=said):
        load_engine(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("call_911", "routine"),
        ("about: chest pain", "about: chest pain\n    when_severe: chest_pain"),
        ("about: chest pain", "about: chest pain\n    when_mild: chest_pain"),
    ],
)
def test_languages_must_agree_on_an_action(tmp_path: Path, old: str, new: str) -> None:
    """One of them would speak for the others: what is severe in one is mild in none."""
    write(tmp_path, GOOD)
    other = GOOD.replace("language: en", "language: es").replace(old, new)
    (tmp_path / "es.yaml").write_text(other, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"es\.yaml: concepts.chest_pain: differs"):
        load_engine(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no lexicon here"):
        load_engine(tmp_path)
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load_settings(tmp_path / "rules.yaml")


def test_the_lexicons_of_the_project_load_and_share_their_red_flags() -> None:
    """Milder concepts may be of one language: what a word is mistaken for differs."""
    names = {
        language: {
            concept.name
            for concept in load_lexicon(CONFIG / f"{language}.yaml").concepts
            if concept.label is Label.URGENT
        }
        for language in ("en", "es")
    }
    assert len(names["en"]) >= 44
    assert names["en"] == names["es"]
