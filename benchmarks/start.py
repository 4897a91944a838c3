"""Start: somebody typed a command and waits. ``outreach --help`` beside an idle Python."""

import subprocess
import sys
from time import perf_counter

from benchmarks.catalogue import Options
from benchmarks.report import Goal, Report, medians

_HELP = ("-m", "outreach.cli", "--help")
_NOTHING = ("-c", "pass")


def run(options: Options) -> Report:
    """Milliseconds on the wall from a process's birth to its end; medians of several rounds."""
    found = medians([_round() for _ in range(options.count(9, 1))])
    return Report(
        figures={"help_ms": found["help"]},
        baselines={"bare_python_ms": found["bare"]},
        ratios={"to_bare_python": found["ratio"]},
        goals=(Goal("help_ms", at_most=500),),
    )


def _round() -> dict[str, float]:
    shown, bare = _milliseconds(_HELP), _milliseconds(_NOTHING)
    return {"help": shown, "bare": bare, "ratio": shown / bare}


def _milliseconds(words: tuple[str, ...]) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    return (perf_counter() - began) * 1000
