"""Every benchmark runs and says what it promises. How fast it is, is no test's business."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.catalogue import BENCHMARKS
from benchmarks.report import Goal, Report, medians
from outreach.embedded.postgres_server import find_postgres
from outreach.embedded.redis_server import find_redis
from tests.servers import missing

ROOT = Path(__file__).parents[2]
FLOOR = {"fsyncs_per_second", "insert_and_commit_per_second"}
PROMISED = {
    "start": {"help_ms", "bare_python_ms", "to_bare_python"},
    "parse": {
        "growth_of_time_to_size",
        "messages_per_cpu_second",
        "python_hl7_per_cpu_second",
        "to_python_hl7",
    },
    "triage": {"replies_per_cpu_second", "p99_cpu_ms", "to_folding_alone"},
    "render": {"texts_per_cpu_second", "measured_per_cpu_second", "to_bare_jinja"},
    "plan": {"events_per_cpu_second", "touchpoints_per_event", "to_deciding_alone", *FLOOR},
    "replan": {
        "patients_per_second",
        "seconds_for_100000_extrapolated",
        "bare_updates_per_second",
        "to_bare_updates",
        "peak_memory_to_before",
        *FLOOR,
    },
    "due_scan": {"claim_large_to_small", "tick_large_to_small", "nothing_asked_ms"},
    "claim": {"ms_per_batch", "one_by_one_per_second", "long_queue_to_short", *FLOOR},
    "send": {
        "messages_per_second",
        "cpu_ms_per_message",
        "statements_per_message",
        "bare_sdk_per_second",
        "usual_design_per_second",
        "to_bare_sdk",
        "to_usual_design",
        "with_latency_to_limit",
        *FLOOR,
    },
    "reply": {
        "p50_ms",
        "p99_ms",
        "webhook_p99_ms",
        "campaign_per_second",
        "alone_p50_ms",
        "p50_to_alone",
        *FLOOR,
    },
    "lag": {
        "p50_s",
        "p99_s",
        "idle_cpu_percent",
        "parent_and_child_mib",
        "many_per_second",
        "memory_after_many_to_after_tenth",
        *FLOOR,
    },
    "scale": {
        "one_messages_per_second",
        "two_to_linear",
        "four_to_linear",
        "four_share_of_machine_busy",
        "worst_to_linear_until_full",
        *FLOOR,
    },
    "receipts": {"durable_per_second", "p99_ms", "applied_within_p99_s", *FLOOR},
}
STORED = ("plan", "replan", "due_scan", "claim", "send", "reply", "lag", "scale", "receipts")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def measured(name: str, *words: str) -> dict[str, Any]:
    result = run(name, "--quick", "--json", *words)
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def check(found: dict[str, Any], name: str) -> None:
    numbers = {**found["figures"], **found["baselines"], **found["ratios"]}
    assert found["benchmark"] == name
    assert found["quick"] is True
    assert PROMISED[name] <= numbers.keys()
    assert found["ratios"]
    assert "bare_loops_per_cpu_second" in found["baselines"]
    assert all(value > 0 for value in numbers.values()), numbers
    assert {"cores", "python", "load_1_minute", "runs"} <= found["machine"].keys()
    assert {goal["name"] for goal in found["goals"]} <= numbers.keys()


def test_the_list_names_every_benchmark() -> None:
    listed = run("--list").stdout
    assert [line.split()[0] for line in listed.splitlines()] == list(BENCHMARKS) == list(PROMISED)


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name not in STORED])
def test_a_benchmark_without_a_database_runs(name: str) -> None:
    check(measured(name), name)


@pytest.mark.redis
@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_a_benchmark_runs_on_both_databases(name: str, database: str) -> None:
    if database == "postgresql" and find_postgres() is None:
        missing("no PostgreSQL found: neither its wheel nor the system's")
    if name in {"send", "lag", "scale"} and find_redis() is None:
        missing("no Redis found: neither its wheel nor redis-server on PATH")
    found = measured(name, "--database", database)
    check(found, name)
    assert found["machine"]["database"].startswith(database)


def test_people_get_a_table_with_the_goals() -> None:
    shown = run("render", "--quick").stdout
    assert "texts per cpu second" in shown
    assert "to bare jinja" in shown


def test_a_name_that_is_none_is_refused_with_the_names_there_are() -> None:
    result = run("nothing")
    assert result.returncode == 2
    assert "receipts" in result.stderr


def test_a_goal_is_judged_from_its_side() -> None:
    report = Report(
        {"rate": 5.0}, {}, {"share": 0.5}, (Goal("rate", at_least=6), Goal("share", at_most=0.5))
    )
    assert report.as_object()["goals"] == [
        {"name": "rate", "at_least": 6, "value": 5.0, "met": False},
        {"name": "share", "at_most": 0.5, "value": 0.5, "met": True},
    ]


def test_the_median_of_rounds_is_not_moved_by_one_bad_round() -> None:
    assert medians([{"a": 1.0}, {"a": 100.0}, {"a": 2.0}]) == {"a": 2.0}
