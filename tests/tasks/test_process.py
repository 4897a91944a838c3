"""What the processes of a worker node share, and what they do not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outreach.settings import new_keys

ROOT = Path(__file__).parents[2]
NODE = """
import json, os, sys, threading
from celery.signals import worker_init, worker_process_init
from outreach.tasks import process
from outreach.tasks.app import app

app.loader.import_default_modules()
worker_init.send(app)
threads, links = threading.active_count(), [
    os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")
    if os.path.exists(f"/proc/self/fd/{name}")
]
made = process.world()
reading, writing = os.pipe()
if os.fork() == 0:
    worker_process_init.send(app)
    with open("/proc/self/smaps_rollup") as file:
        memory = {line.split()[0]: int(line.split()[1]) for line in list(file)[1:]}
    told = {
        "same_world": process.world() is made,
        "own_share": memory["Private_Dirty:"] / memory["Rss:"],
        "threads": threads,
        "sockets": [link for link in links if link.startswith("socket:")],
        "databases": [link for link in links if ".db" in link],
    }
    os.write(writing, json.dumps(told).encode())
    os._exit(0)
os.wait()
print(os.read(reading, 65536).decode())
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one process of a node says of itself, and of the node before the fork."""
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("memory is told by Linux alone")
    keys, index_key = new_keys()
    environment = os.environ | {
        "OUTREACH_DATA_DIR": str(tmp_path_factory.mktemp("node")),
        "OUTREACH_CONFIG_DIR": str(ROOT / "config"),
        "OUTREACH_KEYS": keys,
        "OUTREACH_INDEX_KEY": index_key,
        "OUTREACH_SANDBOX": "true",
        "OUTREACH_BROKER_URL": "memory://",
    }
    command = [sys.executable, "-c", NODE]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_processes_of_a_node_have_its_world(told: dict[str, Any]) -> None:
    assert told["same_world"]


def test_a_process_has_no_copy_of_what_the_node_has_read(told: dict[str, Any]) -> None:
    """More than half of it was its own when each collected garbage among all that is imported."""
    assert told["own_share"] < 0.25


def test_a_node_opens_nothing_before_it_forks(told: dict[str, Any]) -> None:
    """A socket, a database file or a thread would be shared, or be missing, afterwards."""
    assert told["sockets"] == []
    assert told["databases"] == []
    assert told["threads"] == 1
