"""What a benchmark found: one JSON object for machines, one table for people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from rich.console import Console
from rich.table import Table

Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure or ratio should be. Reported, never enforced: the machine may be busy."""

    name: str
    at_least: float | None = None
    at_most: float | None = None

    def judge(self, value: float) -> dict[str, object]:
        """The goal beside what was measured."""
        low = self.at_least is None or value >= self.at_least
        high = self.at_most is None or value <= self.at_most
        bound = "at_least" if self.at_least is not None else "at_most"
        wanted = self.at_least if self.at_least is not None else self.at_most
        return {"name": self.name, bound: wanted, "value": value, "met": low and high}


@dataclass(frozen=True, slots=True)
class Report:
    """Medians over the rounds; every name ends in its unit."""

    figures: Numbers
    baselines: Numbers
    ratios: Numbers
    goals: Sequence[Goal] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    """About the machine and the settings of this run."""

    def as_object(self) -> dict[str, object]:
        """For JSON."""
        measured = {**self.figures, **self.ratios}
        return {
            "figures": _rounded(self.figures),
            "baselines": _rounded(self.baselines),
            "ratios": _rounded(self.ratios),
            "goals": [goal.judge(_short(measured[goal.name])) for goal in self.goals],
            "machine": dict(self.facts),
        }


def medians(rounds: Iterable[Numbers]) -> dict[str, float]:
    """The median of every number over the rounds; a number that a round lacks is left out of it."""
    collected: dict[str, list[float]] = {}
    for numbers in rounds:
        for name, value in numbers.items():
            collected.setdefault(name, []).append(value)
    return {name: median(values) for name, values in collected.items()}


def show(name: str, title: str, report: Report) -> None:
    """The table."""
    console = Console()
    table = Table(title=f"{name}: {title}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    goals = {goal.name: goal for goal in report.goals}
    for heading, numbers in (
        ("figures", report.figures),
        ("baselines", report.baselines),
        ("ratios", report.ratios),
    ):
        table.add_section()
        table.add_row(f"[bold]{heading}[/bold]", "", "")
        for key, value in numbers.items():
            goal = goals.get(key)
            table.add_row(
                key.replace("_", " "),
                f"{_short(value):,}",
                "" if goal is None else _wish(goal, value),
            )
    console.print(table)
    console.print(
        ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in report.facts.items())
    )


def _wish(goal: Goal, value: float) -> str:
    judged = goal.judge(value)
    sign = "at least" if goal.at_least is not None else "at most"
    wanted = goal.at_least if goal.at_least is not None else goal.at_most
    return f"{'met' if judged['met'] else 'missed'}: {sign} {wanted:g}"


def _rounded(numbers: Numbers) -> dict[str, float]:
    return {name: _short(value) for name, value in numbers.items()}


def _short(value: float) -> float:
    """Four significant digits say all that a benchmark knows."""
    return float(f"{value:.4g}")
