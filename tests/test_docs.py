"""What the pages say is what the program does: states, keys, queues, settings, commands, paths."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import SecretStr
from sqlalchemy import UniqueConstraint

from outreach.cli.app import COMMANDS, app
from outreach.configuration.clinic_file import ClinicFile
from outreach.configuration.journey_steps import StepEntry
from outreach.configuration.policy_file import PolicyFile
from outreach.domain import states
from outreach.settings import Settings
from outreach.storage.models import Base
from outreach.storage.types import Sealed, SealedBytes
from outreach.wakeup import QUEUE_OF
from tests.chaos.faults import FAULTS

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))]
TABLES: dict[str, tuple[StrEnum, Mapping[Any, frozenset[Any]]]] = {
    "TOUCHPOINT_STEPS": (states.TouchpointStatus.PLANNED, states.TOUCHPOINT_STEPS),
    "MESSAGE_STEPS": (states.MessageStatus.QUEUED, states.MESSAGE_STEPS),
    "FOLLOWUP_STEPS": (states.FollowUpStatus.OPEN, states.FOLLOWUP_STEPS),
}
NOT_IN_ENV_FILE = {
    "OUTREACH_DATA_DIR",  # where it is started
    "OUTREACH_CONFIG_DIR",
    "OUTREACH_SANDBOX",  # for trying things out
    "OUTREACH_SANDBOX_URL",
    "OUTREACH_CLOCK_FILE",
    "OUTREACH_TICK_SECONDS",  # for tests
    "OUTREACH_IN_FLIGHT",
    "OUTREACH_REQUEST_SECONDS",
    "OUTREACH_LEASE_SECONDS",
    "OUTREACH_SETTLE_FIRST_SECONDS",
    "OUTREACH_SETTLE_LAST_SECONDS",
}
OURS_ELSEWHERE = {"POSTGRES_PASSWORD"}  # read by docker-compose.yml
MADE_BY_RUNNING = {"var", ".venv"}


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """What stands under a heading, up to the next of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n", text(page), re.MULTILINE)
    assert found is not None, f"{page} has no heading {title!r}"
    rest = text(page)[found.end() :]
    return re.split(rf"^#{{1,{len(found[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(part: str) -> list[list[str]]:
    """The cells of every table row, without their code marks."""
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\)\|", line.strip("|")) for line in lines]
    return [[cell.strip().replace("`", "") for cell in row] for row in cells]


def code(page: str) -> list[str]:
    """Every code span, and every line of an indented or fenced block."""
    fenced = re.findall(r"^```[a-z]*\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text(page), flags=re.MULTILINE | re.DOTALL)
    blocks = [line.strip() for block in fenced for line in block.splitlines()]
    blocks += [line.strip() for line in rest.splitlines() if line.startswith("    ")]
    return blocks + re.findall(r"`([^`\n]+)`", rest)


# -- states


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_state_diagram_is_its_table(name: str) -> None:
    first, table = TABLES[name]
    drawn = re.findall(
        r"^```mermaid\nstateDiagram-v2\n    %% (\w+)\n(.*?)^```",
        text("docs/architecture.md"),
        re.MULTILINE | re.DOTALL,
    )
    diagram = dict(drawn)[name]
    edges = re.findall(r"^    (\S+) --> (\S+)$", diagram, re.MULTILINE)
    assert len(edges) == len(diagram.strip().splitlines())
    expected = {(old.value, new.value) for old, news in table.items() for new in news}
    expected |= {("[*]", first.value)}
    expected |= {(state.value, "[*]") for state in type(first) if state not in table}
    assert set(edges) == expected
    assert len(edges) == len(expected)


def test_every_end_of_a_touchpoint_and_every_reason_is_told() -> None:
    part = section("docs/architecture.md", "Touchpoint")
    ends = {row[0] for row in rows(part)[1:]}
    assert ends == {s.value for s in states.TouchpointStatus} - {
        s.value for s in states.TOUCHPOINT_STEPS
    }
    listed = part.partition("one of these reasons:")[2].partition("`no_consent` of marketing")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == {reason.value for reason in states.SkipReason}


# -- the schema and the queues


def test_every_unique_key_is_told() -> None:
    told = {(row[0], row[1]) for row in rows(section("docs/architecture.md", "Unique keys"))[1:]}
    real = set()
    for name, table in Base.metadata.tables.items():
        keys = [key.columns for key in table.constraints if isinstance(key, UniqueConstraint)]
        keys += [index.columns for index in table.indexes if index.unique]
        real |= {(name, ", ".join(column.name for column in columns)) for columns in keys}
    assert told == real


def test_every_sealed_column_is_told() -> None:
    part = section("docs/architecture.md", "Encryption and blind indexes")
    told = {row[0]: set(row[1].split(", ")) for row in rows(part)[1:]}
    real = {
        name: {
            column.name for column in table.columns if isinstance(column.type, Sealed | SealedBytes)
        }
        for name, table in Base.metadata.tables.items()
    }
    assert told == {name: columns for name, columns in real.items() if columns}


def test_every_task_and_its_queue_is_told() -> None:
    part = section("docs/architecture.md", "Queues and nodes")
    assert {row[0]: row[1] for row in rows(part)[1:]} == QUEUE_OF


def test_every_stage_is_on_the_road() -> None:
    part = section("docs/architecture.md", "The road")
    told = set(re.findall(r"`pipeline/(\w+)", part))
    real = {path.stem for path in (ROOT / "outreach/pipeline").iterdir() if path.stem[0] != "_"}
    assert told == real - {"world"}


# -- settings


def variables() -> dict[str, str]:
    """Every variable, and its default as the page writes it."""
    found = {}
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        if isinstance(default, bool):
            default = str(default).lower()
        written = "-" if default in (None, "") else str(default)
        found[field.alias or f"OUTREACH_{name.upper()}"] = written
    return found


def test_every_variable_is_told_with_its_default() -> None:
    table = rows(section("docs/configuration.md", "Environment variables"))
    told = {row[0]: row[1] for row in table if row[0] != "variable" and row[0][:1] != "-"}
    assert told == variables()


def test_the_example_offers_what_an_installation_sets() -> None:
    offered = set(re.findall(r"^([A-Z_]+)=", text(".env.example"), re.MULTILINE))
    assert offered == (variables().keys() - NOT_IN_ENV_FILE) | OURS_ELSEWHERE


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"\b(?:OUTREACH|TWILIO|SENDGRID|POSTGRES)_[A-Z_]+\b", text(page)))
    assert named <= variables().keys() | OURS_ELSEWHERE


@pytest.mark.parametrize(
    ("title", "model"),
    [("config/clinic.yaml", ClinicFile), ("config/policy.yaml", PolicyFile)],
)
def test_every_setting_of_a_clinics_file_is_told(
    title: str, model: type[ClinicFile] | type[PolicyFile]
) -> None:
    told = [row[0] for row in rows(section("docs/configuration.md", title))[1:]]
    assert told == list(model.model_fields)


def test_every_setting_of_a_step_is_told() -> None:
    part = section("docs/configuration.md", "config/journeys/")
    told = {name for row in rows(part)[1:] for name in row[0].split(", ")}
    assert told == set(StepEntry.model_fields)


def test_every_file_of_the_configuration_is_told() -> None:
    page = text("docs/configuration.md")
    for path in (ROOT / "config").rglob("*"):
        if path.is_file():
            assert path.relative_to(ROOT).as_posix() in page


# -- commands


def named_commands(page: str) -> list[list[str]]:
    """The words of every command line of ours a page names, up to a comment or a redirection."""
    ours = re.compile(r"(?:^|bin/|exec web |exec -T web |\| )outreach ((?:[a-z]|--).*)")
    found = [ours.search(line.strip()) for line in code(page)]
    lines = [re.split(r"\s[#|<>]\s", match[1])[0] for match in found if match is not None]
    return [line.split() for line in lines]


def unknown_words(words: list[str]) -> list[str]:
    """The subcommands and options of a command line that the program does not have."""
    if words[0] not in COMMANDS:
        return words[:1]
    group = typer.main.get_command(app)
    context = group.make_context("outreach", [], resilient_parsing=True)
    command = group.get_command(context, words[0])  # type: ignore[attr-defined]
    inner = getattr(command, "commands", {})
    if len(words) > 1 and words[1] in inner:
        command = inner[words[1]]
    elif len(words) > 1 and inner and re.fullmatch(r"[a-z]+", words[1]):
        return [words[1]]
    options = {option for part in command.params for option in (*part.opts, *part.secondary_opts)}
    asked = {word.partition("=")[0] for word in words if word.startswith("--")}
    return sorted(asked - options - {"--help"})


@pytest.mark.parametrize("page", PAGES)
def test_every_command_a_page_names_exists(page: str) -> None:
    for words in named_commands(page):
        assert unknown_words(words) == [], f"outreach {' '.join(words)}"


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert unknown_words(["fly"]) == ["fly"]
    assert unknown_words(["campaign", "undo"]) == ["undo"]
    assert unknown_words(["explain", "x", "--loud"]) == ["--loud"]


def test_the_readme_names_every_command() -> None:
    listed = section("README.md", "Commands")
    assert set(re.findall(r"`outreach ([a-z]+)", listed)) == set(COMMANDS)


def test_the_readme_names_the_two_commands_literally() -> None:
    assert "make demo" in text("README.md")
    assert "make test" in text("README.md")


# -- promises


def promises() -> list[list[str]]:
    return rows(section("docs/reliability.md", "Promises"))[1:]


def proofs() -> list[str]:
    """Every test and fault that the page names as a proof."""
    part = section("docs/reliability.md", "Promises")
    lasts = [line.rstrip("| ").rpartition("|")[2] for line in part.splitlines() if line[:1] == "|"]
    return re.findall(r"`([^`]+)`", " ".join(lasts))


def test_every_promise_has_what_keeps_it_and_what_proves_it() -> None:
    assert len(promises()) >= 10
    for promise, keeps, proves in promises():
        assert re.search(r"\w+/?\w*\.py", keeps), promise
        assert "::test_" in proves, promise


def test_every_proof_of_a_promise_exists() -> None:
    for proof in proofs():
        path, _, name = proof.partition("::")
        if name:
            assert re.search(rf"^def {name}\(", text(path), re.MULTILINE), proof
        else:
            assert proof in FAULTS, proof


def test_every_fault_of_the_drills_proves_a_promise() -> None:
    assert set(FAULTS) <= set(proofs())


# -- links and paths


def slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        place = (ROOT / page).parent / path if path else ROOT / page
        assert place.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(title) for title in titles}, target


WRITTEN_BY_A_CLINIC = {"config/senders.yaml", "senders.yaml"}
"""Files that may be missing; ``examples/`` has one of each to copy."""


def named_paths(page: str) -> set[str]:
    """Words of code that lie in a folder of ours or have the name of a source file."""
    words = {word.strip("'\"();,") for line in code(page) for word in line.split()}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - MADE_BY_RUNNING
    inside = {path.name for path in (ROOT / "outreach").iterdir() if path.is_dir()}
    plain = {word for word in words if re.fullmatch(r"[\w.][\w./-]*", word)}
    return {
        word
        for word in plain
        if ("/" in word and word.partition("/")[0] in folders | inside)
        or re.fullmatch(r"[\w-]+\.(py|ya?ml|toml|md)", word)
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_path_a_page_names_exists(page: str) -> None:
    for path in named_paths(page) - WRITTEN_BY_A_CLINIC:
        places = [ROOT / path, ROOT / "outreach" / path, ROOT / "config" / path]
        assert any(place.exists() for place in places), path


def test_pages_name_paths_that_are_checked() -> None:
    assert "outreach/pipeline/send.py" in named_paths("README.md")
    assert "pipeline/outcomes/outcome.py" in named_paths("docs/architecture.md")
