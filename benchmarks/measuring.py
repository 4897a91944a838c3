"""Stopwatches. CPU is that of this whole process, all threads: user and system time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time


@dataclass(slots=True)
class Spent:
    """Filled in when the measured block ends; in seconds."""

    wall: float = 0.0
    cpu: float = 0.0

    def per_second(self, count: int) -> float:
        """``count`` in a second of the clock on the wall."""
        return count / self.wall

    def per_cpu_second(self, count: int) -> float:
        """``count`` in a second of one core's work."""
        return count / self.cpu

    def cpu_ms_each(self, count: int) -> float:
        """Milliseconds of CPU for each."""
        return self.cpu * 1000 / count


@contextmanager
def spending() -> Iterator[Spent]:
    """Measures its block."""
    spent = Spent()
    wall, cpu = perf_counter(), process_time()
    yield spent
    spent.wall, spent.cpu = perf_counter() - wall, process_time() - cpu


def rate(work: Callable[[], int], cpu_seconds: float) -> float:
    """How many ``work`` does in a second of CPU, called again until it has used ``cpu_seconds``."""
    work()  # caches fill before the clock starts
    done, began = 0, process_time()
    while process_time() - began < cpu_seconds:
        done += work()
    return done / (process_time() - began)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
