"""What ``make mutants`` ends with: how many mutants of each file the tests noticed, and the rest.

Reads what mutmut left in ``mutants/``: beside each mutated file, the exit code of the tests for
each of its mutants. Exits with 1 where fewer than nine in ten were noticed.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ENOUGH = 0.9
"""Overall, and in each file of ``EACH``."""
EACH = frozenset({"policy", "windows", "layout", "courses", "whereabouts"})
"""The files that decide whether something goes, and when."""
_NOTICED = frozenset({1, 3, -24, 24, 36, 152, 255})
"""Exit codes: a test failed, pytest broke, or the tests never came to an end."""


@dataclass(frozen=True, slots=True)
class FileScore:
    """The mutants of one file, by the name mutmut gives them."""

    name: str
    noticed: tuple[str, ...]
    left: tuple[str, ...]
    """Survivors, mutants no test reaches, and those not tried yet."""

    @property
    def share(self) -> float:
        """Of the mutants that were noticed; 1 where there was nothing to notice."""
        total = len(self.noticed) + len(self.left)
        return len(self.noticed) / total if total else 1.0


def score(name: str, exit_codes: Mapping[str, int | None]) -> FileScore:
    """The score of one file by the exit code of each of its mutants; None: not tried yet."""
    noticed = tuple(mutant for mutant, code in exit_codes.items() if code in _NOTICED)
    left = tuple(mutant for mutant, code in exit_codes.items() if code not in _NOTICED)
    return FileScore(name, noticed, left)


def read(folder: Path) -> list[FileScore]:
    """The score of every mutated file under ``mutants/``, by name."""
    found = []
    for path in sorted(folder.rglob("*.py.meta")):
        exit_codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        if exit_codes:
            found.append(score(path.name.removesuffix(".py.meta"), exit_codes))
    return found


def everything(scores: Iterable[FileScore]) -> FileScore:
    """All files together."""
    scores = list(scores)
    noticed = tuple(mutant for one in scores for mutant in one.noticed)
    return FileScore("all", noticed, tuple(mutant for one in scores for mutant in one.left))


def too_low(scores: Iterable[FileScore]) -> list[str]:
    """The names of what is below the mark."""
    scores = list(scores)
    held_to = [one for one in scores if one.name in EACH]
    return [one.name for one in (*held_to, everything(scores)) if one.share < ENOUGH]


def table(scores: Iterable[FileScore]) -> str:
    """One line a file, the whole last."""
    scores = list(scores)
    lines = []
    for one in (*scores, everything(scores)):
        total = len(one.noticed) + len(one.left)
        lines.append(f"{one.name:<12} {len(one.noticed):>5} of {total:>5} {one.share:>7.1%}")
    return "\n".join(lines)


def main(folder: Path) -> int:
    """Prints the survivors and the table."""
    scores = read(folder)
    if not scores:
        print(f"{folder}: no mutants were tried. Run `make mutants`.")  # noqa: T201
        return 1
    for mutant in everything(scores).left:
        print(f"not noticed: {mutant}")  # noqa: T201
    print(table(scores))  # noqa: T201
    low = too_low(scores)
    if low:
        print(f"below {ENOUGH:.0%}: {', '.join(low)}. `mutmut show NAME` shows a mutant.")  # noqa: T201
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(Path("mutants")))
