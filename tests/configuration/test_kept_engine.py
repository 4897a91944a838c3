"""One reading of the lexicons serves a process and its forks, until a file changes."""

import os
from pathlib import Path

import pytest

from outreach.configuration.kept_engine import kept_engine
from outreach.domain.errors import ConfigurationError

LEXICON = """\
language: en
groups: {}
concepts:
  chest_pain:
    action: call_911
    about: chest pain
    phrases: [chest pain]
cues: {}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text("combinations: []\n", encoding="utf-8")
    (tmp_path / "en.yaml").write_text(LEXICON, encoding="utf-8")
    return tmp_path


def test_the_same_files_are_read_once(folder: Path) -> None:
    assert kept_engine(folder) is kept_engine(folder)


def test_a_changed_file_is_read_again(folder: Path) -> None:
    assert not kept_engine(folder).triage("heart attack").urgent
    path = folder / "en.yaml"
    path.write_text(LEXICON.replace("[chest pain]", "[heart attack]"), encoding="utf-8")
    assert kept_engine(folder).triage("heart attack").urgent


def test_a_file_of_equal_length_is_read_again(folder: Path) -> None:
    """As when one word is put right: the time of the change tells."""
    before = kept_engine(folder)
    path = folder / "en.yaml"
    path.write_text(LEXICON.replace("[chest pain]", "[chest ache]"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert kept_engine(folder) is not before


def test_a_faulty_file_is_told_each_time(folder: Path) -> None:
    (folder / "en.yaml").write_text("language: en\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            kept_engine(folder)
