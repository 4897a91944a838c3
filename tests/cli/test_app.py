"""The program as a whole: quick to ask, and every failure one line with a fitting exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from outreach.cli import app as program
from outreach.cli.app import COMMANDS, run
from outreach.domain.errors import Unavailable
from tests.cli.conftest import REPOSITORY, Outreach

HEAVY = ("sqlalchemy", "celery", "twilio", "fastapi", "redis", "phonenumbers", "pydantic")


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout


def test_the_program_and_its_list_of_commands_import_nothing_heavy() -> None:
    code = (
        "import sys; from outreach.cli.app import run; run(['--help']);"
        f"sys.stderr.write(''); print('HEAVY', [m for m in {HEAVY} if m in sys.modules])"
    )
    assert "HEAVY []" in python(code)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, outreach: Outreach) -> None:
    said = outreach(name, "--help")
    assert said.code == 0
    assert f"outreach {name}" in said.out


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("keys", "--nonsense"),
        ("parse", "no-such-file"),
        ("worker", "--queues", "urgent,nonsense"),
        ("inbox", "--status", "nonsense"),
        ("inbox", "replay", "not-an-id"),
        ("campaign", "launch", "a", "--template", "t", "--token", "x"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(words: tuple[str, ...], outreach: Outreach) -> None:
    said = outreach(*words)
    assert said.code == 2
    assert said.err.startswith("outreach: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("followups",),
        ("explain", "4711"),
        ("inbox",),
        ("campaign", "list"),
        ("db", "upgrade"),
        ("web",),
    ],
)
def test_missing_keys_are_one_line_with_the_remedy(
    words: tuple[str, ...], outreach: Outreach
) -> None:
    said = outreach(*words)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "outreach keys" in said.err


def test_a_database_without_tables_is_one_line_with_the_remedy(
    outreach: Outreach, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for line in outreach("keys").out.splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    monkeypatch.setenv("OUTREACH_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    said = outreach("followups")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "outreach db upgrade" in said.err
    assert outreach("db", "upgrade").code == 0
    assert outreach("followups").code == 0


def test_an_unreachable_database_is_one_line_with_the_remedy(
    outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in outreach("keys").out.splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    monkeypatch.setenv("OUTREACH_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    for words in (["followups"], ["db", "upgrade"], ["ingest", __file__]):
        said = outreach(*words)
        assert (said.code, said.err.count("\n")) == (1, 1)
        assert "OUTREACH_DATABASE_URL" in said.err


def test_fresh_keys_differ_and_serve(outreach: Outreach) -> None:
    first, second = outreach("keys").out, outreach("keys").out
    assert first != second
    assert [line.partition("=")[0] for line in first.splitlines()] == [
        "OUTREACH_KEYS",
        "OUTREACH_INDEX_KEY",
    ]


def failing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise error

    monkeypatch.setattr(program, "app", fails)


def test_an_error_of_ours_is_one_line_whatever_it_holds(
    outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(Unavailable("The database\nis away."), monkeypatch)
    assert outreach("keys").err == "outreach: The database is away.\n"


def test_an_unexpected_error_names_its_log_and_shows_nothing_of_a_patient(
    outreach: Outreach, monkeypatch: pytest.MonkeyPatch, clean: Path
) -> None:
    failing(RuntimeError("Robin Testcase +12025550123"), monkeypatch)
    said = outreach("keys")
    log = clean / "var" / "logs" / "outreach.log"
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert str(log) in said.err
    assert "test_app.py" in log.read_text()
    assert "Robin" not in said.err + log.read_text()


def test_debug_shows_where_an_unexpected_error_came_from(
    outreach: Outreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(RuntimeError("broken"), monkeypatch)
    monkeypatch.setenv("OUTREACH_DEBUG", "1")
    assert "Traceback" in outreach("keys").err


def test_debug_is_an_option_of_the_program(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTREACH_DEBUG", "")
    run(["--debug", "keys"])
    assert os.environ["OUTREACH_DEBUG"] == "1"


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_bytes(b'{"text": "hello"}\n' * 20_000)
    command = f"'{sys.executable}' -m outreach.cli sms measure < '{lines}' | head -n 1"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")
