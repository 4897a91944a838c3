"""``python -m benchmarks NAME [--json] [--quick] [--database postgresql|sqlite]``."""

import argparse
import json
import sys

from benchmarks import machine
from benchmarks.catalogue import BENCHMARKS, Options, load
from benchmarks.report import Report, show
from outreach.domain.errors import OutreachError


def main(words: list[str]) -> int:
    """The exit code: 0 when it ran, whatever the figures are."""
    asked = _parser().parse_args(words)
    if asked.name is None:
        _list()
        return 0
    options = Options(quick=asked.quick, database=asked.database)
    try:
        report = load(asked.name)(options)
    except OutreachError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _tell(asked.name, report, options, as_json=asked.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(BENCHMARKS), metavar="NAME")
    parser.add_argument("--list", action="store_true", help="name the benchmarks (the default)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="show that it runs, in seconds")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    return parser


def _list() -> None:
    for name, title in BENCHMARKS.items():
        print(f"{name:10}{title}")


def _tell(name: str, report: Report, options: Options, *, as_json: bool) -> None:
    whole = Report(
        figures=report.figures,
        baselines={
            "bare_loops_per_cpu_second": machine.bare_loops_per_second(),
            **report.baselines,
        },
        ratios=report.ratios,
        goals=report.goals,
        facts={**machine.facts(), "runs": options.runs, **report.facts},
    )
    if as_json:
        print(json.dumps({"benchmark": name, "quick": options.quick, **whole.as_object()}))
    else:
        show(name, BENCHMARKS[name], whole)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
