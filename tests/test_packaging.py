"""The files around the code agree with each other and with what the program offers."""

import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MAKE = shutil.which("make") or "make"
COMMANDS = {
    ("worker", "--queues"),
    ("beat",),
    ("web", "--host", "--port"),
    ("db", "upgrade"),
}
QUEUES = {"urgent", "send", "receipts", "replies", "intake", "campaigns", "upkeep"}
SHARED = {"tick"}
LOCKS = ["requirements.txt", "requirements-dev.txt"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def ours(services: dict[str, Any]) -> dict[str, list[str]]:
    """Our own services and their commands."""
    return {name: part["command"] for name, part in services.items() if "build" in part}


def test_every_part_is_there(services: dict[str, Any]) -> None:
    assert set(services) == {
        "redis",
        "postgres",
        "migrate",
        "web",
        "worker-urgent",
        "worker-bulk",
        "beat",
    }


def test_every_command_is_one_the_program_has(services: dict[str, Any]) -> None:
    dockerfile = re.search(r"^CMD (\[.*\])$", text("Dockerfile"), re.MULTILINE)
    assert dockerfile is not None
    for command in [*ours(services).values(), yaml.safe_load(dockerfile[1])]:
        assert command[0] == "outreach"
        options = tuple(
            word for word in command[1:] if word.startswith("--") or word in {"db", "upgrade"}
        )
        name = () if options[:1] == ("db",) else (command[1],)
        assert (*name, *options) in COMMANDS


def test_every_queue_has_exactly_one_worker_and_both_take_the_tick(
    services: dict[str, Any],
) -> None:
    consumed = [
        queue
        for command in ours(services).values()
        if command[1] == "worker"
        for queue in command[command.index("--queues") + 1].split(",")
    ]
    assert sorted(consumed) == sorted([*QUEUES, *SHARED, *SHARED])


def test_urgent_work_shares_no_worker_with_bulk_work(services: dict[str, Any]) -> None:
    urgent = services["worker-urgent"]["command"][-1].split(",")
    assert set(urgent) == {"urgent", "replies", "intake"} | SHARED


def test_nothing_starts_before_what_it_needs(services: dict[str, Any]) -> None:
    assert services["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    for name in ("web", "worker-urgent", "worker-bulk", "beat"):
        needs = services[name]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}
        assert needs["redis"] == {"condition": "service_healthy"}
    for name in ("redis", "postgres"):
        assert services[name]["healthcheck"]["test"][0] == "CMD"
    for service in services.values():
        for needed in service.get("depends_on", {}):
            assert needed in services


def test_redis_keeps_wake_ups_and_never_evicts_one(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_data_outlives_its_container(compose: dict[str, Any]) -> None:
    for name in ("redis", "postgres"):
        volume = compose["services"][name]["volumes"][0].split(":")[0]
        assert volume in compose["volumes"]


def test_images_are_pinned(services: dict[str, Any]) -> None:
    images = [service["image"] for service in services.values()]
    images += re.findall(r"^FROM (\S+)", text("Dockerfile"), re.MULTILINE)
    for image in images:
        assert re.search(r":\d+\.\d+(\.\d+)?(-[a-z]+)*$", image), image


def test_only_the_web_part_listens_and_only_for_a_proxy(services: dict[str, Any]) -> None:
    published = {name: part["ports"] for name, part in services.items() if "ports" in part}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_the_image_is_made_from_files_that_exist_and_does_not_run_as_root() -> None:
    dockerfile = text("Dockerfile")
    stages = dockerfile.split("\nFROM ")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    ignored = text(".dockerignore")
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored.splitlines(), source
    assert re.search(r"^USER (?!root)\w+$", stages[-1], re.MULTILINE)
    assert "HEALTHCHECK" in stages[-1]
    assert "--require-hashes -r requirements.txt" in stages[-2]


def test_every_variable_compose_wants_is_in_the_example() -> None:
    offered = set(re.findall(r"^([A-Z_]+)=", text(".env.example"), re.MULTILINE))
    wanted = set(re.findall(r"\$\{([A-Z_]+)", text("docker-compose.yml")))
    assert wanted
    assert wanted <= offered


def test_the_example_holds_no_secret() -> None:
    for line in text(".env.example").splitlines():
        assert line == "" or line.startswith("#") or line.endswith("="), line
    assert ".env" in text(".gitignore").splitlines()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_versions_and_hashes_and_no_address(name: str) -> None:
    content = text(name)
    assert "://" not in content
    assert not re.search(r"^\s*-(?!-hash=sha256:[0-9a-f]{64})", content, re.MULTILINE)
    packages = re.split(r"^(?=\S)", content, flags=re.MULTILINE)[1:]
    assert len(packages) > 40
    for package in packages:
        assert re.match(r"[a-z0-9][a-z0-9._-]*==[^\s;]+", package), package.splitlines()[0]
        assert "--hash=sha256:" in package, package.splitlines()[0]


def versions(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text(name), re.MULTILINE))


def test_both_lock_files_agree_and_can_build_the_project() -> None:
    runtime, development = (versions(name) for name in LOCKS)
    assert runtime.items() <= development.items()
    assert {"hatchling", "editables", "celery", "sqlalchemy"} <= runtime.keys()
    assert {"pytest", "mypy", "ruff"} <= development.keys() - runtime.keys()


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    groups = project["dependency-groups"]
    development = [entry for entry in groups["dev"] if isinstance(entry, str)]
    for wanted, name in [
        (project["project"]["dependencies"] + groups["build"], LOCKS[0]),
        (development, LOCKS[1]),
    ]:
        names = {re.split(r"[^A-Za-z0-9._-]", entry)[0].lower() for entry in wanted}
        assert {entry.replace("_", "-").replace(".", "-") for entry in names} <= {
            entry.replace(".", "-") for entry in versions(name)
        }


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_a_page_names_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^\s*\$? *)make ([a-z]+)", text(page), re.MULTILINE))
    assert named <= targets


def test_make_alone_lists_the_targets() -> None:
    listed = subprocess.run(
        [MAKE, "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("demo", "test", "check", "format", "lock", "bench", "mutants", "clean"):
        assert re.search(rf"^{target} +[A-Z]", listed, re.MULTILINE), target


def test_a_missing_python_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(text("Makefile"))
    for name in LOCKS:
        (tmp_path / name).touch()
    (tmp_path / "pyproject.toml").touch()
    result = subprocess.run(
        [MAKE, "test", "PYTHON=/nowhere/python"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.splitlines()[0] == (
        "Outreach needs Python 3.11 or newer; if it has another name: make PYTHON=/path/to/python"
    )
    assert not (tmp_path / ".venv").exists()


def test_the_submission_check_runs_everything_with_nothing_skipped() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    content = script.read_text()
    assert "export CI=true" in content
    assert re.search(r"^make check\b", content, re.MULTILINE)
    assert re.search(r"^make test\b", content, re.MULTILINE)


def test_the_licence_is_the_one_the_project_names() -> None:
    assert 'license = "Apache-2.0"' in text("pyproject.toml")
    assert "Version 2.0, January 2004" in text("LICENSE")


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert re.search(r"^## \[Unreleased\]$", text("CHANGELOG.md"), re.MULTILINE)
