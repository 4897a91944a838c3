"""What processes use, as Linux tells it: CPU and memory of a process and all its descendants."""

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.children import cpu_seconds
from outreach.domain.errors import Unavailable

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Busy:
    """The CPU of the whole machine since it started, in ticks."""

    working: int
    total: int

    def share_since(self, before: "Busy") -> float:
        """0 to 1: how much of all cores worked between two looks."""
        return (self.working - before.working) / max(1, self.total - before.total)


def check() -> None:
    """Raises Unavailable where the system tells nothing of its processes."""
    if not (_PROC / "self" / "smaps_rollup").exists():
        raise Unavailable("This benchmark reads /proc, which only Linux has.")


def family(pid: int) -> list[int]:
    """A process and its descendants, itself first."""
    parents = {int(path.name): _parent(path) for path in _PROC.iterdir() if path.name.isdigit()}
    found = [pid]
    for one in found:  # it grows while we look
        found += [child for child, parent in parents.items() if parent == one]
    return found


def children_of(pid: int) -> list[int]:
    """The processes that a process itself started."""
    return [one for one in family(pid)[1:] if _parent(_PROC / str(one)) == pid]


def family_cpu_seconds(pid: int) -> float:
    """CPU, user and system, of a process and its living descendants."""
    return sum(cpu_seconds(one) for one in family(pid))


def pss_mib(pid: int) -> float:
    """Memory of a process in MiB: what it shares counts for its part."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has ended
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def machine_busy() -> Busy:
    """All cores together."""
    words = (_PROC / "stat").read_text().splitlines()[0].split()[1:9]
    ticks = [int(word) for word in words]
    idle = ticks[3] + ticks[4]
    return Busy(sum(ticks) - idle, sum(ticks))


def _parent(path: Path) -> int:
    try:
        return int((path / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it ended while we looked


def load_now() -> float:
    """How many processes want a core, by the average of the last minute."""
    return os.getloadavg()[0]
