"""The machine under it all, measured in the same run: its cores, its disk, a loop of nothing."""

import os
import platform
import tempfile
from pathlib import Path
from time import perf_counter, process_time

_ROUNDS = 2_000_000
_PAGE = b"\0" * 8192


def facts() -> dict[str, object]:
    """What a reader needs to know of where this ran."""
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_1_minute": round(os.getloadavg()[0], 2),
    }


def bare_loops_per_second(rounds: int = _ROUNDS) -> float:
    """Turns of an empty Python loop in a second of CPU: how fast this core is today."""
    began = process_time()
    for _ in range(rounds):
        continue
    return rounds / (process_time() - began)


def fsyncs_per_second(folder: Path, seconds: float = 1.0) -> float:
    """Pages written and forced to the disk that ``folder`` is on, one after another."""
    done = 0
    with tempfile.TemporaryFile(dir=folder) as file:
        began = perf_counter()
        while perf_counter() - began < seconds:
            os.pwrite(file.fileno(), _PAGE, 0)
            os.fsync(file.fileno())
            done += 1
        return done / (perf_counter() - began)
