"""The score of a mutation run: what counts as noticed, and what is too low."""

import json
from pathlib import Path

import pytest

from tests.mutation_score import main, read, score, too_low

KILLED, SURVIVED, TIMEOUT, UNTESTED = 1, 0, -24, 33


def outcome(killed: int, survived: int) -> dict[str, int | None]:
    codes = [KILLED] * killed + [SURVIVED] * survived
    return {f"m{number}": code for number, code in enumerate(codes)}


def test_a_failed_test_and_one_that_never_ends_notice_a_mutant_and_nothing_else_does() -> None:
    found = score("policy", {"a": KILLED, "b": TIMEOUT, "c": SURVIVED, "d": UNTESTED, "e": None})
    assert (found.noticed, found.left) == (("a", "b"), ("c", "d", "e"))
    assert found.share == pytest.approx(0.4)


def test_nine_in_ten_is_enough_in_each_file_that_decides_and_overall() -> None:
    assert too_low([score("policy", outcome(9, 1)), score("clinic", outcome(9, 1))]) == []
    assert too_low([score("policy", outcome(8, 2)), score("clinic", outcome(90, 0))]) == ["policy"]
    assert too_low([score("policy", outcome(9, 1)), score("clinic", outcome(8, 2))]) == ["all"]


def test_what_was_not_noticed_is_listed_with_the_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    meta = tmp_path / "outreach" / "policy.py.meta"
    meta.parent.mkdir()
    meta.write_text(json.dumps({"exit_code_by_key": {"x_one": KILLED, "x_two": SURVIVED}}))
    assert main(tmp_path) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "not noticed: x_two"
    assert told[1].split() == ["policy", "1", "of", "2", "50.0%"]
    assert told[-1].startswith("below 90%: policy, all.")


def test_a_run_that_never_was_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(tmp_path) == []
    assert main(tmp_path) == 1
    assert "make mutants" in capsys.readouterr().out
