"""Everything on one machine, with real processes: it serves, survives a kill, leaves nobody."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from outreach.cli.stack import Stack
from outreach.domain.errors import ConfigurationError, NotFound, Unavailable
from outreach.embedded import redis_server
from outreach.settings import keep_keys, load_settings
from tests.cli.conftest import REPOSITORY, Outreach, as_process
from tests.embedded.processes import eventually

FEEDS = REPOSITORY / "examples" / "feeds"
STORE = "from tests.cli.test_stack import store; store()"


def of_this_installation(data: Path) -> list[int]:
    """Every process that was started for the installation in ``data``, by its environment."""
    mark, found = f"OUTREACH_DATA_DIR={data}".encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue  # another user's, or gone meanwhile
    return [pid for pid in found if pid != os.getpid()]


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own
        return str(answer.read().decode())


@pytest.fixture
def up(clean: Path) -> Iterator[subprocess.Popen[str]]:
    """``outreach up`` in a terminal of its own, without the tests' checkout as its folder."""
    process = subprocess.Popen(
        [sys.executable, "-m", "outreach.cli", "up", "--port", "0", "--sandbox-port", "0"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.stdout
    process.stdout.close()


def told(process: subprocess.Popen[str]) -> dict[str, str]:
    """What ``up`` says when everything runs: title -> the rest of its line."""
    assert process.stdout
    lines = {}
    for line in process.stdout:
        title, _, rest = line.strip().partition("  ")
        lines[title] = rest.strip()
        if title.startswith("Data"):
            break
    return lines


@pytest.mark.celery
@pytest.mark.redis
@pytest.mark.timeout(180)
def test_up_serves_works_goes_on_where_it_stopped_and_leaves_no_process(
    clean: Path, up: subprocess.Popen[str]
) -> None:
    lines = told(up)
    data = clean / "var"
    assert get(f"{lines['Outreach']}/health/live") == '{"status":"ok"}'
    assert json.loads(get(f"{lines['Outreach']}/health/ready"))["broker"] == "ok"
    assert "no Twilio account" in lines["Texts"]
    assert get(lines["Phones"])
    assert (data / "keys.env").stat().st_mode & 0o777 == 0o600

    # Its workers apply what only was stored: the commands share its database and its keys.
    said = as_process("ingest", str(FEEDS / "siu_s12_visit.hl7"), "--json")
    assert json.loads(said.stdout)["status"] == "applied"
    assert len(of_this_installation(data)) >= 8  # redis, carrier, web, two nodes and their children

    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    assert eventually(lambda: not of_this_installation(data))
    listed = as_process("inbox", "--status", "applied", "--json")
    assert len(listed.stdout.splitlines()) == 1


@pytest.mark.celery
@pytest.mark.redis
@pytest.mark.timeout(180)
def test_a_killed_worker_is_started_again_and_takes_up_its_work(clean: Path) -> None:
    settings = load_settings(data_dir=clean / "var", tick_seconds=0.3)
    with Stack(settings, web_port=0, sandbox_port=0, durable=False, grace=5.0) as stack:
        stack.start()
        before = set(of_this_installation(clean / "var"))
        stack.kill("worker-urgent")
        assert eventually(lambda: len(before - set(of_this_installation(clean / "var"))) >= 4)
        with pytest.raises(NotFound):
            stack.kill("worker-urgent")

        subprocess.run(
            [sys.executable, "-c", STORE], cwd=REPOSITORY, env=stack.environment(), check=True
        )
        assert waiting(stack) == 1
        stack.restart("worker-urgent")
        assert eventually(lambda: waiting(stack) == 0, within=20)
        stack.watch(0.2)
        with pytest.raises(NotFound):
            stack.restart("nonsense")
    assert eventually(lambda: not of_this_installation(clean / "var"))


@pytest.mark.celery
@pytest.mark.timeout(180)
def test_without_any_redis_wake_ups_travel_in_files(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "find_redis", lambda: None)
    settings = load_settings(data_dir=clean / "var", tick_seconds=0.3)
    with Stack(settings, web_port=0, sandbox_port=0, grace=5.0) as stack:
        stack.start()
        assert "no Redis was found" in stack.broker
        subprocess.run(
            [sys.executable, "-c", STORE], cwd=REPOSITORY, env=stack.environment(), check=True
        )
        assert eventually(lambda: waiting(stack) == 0, within=20)
    assert eventually(lambda: not of_this_installation(clean / "var"))


def store() -> None:
    """As a web part does: durable, and nothing more."""
    from outreach.cli.opened import opened_world
    from outreach.pipeline.arrive import arrive

    with opened_world() as world:
        raw = (FEEDS / "siu_s12_visit.hl7").read_bytes()
        arrive(world, raw, source="test", content_type="")


def waiting(stack: Stack) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "outreach.cli", "inbox", "--status", "received", "--json"],
        cwd=REPOSITORY,
        env=stack.environment(),
        capture_output=True,
        check=True,
    )
    return len(done.stdout.splitlines())


def test_a_port_in_use_is_said_at_once(clean: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Port {port} is in use"):
            Stack(load_settings(), web_port=port, sandbox_port=0)


def test_a_database_whose_keys_are_lost_gets_no_new_ones(clean: Path) -> None:
    data = clean / "var"
    keep_keys(data).unlink()
    (data / "outreach.db").touch()
    with pytest.raises(ConfigurationError, match="restore"):
        Stack(load_settings(), web_port=0, sandbox_port=0)
    assert not (data / "keys.env").exists()


def test_a_live_account_is_left_alone_and_the_sandbox_can_be_forced(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "1" * 32)
    monkeypatch.setenv("OUTREACH_PUBLIC_URL", "https://outreach.example.org")
    live = Stack(load_settings(), web_port=0, sandbox_port=0)
    assert live.sandbox_url is None
    assert live.settings.public_url == "https://outreach.example.org"
    forced = Stack(load_settings(sandbox=True), web_port=0, sandbox_port=0)
    assert forced.sandbox_url is not None
    assert forced.settings.public_url == forced.web_url
    assert forced.environment()["OUTREACH_SANDBOX"] == "true"
    live.close()
    forced.close()


def test_no_sandbox_without_an_account_says_what_is_missing(outreach: Outreach) -> None:
    said = outreach("up", "--no-sandbox", "--port", "0", "--sandbox-port", "0")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "TWILIO_ACCOUNT_SID" in said.err


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_without_a_broker_the_remedy_is_said(command: str, outreach: Outreach) -> None:
    said = outreach(command)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "OUTREACH_BROKER_URL" in said.err
    assert "outreach up" in said.err


def test_a_broker_that_does_not_answer_is_said(clean: Path) -> None:
    keep_keys(clean / "var")
    done = as_process("worker", environment={"OUTREACH_BROKER_URL": "redis://127.0.0.1:1/0"})
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"does not answer" in done.stderr
