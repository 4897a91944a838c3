"""What the machine lends a drill: its processes, a small disk, and chance that can be had again."""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def children_of(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(word) for word in listed.split()]


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def small_disk(megabytes: int = 32) -> Iterator[Path | None]:
    """A disk of its own that can be filled; None where we may not mount one."""
    place = Path(tempfile.mkdtemp(prefix="outreach-disk-"))
    words = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and _done("mount", *words)
    try:
        yield place if mounted else None
    finally:
        if mounted:
            _done("umount", "-l", str(place))
        shutil.rmtree(place, ignore_errors=True)


def _done(program: str, *words: str) -> bool:
    found = shutil.which(program)
    if found is None:
        return False
    return subprocess.run([found, *words], capture_output=True, check=False).returncode == 0


def random_of(seed: int) -> random.Random:
    """Chance that can be had again."""
    return random.Random(seed)  # noqa: S311 - a drill
